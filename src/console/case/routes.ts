import { z } from "zod";
import { audit } from "../../audit/index.ts";
import { keepDraft, notePresence } from "../../desk/index.ts";
import { redacted } from "../../evidence/index.ts";
import { transact } from "../../kernel/db/transact.ts";
import {
  defineRoute,
  form,
  json,
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
  keepRestoration,
  type RecoveryCase,
  recoveryRefusals,
  type RecoveryRuntime,
  refuseCase,
  reportIncident,
  requestInformation,
  resumeCase,
  reverseRestoration,
  type Reviewer,
  type Verdict,
  writeNote,
} from "../../recovery/index.ts";
import { type Decider, startDecision, withAuthenticator } from "../../security-settings/index.ts";
import { staffGuard } from "../../sessions/index.ts";
import { passkeyAnswer } from "../passkey.ts";
import { anyStaffGuard } from "../sign-in.ts";
import { PARAMS } from "./params.ts";
import { DRAFT_OF, type Power } from "./actions.ts";
import { checkAgainRoutes } from "./check-again.ts";
import { handsRoutes } from "./hands.ts";
import { mailRoutes } from "./mails.ts";
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
  answer: passkeyAnswer.optional(),
  code: line({ max: 16, min: 0, dropsInvisible: true }).optional(),
});

/** What looking again at a proof gave, as the page is told after it. */
const VERDICT = z.enum(["supports", "contradicts", "inconclusive"]);

type Act<B> = (
  reviewer: Reviewer,
  recoveryCase: RecoveryCase,
  body: B,
  request: CaseRequest,
) => Promise<Result<unknown>>;

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
      const done = await act({ accountId: request.actor.account.id }, found, request.body as z.output<B>, request); // the route has just parsed it with this very schema
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

/** Which decision about which case an authenticator is shown for. */
const deciderOf = (request: CaseRequest, power: Power): Decider => ({
  accountId: request.actor.account.id,
  sessionId: request.actor.session.id,
  source: request.source,
  now: request.now,
  about: `${power} ${request.params.number}`,
});

type Decide = (
  runtime: RecoveryRuntime,
  id: RecoveryCase["id"],
  reviewer: Reviewer,
  verdict: Verdict,
  now: Date,
) => Promise<Result<RecoveryCase>>;

/** A decision: a power that takes a verdict, and an authenticator with it. */
function decision(runtime: RecoveryRuntime, name: Power, about: string, decide: Decide): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: `/console/cases/:number/${name}/options`,
      about: "What a browser needs to show a passkey with this decision.",
      guard: reviewerGuard,
      params: PARAMS,
      limit: { bucket: "passkey-options", limit: 240, windowSeconds: 300 },
      body: form({}),
      handle: async (_, request) => {
        const options = await startDecision(runtime, deciderOf(request, name));
        return options.ok ? json(options.value) : refused(options.refusal);
      },
    }),
    power(runtime, name, about, verdictForm, (reviewer, found, { answer, code, ...body }, request) =>
      withAuthenticator(runtime, deciderOf(request, name), { answer, code }, (confirm) =>
        decide(
          runtime,
          found.id,
          reviewer,
          { reason: body.reason, typedUsername: body.username, seenState: body.seenState, confirm },
          request.now,
        ),
      ),
    ),
  ];
}

export const caseRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  ...handsRoutes(runtime),
  ...checkAgainRoutes(runtime),
  ...mailRoutes(runtime),
  defineRoute({
    method: "GET",
    path: "/console/cases/:number",
    about: "One case on one screen: reasons, proofs, claims beside records, what can be done.",
    guard: anyStaffGuard,
    params: PARAMS,
    query: z.strictObject({ was: VERDICT.optional(), is: VERDICT.optional() }),
    handle: async (_, request) => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      await noteView(runtime, request, found);
      await notePresence(runtime, found.id, request.actor.account.id, request.now);
      const { was, is } = request.query;
      return page(
        await casePage(runtime, request, found, { values: {}, ...(was && is ? { checked: { was, is } } : {}) }),
      );
    },
  }),
  power(
    runtime,
    "request-information",
    "Asks the claimant for one thing more.",
    form({ question: paragraph({ max: 2000, min: 10, missing: "Please ask something." }) }),
    (reviewer, found, body, { now }) => requestInformation(runtime, found.id, reviewer, body.question, now),
  ),
  power(
    runtime,
    "note",
    "Keeps a note that only the desk reads.",
    form({ note: paragraph({ max: 4000, min: 1 }) }),
    (reviewer, found, body, { now }) => writeNote(runtime, found.id, reviewer, body.note, now),
  ),
  ...decision(runtime, "approve", "Approves, with a reason and the typed username.", approveCase),
  ...decision(runtime, "refuse", "Refuses, with a reason the claimant reads.", refuseCase),
  ...decision(runtime, "resume", "Takes a contested case up again and ends the freeze.", resumeCase),
  ...decision(
    runtime,
    "report-incident",
    "Freezes the account, ends its sessions and moves the case to the incidents.",
    reportIncident,
  ),
  ...decision(runtime, "keep", "Says that a recovery stands to which somebody objected.", keepRestoration),
  ...decision(runtime, "reverse", "Says that a recovery to which somebody objected is taken back.", reverseRestoration),
];
