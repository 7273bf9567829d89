import {
  defineRoute,
  form,
  idField,
  page,
  redirect,
  refused,
  type Reply,
  type Route,
} from "../../kernel/http/index.ts";
import type { FindingId } from "../../kernel/ids.ts";
import { findCaseByNumber, recheckProof, recoveryRefusals, type RecoveryRuntime } from "../../recovery/index.ts";
import { staffGuard } from "../../sessions/index.ts";
import { casePage } from "./page.ts";
import { PARAMS } from "./params.ts";

/** A proof looked at again while the reviewer is there. It decides nothing by itself; the policy weighs anew. */
export const checkAgainRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "POST",
    path: "/console/cases/:number/check-again",
    about: "Looks again at one proof, and weighs the case anew.",
    guard: staffGuard("reviewer", "administrator"),
    params: PARAMS,
    body: form({ finding: idField("fnd") }),
    handle: async (_, request): Promise<Reply> => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      const reviewer = { accountId: request.actor.account.id };
      const id = request.body.finding as FindingId; // its shape was checked by idField
      const done = await recheckProof(runtime, found.id, reviewer, id, request.now);
      if (done.ok) return redirect(`/console/cases/${found.number}?was=${done.value.was}&is=${done.value.is}`);
      if (request.wantsJson) return refused(done.refusal);
      const again = await casePage(runtime, request, found, { refusal: done.refusal, values: {} });
      return page(again, { status: done.refusal.status });
    },
  }),
];
