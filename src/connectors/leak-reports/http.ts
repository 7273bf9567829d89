import { z } from "zod";
import { anyone, defineRoute, json, refused, type Route } from "../../kernel/http/index.ts";
import type { ReportKeys } from "./keys.ts";
import { leakReportRefusals } from "./refusals.ts";
import { takeReport } from "./report.ts";
import { isSignedBy } from "./signature.ts";

const MOST_BYTES = 1024 * 1024;

/** Where secret scanners report our tokens that they found in public. @see README.md */
export const leakReportRoutes = (keys: ReportKeys): readonly Route[] => [
  defineRoute({
    method: "POST",
    path: "/leak-reports",
    about: "Takes a signed report of tokens found in public: they end at once, and their owners are told.",
    guard: anyone,
    csrf: "none",
    accepts: "bytes",
    bodyLimit: MOST_BYTES,
    limit: { bucket: "leak-reports", limit: 600, windowSeconds: 60 },
    body: z.instanceof(Buffer, { message: "Please send the report as JSON." }),
    handle: async (runtime, request) => {
      const id = request.header("github-public-key-identifier");
      const signature = request.header("github-public-key-signature");
      if (!id || !signature) return refused(leakReportRefusals.unsigned());
      const key = await keys.find(id, request.now);
      if (!key.ok) return refused(key.refusal);
      if (!isSignedBy(key.value, request.body, signature)) return refused(leakReportRefusals["bad-signature"]());
      const taken = await takeReport(runtime, request.body, request.now);
      return taken.ok ? json(taken.value) : refused(taken.refusal);
    },
  }),
];
