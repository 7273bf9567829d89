import { listAccounts } from "../../accounts/index.ts";
import { describeAct, listEvents } from "../../audit/index.ts";
import { badge, details, html, type Html, table, time } from "../../kernel/html/index.ts";
import type { AccountId } from "../../kernel/ids.ts";
import {
  listMessages,
  listNotices,
  listReviews,
  type Review,
  type RecoveryCase,
  type RecoveryRuntime,
  storyOf,
} from "../../recovery/index.ts";
import { listInbound } from "../../mail-in/index.ts";
import { inWords } from "../wording.ts";
import { mailPart } from "./mails.ts";

const WHO = { claimant: "Claimant", staff: "Desk", system: "Locksmith" } as const;

/** What claimant and desk have written, with the notes only the desk reads. */
export async function messagesSection(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const messages = await listMessages(runtime.db, runtime.keys, recoveryCase.id, "staff");
  const story = await storyOf(runtime.db, runtime.keys, recoveryCase.id);
  const mails = await listInbound(runtime.db, runtime.keys, recoveryCase.id);
  const mailOf = (id: string | null) =>
    mailPart(
      mails.find(({ messageId }) => messageId === id),
      recoveryCase.number,
    );
  return html`
    <h2>Messages</h2>
    ${story ? html`<blockquote class="message"><p class="muted">Claimant, when opening</p><p class="pre">${story}</p>${mailOf(null)}</blockquote>` : null}
    ${messages.map(
      (one) =>
        html`<blockquote class="message ${one.isInternal ? "internal" : "open"}"><p class="muted">${WHO[one.authorKind]}, ${time(one.writtenAt, now, "relative")}${one.isInternal ? html` ${badge({ tone: "neutral", text: "Internal note" })}` : null}</p><p class="pre">${one.body}</p>${mailOf(one.id)}</blockquote>`,
    )}
    ${messages.length === 0 && !story ? html`<p class="muted">Nobody has written anything.</p>` : null}`;
}

const VERDICT_IN_WORDS: Readonly<Record<Review["verdict"], string>> = {
  approve: "approved",
  refuse: "refused",
  keep: "said that the recovery stands",
  reverse: "said that the recovery is taken back",
};

/** The second reviewer decides without knowing the first verdict: reviews are shown only to who has given theirs. */
export async function verdictsSection(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  viewer: AccountId,
  now: Date,
): Promise<Html | null> {
  const all = await listReviews(runtime.db, runtime.keys, recoveryCase.id);
  if (all.length === 0) return null;
  const hasGivenVerdict = all.some((one) => one.reviewerId === viewer);
  const isDisputed = ["disputed", "disputed-second"].includes(recoveryCase.state);
  const isOver = !isDisputed && !["review", "second-review", "information-requested"].includes(recoveryCase.state);
  if (!hasGivenVerdict && !isOver)
    return html`<h2>Verdicts</h2><p>${all.length === 1 ? "One verdict is" : `${all.length} verdicts are`} given. You will see it after you have given yours.</p>`;
  const reviewers = await listAccounts(
    runtime.db,
    all.map((one) => one.reviewerId),
  );
  const names = new Map(reviewers.map((one) => [one.id, one.username]));
  return html`<h2>Verdicts</h2>${all.map(
    (one) =>
      html`<blockquote class="message open"><p class="muted"><strong>${names.get(one.reviewerId) ?? "Somebody"}</strong> ${VERDICT_IN_WORDS[one.verdict]} ${time(one.decidedAt, now, "relative")}</p><p class="pre">${one.reason}</p></blockquote>`,
  )}`;
}

/** Who was told of the case, and when. */
export async function noticesSection(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const notices = await listNotices(runtime.db, recoveryCase.id);
  return html`<h2>Who was told</h2>${table({
    caption: "Notices, each with a link to object",
    columns: ["Who", "Moment", "When"],
    rows: notices.map((one) => [inWords(one.relation), inWords(one.moment), time(one.toldAt, now, "relative")]),
    empty: "Nobody yet: the case is not matched to an account.",
    isDense: true,
  })}`;
}

const MOST_EVENTS = 40;
const AT_FIRST = 8;

/** What happened around the account, or around the case while it is not matched to one; newest first. */
export async function historySection(runtime: RecoveryRuntime, recoveryCase: RecoveryCase, now: Date): Promise<Html> {
  const { accountId, id: caseId } = recoveryCase;
  const events = await listEvents(runtime.db, { ...(accountId ? { accountId } : { caseId }), limit: MOST_EVENTS });
  const line = (one: (typeof events)[number]) =>
    html`<li><span>${describeAct(one)}</span> <span class="muted">${time(one.at, now, "relative")}</span></li>`;
  const older = events.slice(AT_FIRST);
  return html`
    <h2>History of the ${accountId ? "account" : "case"}</h2>
    ${events.length === 0 ? html`<p class="muted">Nothing yet.</p>` : html`<ol class="log">${events.slice(0, AT_FIRST).map(line)}</ol>`}
    ${older.length > 0 ? details({ summary: `${older.length} earlier`, body: html`<ol class="log">${older.map(line)}</ol>` }) : null}`;
}
