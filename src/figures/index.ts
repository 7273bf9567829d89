export { figuresBody, type FiguresView } from "./body.ts";
export { addUp, everyMonth, FEWEST_TOLD, figuresCsv } from "./figures.ts";
