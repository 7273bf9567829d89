import { findAccount } from "../../accounts/index.ts";
import { isPasskeyBound } from "../../authenticators/index.ts";
import { readDrafts } from "../../desk/index.ts";
import { badge, html, type Html, notice, PASSKEY_SCRIPTS, time } from "../../kernel/html/index.ts";
import type { HttpRequest } from "../../kernel/http/index.ts";
import { CAUSES, caseLifecycle, type RecoveryCase, type RecoveryRuntime, tieOf } from "../../recovery/index.ts";
import type { StaffActor } from "../../sessions/index.ts";
import { deskLayout } from "../layout.ts";
import { facts, inWords, STATE_TONE } from "../wording.ts";
import { type ActionState, actionsSection } from "./actions.ts";
import { handsPart, presencePart } from "./hands.ts";
import { historySection, messagesSection, noticesSection, verdictsSection } from "./activity.ts";
import { decisionSection } from "./decision.ts";
import { claimsSection, proofsSection } from "./evidence.ts";

export type CaseRequest = HttpRequest<StaffActor, { readonly number: string }, unknown, unknown>;

const section = (body: Html | null): Html | null => (body === null ? null : html`<section>${body}</section>`);

const ORIGIN: Readonly<Record<RecoveryCase["origin"], string>> = {
  form: "public form",
  "stuck-screen": "sign-in screen",
  "reset-link": "link for a new password",
  mail: "mail",
};

/** Whose case it is, in one line of facts under its number. */
const head = (recoveryCase: RecoveryCase, now: Date, hands: Html): Html => html`
  <p><a href="/console" data-key="q" aria-keyshortcuts="q">Queue</a></p>
  <h1>${recoveryCase.number} ${badge({ tone: STATE_TONE[recoveryCase.state], text: inWords(recoveryCase.state) })}</h1>
  ${facts([
    ["Name claimed", html`<strong>${recoveryCase.claimedName || "none yet"}</strong>`],
    ["Why they are locked out", CAUSES[recoveryCase.cause]],
    [
      "Opened",
      html`${time(recoveryCase.openedAt, now, "relative")} from ${recoveryCase.openedFrom.ip}, ${ORIGIN[recoveryCase.origin]}`,
    ],
    ["Next move", inWords(caseLifecycle.states[recoveryCase.state].next)],
    recoveryCase.waitEndsAt ? ["Wait ends", time(recoveryCase.waitEndsAt, now)] : null,
    ["Taken by", hands],
  ])}`;

/** What looking again at a proof gave. */
function checkedPart({ checked }: ActionState): Html | null {
  if (!checked) return null;
  const isSame = checked.was === checked.is;
  return notice({
    tone: isSame ? "success" : "warning",
    title: isSame
      ? "Looked at again: it is as it was."
      : `Looked at again: it was “${checked.was}” and is “${checked.is}” now.`,
    body: html`<p>The case was weighed anew with it.</p>`,
  });
}

/** A case on one screen: what the policy says, claims beside records, proofs, and what the reader can do. */
export async function casePage(
  runtime: RecoveryRuntime,
  request: CaseRequest,
  recoveryCase: RecoveryCase,
  state: ActionState,
): Promise<Html> {
  const { now, csrfToken, actor } = request;
  const account = recoveryCase.accountId ? await findAccount(runtime.db, recoveryCase.accountId) : null;
  const mayAct = actor.roles.some((role) => role === "reviewer" || role === "administrator");
  const [hands, drafts, tie, hasPasskey, claims, proofs, messages, verdicts, notices, history] = await Promise.all([
    handsPart(runtime, request, recoveryCase),
    readDrafts(runtime.db, runtime.keys, recoveryCase.id, actor.account.id),
    tieOf(runtime.db, recoveryCase, actor.account.id),
    isPasskeyBound(runtime.db, actor.account.id),
    claimsSection(runtime, recoveryCase, account, now),
    proofsSection(runtime, recoveryCase, now, { csrfToken, mayAct }),
    messagesSection(runtime, recoveryCase, now),
    verdictsSection(runtime, recoveryCase, actor.account.id, now),
    noticesSection(runtime, recoveryCase, now),
    historySection(runtime, recoveryCase, now),
  ]);
  const actions = mayAct
    ? actionsSection({ recoveryCase, csrfToken, now, state, drafts, hasPasskey, tie })
    : html`<h2>What you can do</h2><p>Your role reads; it does not decide.</p>`;
  const body = html`
    ${head(recoveryCase, now, hands)}
    ${await presencePart(runtime, request, recoveryCase)}
    ${checkedPart(state)}
    <div class="desk-case">
      <div>${[decisionSection(runtime, recoveryCase), claims, proofs].map(section)}</div>
      <div>${[actions, verdicts, messages, notices, history].map(section)}</div>
    </div>`;
  return deskLayout(runtime, request, {
    title: recoveryCase.number,
    body,
    staff: actor,
    scripts: hasPasskey ? PASSKEY_SCRIPTS : undefined,
  });
}
