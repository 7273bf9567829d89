import { z } from "zod";
import { audit } from "../../audit/index.ts";
import { keepDraft, notePresence } from "../../desk/index.ts";
import { redacted } from "../../evidence/index.ts";
import { transact } from "../../kernel/db/transact.ts";
import {
  defineRoute,
  form,
  line,
  page,
  paragraph,
  redirect,
  refused,
  type Reply,
  type Route,
} from "../../kernel/http/index.ts";
import type { Refusal } from "../../kernel/refusal.ts";
import { ok, type Result } from "../../kernel/result.ts";
import {
  approveCase,
  findCaseByNumber,
  type RecoveryCase,
  recoveryRefusals,
  type RecoveryRuntime,
  refuseCase,
  reportIncident,
  requestInformation,
  resumeCase,
  type Reviewer,
  type Verdict,
  writeNote,
} from "../../recovery/index.ts";
import { staffGuard } from "../../sessions/index.ts";
import { anyStaffGuard } from "../sign-in.ts";
import { PARAMS } from "./params.ts";
import { DRAFT_OF, type Power } from "./actions.ts";
import { handsRoutes } from "./hands.ts";
import { casePage, type CaseRequest } from "./page.ts";

/** Every view of personal data is on the log: who looked, at which case. */
async function noteView(runtime: RecoveryRuntime, request: CaseRequest, recoveryCase: RecoveryCase): Promise<void> {
  await transact(runtime.db, { now: request.now }, async (tx) => {
    const actor = { kind: "staff", id: request.actor.account.id } as const;
    audit(tx, runtime.random, {
      act: "console/case-viewed",
      actor,
      accountId: recoveryCase.accountId,
      caseId: recoveryCase.id,
    });
    return ok();
  });
}

const reviewerGuard = staffGuard("reviewer", "administrator");
const verdictForm = form({
  reason: paragraph({ max: 2000, min: 10, missing: "Please give a reason of at least ten characters." }),
  username: line({ max: 64, missing: "Please type the username." }),
  seenState: z.string().max(40),
});

type Act<B> = (reviewer: Reviewer, recoveryCase: RecoveryCase, body: B, now: Date) => Promise<Result<unknown>>;

/** One power of the desk: a POST that does it and shows the case again, with the refusal where there is one. */
function power<B extends z.ZodType>(
  runtime: RecoveryRuntime,
  name: Power,
  about: string,
  body: B,
  act: Act<z.output<B>>,
): Route {
  return defineRoute({
    method: "POST",
    path: `/console/cases/:number/${name}`,
    about,
    guard: reviewerGuard,
    params: PARAMS,
    body,
    invalid: async (_, request, invalid): Promise<Reply> => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      const detail = Object.values(invalid.fields).join(" ");
      const refusal: Refusal = {
        code: "console/bad-input",
        status: 422,
        title: "Please look at the form again.",
        detail,
        tell: "anyone",
      };
      return page(
        await casePage(runtime, request, found, { attempted: name, refusal, values: textValues(invalid.values) }),
        {
          status: 422,
        },
      );
    },
    handle: async (_, request): Promise<Reply> => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      const done = await act({ accountId: request.actor.account.id }, found, request.body as z.output<B>, request.now); // the route has just parsed it with this very schema
      if (done.ok) {
        const draft = { caseId: found.id, accountId: request.actor.account.id, field: DRAFT_OF[name], text: "" };
        await keepDraft(runtime, draft, request.now); // it has been said
        return redirect(`/console/cases/${found.number}`);
      }
      if (request.wantsJson) return refused(done.refusal);
      const now = (await findCaseByNumber(runtime.db, request.params.number)) ?? found;
      return page(
        await casePage(runtime, request, now, {
          attempted: name,
          refusal: done.refusal,
          values: textValues(request.body),
        }),
        {
          status: done.refusal.status,
        },
      );
    },
  });
}

const textValues = (body: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(body as Record<string, unknown>)
      .filter((entry): entry is [string, string] => typeof entry[1] === "string")
      .map(([name, value]) => [name, redacted(value)]),
  ); // a parsed form

const toVerdict = (body: z.output<typeof verdictForm>): Verdict => ({
  reason: body.reason,
  typedUsername: body.username,
  seenState: body.seenState,
});

export const caseRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  ...handsRoutes(runtime),
  defineRoute({
    method: "GET",
    path: "/console/cases/:number",
    about: "One case on one screen: reasons, proofs, claims beside records, what can be done.",
    guard: anyStaffGuard,
    params: PARAMS,
    handle: async (_, request) => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      await noteView(runtime, request, found);
      await notePresence(runtime, found.id, request.actor.account.id, request.now);
      return page(await casePage(runtime, request, found, { values: {} }));
    },
  }),
  power(
    runtime,
    "request-information",
    "Asks the claimant for one thing more.",
    form({ question: paragraph({ max: 2000, min: 10, missing: "Please ask something." }) }),
    (reviewer, found, body, now) => requestInformation(runtime, found.id, reviewer, body.question, now),
  ),
  power(
    runtime,
    "note",
    "Keeps a note that only the desk reads.",
    form({ note: paragraph({ max: 4000, min: 1 }) }),
    (reviewer, found, body, now) => writeNote(runtime, found.id, reviewer, body.note, now),
  ),
  power(
    runtime,
    "approve",
    "Approves, with a reason and the typed username.",
    verdictForm,
    (reviewer, found, body, now) => approveCase(runtime, found.id, reviewer, toVerdict(body), now),
  ),
  power(runtime, "refuse", "Refuses, with a reason the claimant reads.", verdictForm, (reviewer, found, body, now) =>
    refuseCase(runtime, found.id, reviewer, toVerdict(body), now),
  ),
  power(
    runtime,
    "resume",
    "Takes a contested case up again and ends the freeze.",
    verdictForm,
    (reviewer, found, body, now) => resumeCase(runtime, found.id, reviewer, toVerdict(body), now),
  ),
  power(
    runtime,
    "report-incident",
    "Freezes the account, ends its sessions and moves the case to the incidents.",
    verdictForm,
    (reviewer, found, body, now) => reportIncident(runtime, found.id, reviewer, toVerdict(body), now),
  ),
];
