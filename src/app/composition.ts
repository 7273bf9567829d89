import { jobs } from "./jobs.ts";
import { assets, refusalPage, routes } from "./routes.ts";
import type { Composition } from "./start.ts";

/** What this installation is made of: every route, job, page and file that is served. */
export const composition: Composition = { buildRoutes: routes, buildJobs: jobs, refusalPage, assets };
