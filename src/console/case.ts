import { z } from "zod";
import { findAccount, listAccounts, listAddresses, maskAddress } from "../accounts/index.ts";
import { audit, listEvents } from "../audit/index.ts";
import { listFindings } from "../evidence/index.ts";
import {
  badge,
  button,
  details,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  hidden,
  html,
  type Html,
  notice,
  summaryList,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import { transact } from "../kernel/db/transact.ts";
import {
  defineRoute,
  form,
  type HttpRequest,
  line,
  page,
  paragraph,
  redirect,
  refused,
  type Reply,
  type Route,
} from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Refusal } from "../kernel/refusal.ts";
import { ok, type Result } from "../kernel/result.ts";
import {
  approveCase,
  CAUSES,
  caseLifecycle,
  findCaseByNumber,
  listMessages,
  listNotices,
  listReviews,
  policy,
  type RecoveryCase,
  recoveryRefusals,
  type RecoveryRuntime,
  refuseCase,
  requestInformation,
  resumeCase,
  type Reviewer,
  type Verdict,
  writeNote,
} from "../recovery/index.ts";
import { impactOf, listProjectsOf } from "../registry/index.ts";
import { type StaffActor, staffGuard } from "../sessions/index.ts";
import { deskLayout } from "./layout.ts";
import { anyStaffGuard } from "./sign-in.ts";
import { STATE_TONE, stateName } from "./wording.ts";

const PARAMS = z.strictObject({ number: z.string().regex(/^LK-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/) });
type Request = HttpRequest<StaffActor, { readonly number: string }, unknown, unknown>;

interface State {
  readonly refusal?: Refusal;
  readonly values: Readonly<Record<string, string>>;
}
const NOTHING: State = { values: {} };

/** What the two records of one person look like side by side. */
async function claimsBesideRecords(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const account = recoveryCase.accountId && (await findAccount(runtime.db, recoveryCase.accountId));
  if (!account)
    return html`<p>Not matched to an account yet. The claimant has not confirmed the address they wrote from.</p>`;
  const [addresses, projects, impact] = await Promise.all([
    listAddresses(runtime.db, account.id),
    listProjectsOf(runtime.db, account.id),
    impactOf(runtime.db, account.id, now),
  ]);
  const isOnAccount = addresses.some(
    (one) => one.folded === recoveryCase.contactAddress.toLowerCase() && one.verifiedAt,
  );
  const mark = (isMatch: boolean) =>
    isMatch ? badge({ tone: "success", text: "Matches" }) : badge({ tone: "warning", text: "Differs" });
  return html`
    ${table({
      caption: "Claims beside records",
      columns: ["What", "Claimed", "On record", ""],
      rows: [
        [
          "Username",
          recoveryCase.claimedName,
          account.username,
          mark(recoveryCase.claimedName.toLowerCase() === account.username.toLowerCase()),
        ],
        [
          "Address",
          recoveryCase.contactAddress,
          addresses.map((one) => maskAddress(one.address)).join(", "),
          mark(isOnAccount),
        ],
        [
          "Contact confirmed",
          recoveryCase.contactConfirmedAt ? time(recoveryCase.contactConfirmedAt, now) : "No",
          "",
          mark(recoveryCase.contactConfirmedAt !== null),
        ],
        ["Last seen", "", time(account.lastActiveAt, now), ""],
        [
          "Frozen",
          "",
          account.frozen ? `${account.frozen.because}, since ${account.frozen.at.toISOString()}` : "No",
          "",
        ],
      ],
      empty: "",
    })}
    <h3>What this account can reach</h3>
    ${summaryList([
      { key: "Projects", value: projects.map((one) => one.name).join(", ") || "None" },
      { key: "Projects that depend on one of them, at most", value: String(impact.dependents) },
      { key: "Downloads in 30 days, at most", value: String(impact.downloads30d) },
      { key: "Live API tokens", value: String(impact.liveTokens) },
    ])}`;
}

async function proofs(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const findings = await listFindings(runtime.db, recoveryCase.id);
  if (findings.length === 0)
    return emptyState({ title: "Nothing proven yet", body: html`<p>The claimant has shown nothing so far.</p>` });
  const byRoot = Map.groupBy(findings, (one) => one.root);
  return html`${[...byRoot].map(
    ([root, ofRoot]) => html`
      <section class="proof">
        <h3>Root of trust: <code>${root}</code></h3>
        ${ofRoot.map(
          (finding) => html`
            <p>${badge({ tone: finding.verdict === "supports" ? "success" : finding.verdict === "contradicts" ? "danger" : "neutral", text: stateName(finding.verdict as never) })}
              <strong>${finding.kind}</strong>, observed ${time(finding.observedAt, now)}${finding.boundAt ? html`, bound ${time(finding.boundAt, now)}` : null}</p>
            <p>${finding.reviewerText}</p>
            ${details({ summary: "Raw observation", body: html`<pre>${JSON.stringify(finding.observation, null, 2)}</pre>` })}`,
        )}
      </section>`,
  )}`;
}

function reasons(runtime: RecoveryRuntime, recoveryCase: RecoveryCase): Html {
  if (!recoveryCase.decision) return html`<p>The policy has not been asked yet: there is no account to weigh for.</p>`;
  const { headline, table: numbers } = policy.explainDecision(runtime.policy, recoveryCase.decision, "reviewer");
  const { reasons: why, whatWouldHelp } = recoveryCase.decision;
  const list = (title: string, of: readonly policy.Reason[]) => html`
    <h3>${title}</h3>
    ${of.length === 0 ? html`<p>Nothing.</p>` : html`<ul class="reasons">${of.map((one) => html`<li>${one.words} <code>${one.policyLine}</code></li>`)}</ul>`}`;
  return html`
    <p class="lead">${headline}</p>
    ${table({ caption: numbers.caption, columns: [...numbers.columns], rows: numbers.rows.map((row) => [...row]), empty: "" })}
    <div class="columns">${list("For", why.for)}${list("Against", why.against)}</div>
    ${
      whatWouldHelp.length > 0
        ? html`<p>Would help most: ${whatWouldHelp
            .slice(0, 3)
            .map((one) => one.kind)
            .join(", ")}.</p>`
        : null
    }`;
}

async function thread(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const messages = await listMessages(runtime.db, recoveryCase.id, "staff");
  const who = { claimant: "Claimant", staff: "Desk", system: "Locksmith" } as const;
  return html`
    ${recoveryCase.story ? html`<blockquote class="message"><p class="muted">Claimant, when opening</p><p class="pre">${recoveryCase.story}</p></blockquote>` : null}
    ${messages.map(
      (one) =>
        html`<blockquote class="message ${one.isInternal ? "internal" : "open"}"><p class="muted">${who[one.authorKind]}, ${time(one.writtenAt, now)}${one.isInternal ? html` ${badge({ tone: "neutral", text: "Internal note" })}` : null}</p><p class="pre">${one.body}</p></blockquote>`,
    )}
    ${messages.length === 0 && !recoveryCase.story ? html`<p>No messages.</p>` : null}`;
}

/** The second reviewer decides without knowing the first verdict: reviews are shown only to who has given theirs. */
async function reviews(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  viewer: AccountId,
  now: Date,
): Promise<Html> {
  const all = await listReviews(runtime.db, recoveryCase.id);
  const hasGivenVerdict = all.some((one) => one.reviewerId === viewer);
  const isOver = !["review", "second-review", "information-requested"].includes(recoveryCase.state);
  if (all.length === 0) return html`<p>No verdict yet.</p>`;
  if (!hasGivenVerdict && !isOver)
    return html`<p>${all.length} verdict given. You will see it after you have given yours.</p>`;
  const names = new Map(
    (
      await listAccounts(
        runtime.db,
        all.map((one) => one.reviewerId),
      )
    ).map((one) => [one.id, one.username]),
  );
  return html`<ul>${all.map((one) => html`<li><strong>${names.get(one.reviewerId) ?? "Somebody"}</strong>: ${one.verdict}, ${time(one.decidedAt, now)}. ${one.reason}</li>`)}</ul>`;
}

function actions(request: Request, recoveryCase: RecoveryCase, state: State): Html {
  const at = (action: string) => `/console/cases/${recoveryCase.number}/${action}`;
  const verdictFields = (prefix: string) => html`
    ${hidden("seenState", recoveryCase.state)}
    ${textarea({ name: "reason", id: `${prefix}-reason`, label: "Reason", hint: "The claimant reads it if you refuse. Kept on the audit log’s case.", value: state.values["reason"], required: true, maxlength: 2000, rows: 3 })}
    ${field({ name: "username", id: `${prefix}-username`, label: "Type the account’s username", autocomplete: "off", value: state.values["username"], required: true, maxlength: 64, spellcheck: false })}`;
  const { decision } = recoveryCase;
  const isReviewable = recoveryCase.state === "review" || recoveryCase.state === "second-review";
  const mayApprove =
    isReviewable &&
    decision !== null &&
    (decision.route === "machine" || decision.route === "one-reviewer" || decision.route === "two-reviewers");
  const effect = decision
    ? html`<p>Approving starts a waiting time of <strong>${policy.durationInWords(decision.waitMs)}</strong>, in which everybody is told and anybody of them can stop it. Afterwards the claimant may set a new password and app; powers are held for <strong>${policy.durationInWords(decision.holdMs)}</strong>. ${decision.approvalsNeeded > 1 ? html`<strong>${decision.approvalsNeeded} people</strong> must approve.` : null} You cannot make this shorter.</p>`
    : null;
  return html`
    ${errorSummary({}, state.refusal ? [state.refusal.title, state.refusal.detail].filter(Boolean).join(" ") : undefined)}
    ${
      isReviewable
        ? html`
          <section><h3>Ask for one thing more</h3>
            ${formElement({ action: at("request-information"), csrf: request.csrfToken, body: html`${textarea({ name: "question", label: "Question to the claimant", value: state.values["question"], required: true, maxlength: 2000, rows: 3 })}${button({ label: "Ask", kind: "secondary" })}` })}
          </section>
          <section><h3>Decide</h3>
            ${effect}
            ${mayApprove ? null : notice({ tone: "warning", title: "Approval is not possible yet", body: html`<p>The policy asks for more than there is. Ask the claimant for what would help most, or refuse.</p>` })}
            ${mayApprove ? formElement({ action: at("approve"), csrf: request.csrfToken, body: html`${verdictFields("approve")}${button({ label: "Approve" })}` }) : null}
            ${details({ summary: "Refuse instead", body: formElement({ action: at("refuse"), csrf: request.csrfToken, body: html`${verdictFields("refuse")}${button({ label: "Refuse", kind: "danger" })}` }) })}
          </section>`
        : null
    }
    ${
      recoveryCase.state === "contested"
        ? html`<section><h3>After the objection</h3><p>The account is frozen. Find out who is the owner before you go on.</p>
            ${details({ summary: "The claimant is the owner: take the case up again", body: formElement({ action: at("resume"), csrf: request.csrfToken, body: html`${verdictFields("resume")}${button({ label: "Take it up again" })}` }) })}
            ${details({ summary: "The claimant is not the owner: refuse", body: formElement({ action: at("refuse"), csrf: request.csrfToken, body: html`${verdictFields("refuse-contested")}${button({ label: "Refuse", kind: "danger" })}` }) })}</section>`
        : null
    }
    <section><h3>Internal note</h3>
      ${formElement({ action: at("note"), csrf: request.csrfToken, body: html`${textarea({ name: "note", label: "Only the desk reads it", required: true, maxlength: 4000, rows: 2 })}${button({ label: "Keep note", kind: "secondary" })}` })}
    </section>`;
}

async function casePage(
  runtime: RecoveryRuntime,
  request: Request,
  recoveryCase: RecoveryCase,
  state: State,
): Promise<Html> {
  const { now } = request;
  const [beside, board, messages, verdicts, notices, events] = await Promise.all([
    claimsBesideRecords(runtime, recoveryCase, now),
    proofs(runtime, recoveryCase, now),
    thread(runtime, recoveryCase, now),
    reviews(runtime, recoveryCase, request.actor.account.id, now),
    listNotices(runtime.db, recoveryCase.id),
    listEvents(
      runtime.db,
      recoveryCase.accountId
        ? { accountId: recoveryCase.accountId, limit: 30 }
        : { caseId: recoveryCase.id, limit: 30 },
    ),
  ]);
  const mayAct = request.actor.roles.some((role) => role === "reviewer" || role === "administrator");
  const body = html`
    <p><a href="/console">Queue</a></p>
    <h1>${recoveryCase.number} ${badge({ tone: STATE_TONE[recoveryCase.state], text: stateName(recoveryCase.state) })}</h1>
    <p>${CAUSES[recoveryCase.cause]}. Opened ${time(recoveryCase.openedAt, now)} from ${recoveryCase.openedFrom.ip}, ${recoveryCase.origin === "form" ? "by the public form" : "from the sign-in screen"}. Next move: <strong>${caseLifecycle.states[recoveryCase.state].next}</strong>.${recoveryCase.waitEndsAt ? html` Waiting time ends ${time(recoveryCase.waitEndsAt, now)}.` : null}</p>
    <div class="desk-case">
      <div>
        <section><h2>Reasons</h2>${reasons(runtime, recoveryCase)}</section>
        <section><h2>Proofs</h2>${board}</section>
        <section><h2>Claims and records</h2>${beside}</section>
      </div>
      <div>
        <section><h2>What you can do</h2>${mayAct ? actions(request, recoveryCase, state) : html`<p>Your role reads; it does not decide.</p>`}</section>
        <section><h2>Verdicts</h2>${verdicts}</section>
        <section><h2>Messages</h2>${messages}</section>
        <section><h2>Told</h2>${table({ caption: "Notices", columns: ["When", "Moment", "Who"], rows: notices.map((one) => [time(one.toldAt, now), stateName(one.moment as never), stateName(one.relation as never)]), empty: "Nobody yet: the case is not matched to an account." })}</section>
        <section><h2>Timeline</h2>${table({ caption: "Events of the account, newest first", columns: ["When", "What"], rows: events.map((one) => [time(one.at, now), one.act]), empty: "Nothing." })}</section>
      </div>
    </div>`;
  return deskLayout(runtime, request, { title: recoveryCase.number, body, staff: request.actor });
}

/** Every view of personal data is on the log: who looked, at which case. */
async function noteView(runtime: RecoveryRuntime, request: Request, recoveryCase: RecoveryCase): Promise<void> {
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
  name: string,
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
      return page(await casePage(runtime, request, found, { refusal, values: invalid.values }), { status: 422 });
    },
    handle: async (_, request): Promise<Reply> => {
      const found = await findCaseByNumber(runtime.db, request.params.number);
      if (!found) return refused(recoveryRefusals["no-such-case"]());
      const done = await act({ accountId: request.actor.account.id }, found, request.body as z.output<B>, request.now); // the route has just parsed it with this very schema
      if (done.ok) return redirect(`/console/cases/${found.number}`);
      if (request.wantsJson) return refused(done.refusal);
      const now = (await findCaseByNumber(runtime.db, request.params.number)) ?? found;
      return page(await casePage(runtime, request, now, { refusal: done.refusal, values: textValues(request.body) }), {
        status: done.refusal.status,
      });
    },
  });
}

const textValues = (body: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(body as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  ); // a parsed form

const toVerdict = (body: z.output<typeof verdictForm>): Verdict => ({
  reason: body.reason,
  typedUsername: body.username,
  seenState: body.seenState,
});

export const caseRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
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
      return page(await casePage(runtime, request, found, NOTHING));
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
];
