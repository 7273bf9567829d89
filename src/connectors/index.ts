export { leakReportRoutes } from "./leak-reports/http.ts";
export { keysFromWeb, makeReportKeys, type ReportKeys } from "./leak-reports/keys.ts";
