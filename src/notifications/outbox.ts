import { z } from "zod";
import { transact } from "../kernel/db/transact.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, type CaseId, type MailId, newId } from "../kernel/ids.ts";
import { type AnyJob, defineJob, defineJobKind, enqueue } from "../kernel/jobs/index.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { kindOfFailure, statusIn } from "./bounce-rules.ts";
import { LEASE_MS, nextAttempt } from "./delivery-rules.ts";
import { renderLetter } from "./letter.ts";
import type { Message } from "./message.ts";
import * as messages from "./messages.ts";
import { issueNotMeUrl } from "./not-me.ts";
import { insertMail, leaseDue, type MailRow, noteBounce, settle, type Settlement } from "./store.ts";
import type { MailTransport, SendOutcome, Undelivered } from "./types.ts";
import { oneLine } from "./wording.ts";

/*
 * The outbox: a mail is a row, written in the transaction of the act it tells of, and sent after the commit. It is
 * delivered at least once: a worker that dies between the server's "250" and our note of it leaves a lease that runs
 * out, and the mail goes out again, with the same Message-ID, by which mail programs and servers know the second copy.
 */

export type MessageName = keyof typeof messages;
/** What a kind of mail needs to be told. */
export type MessageParams<N extends MessageName> = (typeof messages)[N] extends Message<infer Params> ? Params : never;

/** The kinds of mail whose reader can lock the account from them. */
export type NotMeMessage = {
  [N in MessageName]: "notMeUrl" extends keyof MessageParams<N> ? N : never;
}[MessageName];

export interface MailRequest<N extends MessageName> {
  readonly to: string;
  readonly message: N;
  readonly params: MessageParams<N>;
  /** Whose delivery log it stands in. */
  readonly accountId?: AccountId | null;
  readonly caseId?: CaseId | null;
  /** Not before this moment. */
  readonly delayUntil?: Date;
}

/** Wakes a worker to deliver what is due. Carries nothing: the rows say what there is to do. */
export const deliverMailJob = defineJobKind({
  name: "notifications-deliver",
  schema: z.object({}),
  retryLimit: 3,
  retryBackoff: true,
});

/** Whoever keeps the addresses, told of a failed delivery in the transaction that notes it. */
export type OnUndelivered = (tx: Tx, runtime: Runtime, undelivered: Undelivered) => Promise<void>;

/** The job that delivers; once a minute it also finds what a lost wake-up missed. */
export const makeDeliverMailJob = (transport: MailTransport, onUndelivered?: OnUndelivered): AnyJob =>
  defineJob({
    ...deliverMailJob,
    every: "* * * * *",
    run: async (runtime) => {
      await deliverDue(runtime, transport, onUndelivered);
    },
  });

// One mailbox, as the accounts slice stores it; nothing that could be read as a second recipient or a header.
const ADDRESS = /^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]{1,64}@[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]{1,255}$/u;

/** A kind of mail that can carry "This was not me" shows it in its sample. */
const mayCarryNotMe = ({ sample }: Message<unknown>): boolean =>
  typeof sample === "object" && sample !== null && "notMeUrl" in sample;

/**
 * Writes a mail into the outbox, in the caller's transaction, and wakes a worker at its commit. Returns its id. A mail
 * about an account's security gets a link of its own with which its reader can lock that account: no caller forgets it.
 * Throws when `to` is not one plain address: addresses are checked where they are taken in, so that is a bug.
 */
export async function queueMail<N extends MessageName>(
  tx: Tx,
  runtime: Pick<Runtime, "random" | "publicUrl" | "indexName" | "supportAddress">,
  mail: MailRequest<N>,
): Promise<MailId> {
  if (!ADDRESS.test(mail.to)) throw new Error("A mail was addressed to something that is not one plain address.");
  // Each N has its own Params; the registry pairs them, which the compiler cannot follow through the union.
  const message = messages[mail.message] as unknown as Message<MessageParams<N>>;
  const { accountId = null } = mail;
  const notMeUrl =
    accountId && mayCarryNotMe(message as Message<unknown>)
      ? await issueNotMeUrl(tx, runtime, { accountId, message: message.name })
      : null;
  const params = notMeUrl === null ? mail.params : Object.assign({ notMeUrl }, mail.params);
  const rendered = renderLetter(message.compose(params), runtime);
  const id = newId("mail", tx.now, runtime.random);
  await insertMail(tx, {
    id,
    message: message.name,
    to_address: mail.to,
    subject: rendered.subject,
    text_body: rendered.text,
    html_body: rendered.html,
    account_id: accountId,
    case_id: mail.caseId ?? null,
    next_attempt_at: mail.delayUntil ?? tx.now,
  });
  await enqueue(tx, deliverMailJob, {}, mail.delayUntil ? { startAfter: mail.delayUntil } : {});
  return id;
}

const AT_ONCE = 5;
const MOST_ANSWER = 300;

export interface DeliveryReport {
  readonly sent: number;
  readonly deferred: number;
  readonly failed: number;
}

/**
 * Sends every mail that is due by the runtime's clock, five at a time, until none is left. Any number of workers may
 * do so at once. A failure of one mail touches no other; an outage of the mail server ends as "try again later".
 */
export async function deliverDue(
  runtime: Runtime,
  transport: MailTransport,
  onUndelivered?: OnUndelivered,
): Promise<DeliveryReport> {
  const count = { sent: 0, queued: 0, failed: 0 };
  for (;;) {
    const leased = await lease(runtime);
    if (leased.length === 0) return { sent: count.sent, deferred: count.queued, failed: count.failed };
    const states = await Promise.all(leased.map((mail) => deliver(runtime, transport, mail, onUndelivered)));
    for (const state of states) if (state) count[state] += 1;
  }
}

async function lease(runtime: Runtime): Promise<readonly MailRow[]> {
  const now = runtime.clock.now();
  const leased = await transact(runtime.db, { now, bookkeeping: "mail delivery" }, async (tx) =>
    ok(await leaseDue(tx, AT_ONCE, new Date(now.getTime() + LEASE_MS))),
  );
  if (!leased.ok) throw new Error("Leasing mails has no way to be refused."); // for the compiler
  return leased.value;
}

/** One attempt. Returns the state it left, or null when the lease had passed to another worker meanwhile. */
async function deliver(
  runtime: Runtime,
  transport: MailTransport,
  mail: MailRow,
  onUndelivered?: OnUndelivered,
): Promise<Settlement["state"] | null> {
  const outcome = await transport.send({
    id: mail.id,
    to: mail.to_address,
    subject: mail.subject,
    text: mail.text_body,
    html: mail.html_body,
    at: runtime.clock.now(),
    isAboutCase: mail.case_id !== null,
  });
  const now = runtime.clock.now();
  const settlement = settlementOf(outcome, mail, now);
  let isSettled = false;
  await transact(runtime.db, { now, bookkeeping: "mail delivery" }, async (tx) => {
    isSettled = await settle(tx, mail, settlement);
    if (isSettled && settlement.nextAttemptAt) {
      await enqueue(tx, deliverMailJob, {}, { startAfter: settlement.nextAttemptAt });
    }
    // Refused to our face: the same as a report that comes back (RFC 5321 §6.1).
    if (isSettled && outcome.kind === "rejected")
      await noteUndelivered(tx, runtime, mail.id, settlement, onUndelivered);
    return ok();
  });
  if (settlement.state === "failed") runtime.log.warn("mail given up", { mailId: mail.id, count: mail.attempts });
  return isSettled ? settlement.state : null;
}

/** Writes against a mail that its addressee's server will not have it, and tells whoever keeps the addresses. */
export async function noteUndelivered(
  tx: Tx,
  runtime: Runtime,
  id: MailId,
  failure: { readonly answer: string; readonly status?: string | null },
  onUndelivered?: OnUndelivered,
): Promise<Undelivered | null> {
  const answer = oneLine(failure.answer).slice(0, MOST_ANSWER);
  const status = failure.status ?? statusIn(answer);
  const undelivered = await noteBounce(tx, id, { kind: kindOfFailure({ status, answer }), status, answer });
  if (undelivered) await onUndelivered?.(tx, runtime, undelivered);
  return undelivered;
}

function settlementOf(outcome: SendOutcome, mail: MailRow, now: Date): Settlement {
  const answer = oneLine(outcome.answer).slice(0, MOST_ANSWER);
  if (outcome.kind === "accepted") {
    return { state: "sent", answer, acceptedBy: oneLine(outcome.by).slice(0, MOST_ANSWER) };
  }
  const again = outcome.kind === "deferred" ? nextAttempt(mail.attempts, now) : null;
  return again ? { state: "queued", answer, nextAttemptAt: again } : { state: "failed", answer };
}
