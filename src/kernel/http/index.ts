export { cookieName } from "./cookies.ts";
export { defineRoute, httpRefusals } from "./define-route.ts";
export { type AssetFolder, buildEdge, type EdgeOptions, isDatabaseAway } from "./edge.ts";
export { checkbox, form, idField, line, paragraph, secretText } from "./input.ts";
export { type Problem, toProblem } from "./problem.ts";
export * from "./route.ts";
