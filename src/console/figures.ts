import { figuresBody, figuresCsv } from "../figures/index.ts";
import { defineRoute, page, type Route, text } from "../kernel/http/index.ts";
import { listFigures } from "../recovery/index.ts";
import { deskLayout } from "./layout.ts";
import { anyStaffGuard } from "./sign-in.ts";

const CSV = "/console/figures.csv";

/** How the desk does, with every cause. */
export const figureRoutes: readonly Route[] = [
  defineRoute({
    method: "GET",
    path: "/console/figures",
    about: "How many recoveries came to what, for the desk.",
    guard: anyStaffGuard,
    handle: async (runtime, request) => {
      const figures = await listFigures(runtime.db);
      const body = figuresBody({ ...figures, now: request.now, csvPath: CSV, isPublic: false });
      return page(deskLayout(runtime, request, { title: "Figures", body, staff: request.actor }));
    },
  }),
  defineRoute({
    method: "GET",
    path: CSV,
    about: "The desk's figures as a table for spreadsheets.",
    guard: anyStaffGuard,
    handle: async (runtime) => {
      const { months } = await listFigures(runtime.db);
      return text(figuresCsv(months, false), { type: "text/csv; charset=utf-8" });
    },
  }),
];
