import {
  badge,
  button,
  details,
  emptyState,
  errorSummary,
  field,
  form as formElement,
  html,
  type Html,
  notice,
  panel,
  summaryList,
  table,
  textarea,
  time,
} from "../kernel/html/index.ts";
import {
  CASE_COOKIE,
  type CaseHolder,
  caseBoard,
  caseHolderGuard,
  closeCasePage,
  hasShownSomething,
  caseLifecycle,
  CAUSES,
  listMessages,
  listNotices,
  listRequests,
  listReviews,
  policy,
  type RecoveryCase,
  type RecoveryRuntime,
} from "../recovery/index.ts";
import { listInbound } from "../mail-in/index.ts";
import { caseActRoutes } from "./case-acts.ts";
import { filesOf, nameSection } from "./case-mail.ts";
import { proofBoard } from "./proof-board.ts";
import { defineRoute, form, type HttpRequest, page, redirect, type Route } from "../kernel/http/index.ts";
import { EMPTY, type FormState } from "./forms.ts";
import { layout } from "./layout.ts";

export type CaseRequest = HttpRequest<CaseHolder, unknown, unknown, unknown>;

const ENDED = new Set(["restored", "reversed", "refused", "withdrawn", "expired"]);
/** States in which what was weighed is not the claimant's next step. */
const SETTLED = new Set([...ENDED, "contested", "incident", "disputed", "disputed-second", "ready"]);

/** The one next step, and the one date that matters. */
function headline(request: CaseRequest): Html {
  const { recoveryCase } = request.actor;
  const { now } = request;
  const { means } = caseLifecycle.states[recoveryCase.state];
  switch (recoveryCase.state) {
    case "unconfirmed":
      if (recoveryCase.contactConfirmedAt)
        return panel({
          title: "Tell us which account it is",
          body: html`<p>Your address is confirmed. We have found no account for it yet, so nobody has been told of this case.</p>`,
        });
      return panel({
        title: "Confirm your address",
        body: html`<p>We sent an eight-digit code to the address you gave us. Until you enter it we do not look for an account.</p>`,
      });
    case "waiting":
      return panel({
        title: "Your case is decided. The waiting time runs by itself.",
        ...(recoveryCase.waitEndsAt ? { date: recoveryCase.waitEndsAt, now } : {}),
        body: html`<p>You need do nothing. You get a mail when it is over. If the owner objects meanwhile, it stops. You can still show more below: with much more the wait may become shorter.</p>`,
      });
    case "ready":
      return panel({
        title: "You can set up your account anew",
        date: recoveryCase.expiresAt,
        now,
        body: html`<p>We have mailed you a link for it. It works once, until the date above.</p>`,
      });
    case "collecting":
      return panel({
        title: "Show that the account is yours",
        date: recoveryCase.expiresAt,
        now,
        body: html`<p>${means} Take what you have at hand, in any order. The case stays open until the date above.</p>`,
      });
    case "review":
    case "second-review":
      return panel({
        title: "A person looks at it now",
        body: html`<p>${means} You need do nothing, but you can still add proofs below. We write to you as soon as there is an answer.</p>`,
      });
    case "information-requested":
      return panel({
        title: "We have a question for you",
        date: recoveryCase.expiresAt,
        now,
        body: html`<p>Answer below, or with a proof. The case waits for you until the date above.</p>`,
      });
    case "contested":
    case "incident":
    case "disputed":
    case "disputed-second":
      return notice({
        tone: "warning",
        title: "Stopped",
        body: html`<p>${means} We write to you when we know more. If you are the owner, nothing is lost.</p>`,
      });
    case "restored":
      return notice({ tone: "success", title: "Done", body: html`<p>${means} <a href="/sign-in">Sign in</a>.</p>` });
    case "reversed":
    case "refused":
    case "withdrawn":
    case "expired":
      return notice({ tone: "info", title: "This case is closed", body: html`<p>${means}</p>` });
  }
}

/** Why, in plain words and in numbers. */
function decisionSection(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  unavailable: readonly string[],
): Html | null {
  if (!recoveryCase.decision || !recoveryCase.contactConfirmedAt || SETTLED.has(recoveryCase.state)) return null;
  const explained = policy.explainDecision(runtime.policy, recoveryCase.decision, "claimant", unavailable);
  return html`
    <section aria-labelledby="where-it-stands">
      <h2 id="where-it-stands">Where it stands</h2>
      <p class="lead">${explained.headline}</p>
      <ul>${explained.sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
      ${details({ summary: "In numbers", body: table({ caption: explained.table.caption, columns: explained.table.columns, rows: explained.table.rows, empty: "" }) })}
    </section>`;
}

async function questions(runtime: RecoveryRuntime, request: CaseRequest): Promise<Html | null> {
  const open = (await listRequests(runtime.db, runtime.keys, request.actor.recoveryCase.id)).filter(
    (one) => !one.answeredAt,
  );
  if (open.length === 0) return null;
  return html`
    <section aria-labelledby="question">
      <h2 id="question">We ask you</h2>
      ${open.map((one) => html`<blockquote class="message"><p class="pre">${one.question}</p><p class="muted">Asked ${time(one.askedAt, request.now)}</p></blockquote>`)}
      <p>Answer in a message, or add a proof and say so in a message.</p>
    </section>`;
}

const RELATION = {
  address: "An address of the account",
  "former-address": "A former address of the account",
  "co-owner": "A co-owner",
  "recovery-contact": "A recovery contact",
  session: "A session that is signed in",
} as const;
const MOMENT = {
  opened: "When the case was opened",
  midway: "Halfway through the waiting time",
  "before-release": "Shortly before its end",
  completed: "When it was done",
  kept: "When it was decided that the recovery stands",
  reversed: "When the recovery was taken back",
} as const;

/** Whom we told, without saying whose they are: how often and when, never an address. */
async function told(runtime: RecoveryRuntime, request: CaseRequest): Promise<Html | null> {
  const { recoveryCase } = request.actor;
  if (!recoveryCase.contactConfirmedAt) return null;
  const notices = await listNotices(runtime.db, recoveryCase.id);
  if (notices.length === 0) return null;
  // Who somebody works with, who their contacts are and whether they are signed in is nothing for a stranger.
  if (!(await hasShownSomething(runtime.db, recoveryCase, request.now)))
    return html`
      <section aria-labelledby="told"><h2 id="told">Whom we told</h2>
        <p>Everybody who should know: each address of the account, and the people around it. Each of them can stop the case with one click. Who they are, and how many, this page says once you have shown that the account is yours.</p>
        <p class="muted">First told ${time(notices[0]?.toldAt ?? recoveryCase.openedAt, request.now)}.</p>
      </section>`;
  const groups = Map.groupBy(notices, (one) => `${one.moment}\n${one.relation}`);
  return html`
    <section aria-labelledby="told"><h2 id="told">Whom we told</h2>
      ${table({
        caption: "Each of them can stop the case with one click",
        columns: ["When", "Who", "How many", "Sent"],
        rows: [...groups.values()].flatMap((group) => {
          const [first] = group;
          return first
            ? [[MOMENT[first.moment], RELATION[first.relation], String(group.length), time(first.toldAt, request.now)]]
            : [];
        }),
        empty: "",
      })}
    </section>`;
}

async function thread(runtime: RecoveryRuntime, request: CaseRequest, state: FormState): Promise<Html> {
  const { recoveryCase } = request.actor;
  const messages = await listMessages(runtime.db, runtime.keys, recoveryCase.id, "claimant");
  const mails = new Map(
    (await listInbound(runtime.db, runtime.keys, recoveryCase.id)).map((one) => [one.messageId, one]),
  );
  const who = { claimant: "You", staff: "We", system: "Locksmith" } as const;
  return html`
    <section aria-labelledby="messages"><h2 id="messages">Messages</h2>
      ${messages.length === 0 ? emptyState({ title: "No messages yet", body: html`<p>You can write to the people who look at your case.</p>` }) : messages.map((one) => html`<blockquote class="message ${one.authorKind}"><p class="muted">${who[one.authorKind]}, ${time(one.writtenAt, request.now)}${mails.has(one.id) ? ", by mail" : ""}</p><p class="pre">${one.body}</p>${filesOf(mails.get(one.id))}</blockquote>`)}
      ${
        ENDED.has(recoveryCase.state)
          ? null
          : formElement({
              action: "/recovery/case/message",
              csrf: request.csrfToken,
              body: html`${textarea({ name: "body", label: "Write to us", hint: "Please no passwords, codes or tokens.", value: state.values["body"], error: state.errors["body"], maxlength: 4000, rows: 4, required: true })}${button({ label: "Send", kind: "secondary" })}`,
            })
      }
    </section>`;
}

function confirmSection(request: CaseRequest, state: FormState): Html | null {
  const { recoveryCase } = request.actor;
  if (recoveryCase.contactConfirmedAt || ENDED.has(recoveryCase.state)) return null;
  return html`
    <section aria-labelledby="confirm"><h2 id="confirm">Enter the code from our mail</h2>
      <p>It went to <strong>${recoveryCase.contactAddress}</strong>. Look into the spam folder too.</p>
      ${formElement({
        action: "/recovery/case/confirm",
        csrf: request.csrfToken,
        body: html`${field({ name: "code", label: "Eight-digit code", autocomplete: "one-time-code", inputmode: "numeric", error: state.errors["code"], required: true, maxlength: 32, width: "short" })}${button({ label: "Confirm" })}`,
      })}
      ${formElement({ action: "/recovery/case/mail-code", csrf: request.csrfToken, body: button({ label: "Send a new code", kind: "secondary" }) })}
    </section>`;
}

/** What can be done with the case as a whole, the quiet things last. */
function closing(request: CaseRequest): Html {
  const { recoveryCase, hasFullAccess } = request.actor;
  const act = (action: string, label: string, kind: "primary" | "secondary" | "danger" = "secondary") =>
    formElement({ action: `/recovery/case/${action}`, csrf: request.csrfToken, body: button({ label, kind }) });
  if (recoveryCase.state === "expired")
    return html`<section><h2>Go on with it</h2><p>Nothing you have shown is lost.</p>${act("reopen", "Reopen this case", "primary")}</section>`;
  if (recoveryCase.state === "refused")
    return html`<section><h2>Not right?</h2><p>Somebody who did not decide before looks at it again.</p>${act("appeal", "Ask for another look", "primary")}</section>`;
  // After a restoration its claimant has nothing left to end.
  if (ENDED.has(recoveryCase.state) || recoveryCase.state.startsWith("disputed")) return html``;
  return html`
    <section class="quiet"><h2>Other things you can do</h2>
      ${recoveryCase.state === "collecting" && recoveryCase.contactConfirmedAt ? html`<p>Have you shown all you can?</p>${act("submit", "Let a person look at it now")}` : null}
      ${
        hasFullAccess
          ? details({
              summary: "I found my app or my codes, or this was a mistake",
              body: html`<p>Then just <a href="/sign-in">sign in</a>: that ends the case too. Or end it here. Nothing on the account changes.</p>${act("withdraw", "End this case", "danger")}`,
            })
          : html`<p class="muted">You opened this page with a code from the mailbox. To end the case you need the case code from its beginning.</p>`
      }
    </section>`;
}

/** The case page: state, one date, what is proven, what helps most, whom we told, the thread. */
export async function casePage(
  runtime: RecoveryRuntime,
  request: CaseRequest,
  state: FormState = EMPTY,
): Promise<Html> {
  const { recoveryCase } = request.actor;
  const lastRefusal =
    recoveryCase.state === "refused"
      ? (await listReviews(runtime.db, runtime.keys, recoveryCase.id)).findLast((one) => one.verdict === "refuse")
      : undefined;
  const isWaiting = recoveryCase.state === "waiting";
  const board = await caseBoard(runtime, recoveryCase, request.now);
  const body = html`
    <p class="muted">Case ${recoveryCase.number}</p>
    <h1>Your recovery case</h1>
    ${errorSummary(state.errors, state.general)}
    ${headline(request)}
    ${lastRefusal ? html`<h2>Why</h2><blockquote class="message"><p class="pre">${lastRefusal.reason}</p></blockquote>` : null}
    ${confirmSection(request, state)}
    ${nameSection(request, state)}
    ${await questions(runtime, request)}
    ${decisionSection(runtime, recoveryCase, board?.unavailable ?? [])}
    ${proofBoard(runtime, request, board, state)}
    ${await thread(runtime, request, state)}
    ${await told(runtime, request)}
    <section><h2>What you told us</h2>
      ${summaryList([
        { key: "Name", value: recoveryCase.claimedName || "Not known yet" },
        {
          key: "We write to",
          value: html`${recoveryCase.contactAddress} ${recoveryCase.contactConfirmedAt ? badge({ tone: "success", text: "Confirmed" }) : badge({ tone: "warning", text: "Not confirmed yet" })}`,
        },
        { key: "What happened", value: CAUSES[recoveryCase.cause] },
        { key: "Opened", value: time(recoveryCase.openedAt, request.now) },
      ])}
    </section>
    ${closing(request)}
    <section class="quiet">
      <p class="muted">Not your own computer? Close this page for good when you are done; the link and your case code open it again.</p>
      ${formElement({ action: "/recovery/case/leave", csrf: request.csrfToken, body: button({ label: "Close my case page here", kind: "secondary" }) })}
    </section>`;
  return layout(runtime, request, {
    title: `Case ${recoveryCase.number}`,
    body,
    width: "wide",
    refreshSeconds: isWaiting ? 60 : undefined,
  });
}

/** The board alone, for the page that looks for news. Without one it is empty, and the page loads itself anew. */
async function boardPage(runtime: RecoveryRuntime, request: CaseRequest): Promise<Html> {
  const board = await caseBoard(runtime, request.actor.recoveryCase, request.now);
  const body = html`
    <h1>What you can show</h1>
    ${proofBoard(runtime, request, board, EMPTY)}
    <p><a href="/recovery/case">Your recovery case</a></p>`;
  return layout(runtime, request, { title: "What you can show", body, width: "wide" });
}

export const casePageRoutes = (runtime: RecoveryRuntime): readonly Route[] => [
  defineRoute({
    method: "GET",
    path: "/recovery/case/board",
    about: "The proof board alone: what the case page asks for when it looks for news.",
    guard: caseHolderGuard,
    handle: async (_, request) => page(await boardPage(runtime, request)),
  }),
  defineRoute({
    method: "GET",
    path: "/recovery/case",
    about: "The claimant's page of their case.",
    guard: caseHolderGuard,
    handle: async (_, request) => page(await casePage(runtime, request)),
  }),
  defineRoute({
    method: "POST",
    path: "/recovery/case/leave",
    about: "Closes the case page in this browser.",
    guard: caseHolderGuard,
    body: form({}),
    handle: async (_, request) => {
      await closeCasePage(runtime, request.cookies[CASE_COOKIE] ?? "", request.now);
      return redirect("/", { cookies: [{ name: CASE_COOKIE, value: null }] });
    },
  }),
  ...caseActRoutes(runtime),
];
