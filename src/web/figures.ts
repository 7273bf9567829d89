import { figuresBody, figuresCsv } from "../figures/index.ts";
import { anyone, defineRoute, page, type Route, text } from "../kernel/http/index.ts";
import { listFigures } from "../recovery/index.ts";
import { layout } from "./layout.ts";

const CSV = "/figures.csv";

/** How recoveries go here, for everybody. */
export const publicFigureRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/figures",
    about: "How many recoveries came to what, for everybody.",
    guard: anyone,
    handle: async (runtime, request) => {
      const figures = await listFigures(runtime.db);
      const body = figuresBody({ ...figures, now: request.now, csvPath: CSV, isPublic: true });
      return page(layout(runtime, request, { title: "Figures of the recoveries", body, width: "wide" }));
    },
  }),
  defineRoute({
    method: "GET",
    path: CSV,
    about: "The public figures as a table for spreadsheets.",
    guard: anyone,
    handle: async (runtime) => {
      const { months } = await listFigures(runtime.db);
      return text(figuresCsv(months, true), { type: "text/csv; charset=utf-8" });
    },
  }),
];
