import { type Account, findAccount, freezeAccount, listAddresses, lockAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { digestToken, oneTimeRefusals, type OneTimeSecret, peek, peekUsable, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { dateInWords, NOT_ME, queueMail } from "../notifications/index.ts";
import { holdAllApiTokens } from "../registry/index.ts";
import { endAllSessions, forgetDevices } from "../sessions/index.ts";
import { contest } from "./objection.ts";
import { findOpenCaseOf, lockCase } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * The panic button: one factor is enough to lock, since a wrong lock costs a day and a missing one may cost everything
 * (SP 800-63B-4 §4.3: reporting a loss needs one factor only). It is pressed by somebody who is signed in, or by somebody
 * who reads a mail of ours. It only ever takes away, and its owner can undo it (security-settings/unlock.ts).
 */

/** Addresses removed this recently are told as well: the thief's first act is to remove the owner's. */
const FORMER_ADDRESS_DAYS = 180;
const DAY_MS = 24 * 3600_000;

/** What else ends in the same transaction: sign-ins that are half done (sign-in/). */
export type OnLocked = (tx: Tx, account: Account) => Promise<void>;

export interface Locked {
  readonly account: Account;
  /** False where it was frozen for as good a reason already. */
  readonly isNew: boolean;
  readonly sessionsEnded: number;
  readonly tokensHeld: number;
  /** The case that was stopped by it, or stands stopped; null where there is none. */
  readonly recoveryCase: RecoveryCase | null;
}

interface Press {
  readonly accountId: AccountId;
  readonly actor: AuditActor;
  readonly from: "account" | "mail";
  /** What was not them: the number of an event of the history, or the kind of mail. */
  readonly about: string | null;
  readonly source: Source;
}

export interface LockBySubscriber {
  readonly account: Account;
  /** The event of the history that was not them, where they came from one. */
  readonly event: bigint | null;
  readonly source: Source;
  readonly now: Date;
}

/** Locks the account of whoever is signed in, their own session with it. Doing it twice changes nothing more. */
export function lockBySubscriber(
  runtime: Runtime,
  lock: LockBySubscriber,
  onLocked: OnLocked,
): Promise<Result<Locked>> {
  const { account, event, source } = lock;
  const press: Press = {
    accountId: account.id,
    actor: { kind: "subscriber", id: account.id },
    from: "account",
    about: event === null ? null : `event ${event}`,
    source,
  };
  return transact(runtime.db, { now: lock.now }, async (tx) => ok(await lockNow(tx, runtime, press, onLocked)));
}

/** What the page behind a link shows. Looking changes nothing: mail scanners follow links. */
export interface NotMe {
  readonly account: Account;
  /** The kind of mail the link was in. */
  readonly message: string;
  readonly mailedAt: Date;
}

const presented = (token: string) => ({ purpose: NOT_ME, digests: [digestToken(token)] });

/** Refuses an unknown, used, replaced or old link, and says when that came about. */
export async function peekNotMe(runtime: Runtime, token: string, now: Date): Promise<Result<NotMe>> {
  const found = await peekUsable(runtime.db, presented(token), now);
  if (!found.ok) return refuse(await sayWhy(runtime, token, now));
  const account = await findAccount(runtime.db, found.value.subject as AccountId); // written by issueNotMeUrl
  if (!account) return refuse(oneTimeRefusals.unknown());
  return ok({ account, message: messageOf(found.value), mailedAt: found.value.issuedAt });
}

/**
 * "This was not me", by somebody who reads a mail of ours, without signing in. The link is spent: of any number of presses
 * at once one acts. Refuses an unknown, used, replaced or old link.
 */
export async function lockByLink(
  runtime: Runtime,
  press: { readonly token: string; readonly source: Source; readonly now: Date },
  onLocked: OnLocked,
): Promise<Result<Locked>> {
  const { token, source, now } = press;
  const found = await peek(runtime.db, presented(token));
  if (!found) return refuse(oneTimeRefusals.unknown());
  const accountId = found.subject as AccountId; // written by issueNotMeUrl
  const done = await transact(runtime.db, { now }, async (tx): Promise<Result<Locked>> => {
    await lockAccount(tx, accountId); // before the link: an unlocking, which revokes the links, holds the account first
    const spent = await spend(tx, presented(token));
    if (!spent.ok) return spent;
    const about = messageOf(spent.value);
    const actor = { kind: "anyone" } as const;
    return ok(await lockNow(tx, runtime, { accountId, actor, from: "mail", about, source }, onLocked));
  });
  return done.ok ? done : refuse(await sayWhy(runtime, token, now));
}

const messageOf = ({ detail }: OneTimeSecret): string =>
  typeof detail["message"] === "string" ? detail["message"] : "unknown";

/** Why a link does nothing any more, in a sentence with its date. */
async function sayWhy(runtime: Runtime, token: string, now: Date) {
  const found = await peek(runtime.db, presented(token));
  if (!found) return oneTimeRefusals.unknown();
  if (found.spentAt)
    return oneTimeRefusals.spent({
      detail: `It locked the account on ${dateInWords(found.spentAt)}. Pressing it again changes nothing.`,
    });
  if (found.revokedAt)
    return oneTimeRefusals.revoked({
      detail: `The owner unlocked the account on ${dateInWords(found.revokedAt)}, and older links ended with that. The links in newer mails work.`,
    });
  if (found.expiresAt && found.expiresAt <= now)
    return oneTimeRefusals.expired({
      detail: `It worked until ${dateInWords(found.expiresAt)}. You can still lock the account from its page, or open a recovery case.`,
    });
  return oneTimeRefusals.spent();
}

/** Locks the account, in the caller's transaction: everything that could act for it stops. */
async function lockNow(tx: Tx, runtime: Runtime, press: Press, onLocked: OnLocked): Promise<Locked> {
  const { accountId, actor, from, about, source } = press;
  const account = await lockAccount(tx, accountId);
  if (!account) throw new Error("An account vanished while it was locked.");
  const open = await findOpenCaseOf(tx, accountId);
  const isNew = await freezeAccount(tx, runtime.random, {
    accountId,
    because: "owner",
    caseId: open?.id ?? null,
    actor,
  });
  const recoveryCase = open && (await stop(tx, runtime, open, press));
  const sessionsEnded = await endAllSessions(tx, runtime.random, { accountId, because: "account locked", actor });
  const tokensHeld = await holdAllApiTokens(tx, runtime.random, { accountId, actor });
  await forgetDevices(tx, accountId);
  await onLocked(tx, account);
  audit(tx, runtime.random, {
    act: "recovery/account-locked",
    actor,
    accountId,
    caseId: open?.id ?? null,
    facts: { from, about, isNew, sessions: sessionsEnded, tokens: tokensHeld },
    personal: { ...source },
  });
  if (isNew) await tellLocked(tx, runtime, account, press);
  return { account, isNew, sessionsEnded, tokensHeld, recoveryCase };
}

/** An open case is contested; one that is with the desk for that already stays there. */
async function stop(tx: Tx, runtime: Runtime, open: RecoveryCase, press: Press): Promise<RecoveryCase> {
  const locked = await lockCase(tx, open.id);
  if (!locked) throw new Error("A case vanished while its account was locked.");
  const isSubscriber = press.from === "account";
  const moved = await contest(tx, runtime, locked, {
    as: isSubscriber ? "subscriber" : "objector",
    actor: press.actor,
    mayStand: true,
    relation: isSubscriber ? "signed in" : "not-me link",
    words: isSubscriber
      ? "Somebody who is signed in to the account locked it."
      : "Somebody locked the account with the link “This was not me” of one of our mails.",
  });
  return moved.ok ? moved.value : locked;
}

async function tellLocked(tx: Tx, runtime: Runtime, account: Account, press: Press): Promise<void> {
  const since = new Date(tx.now.getTime() - FORMER_ADDRESS_DAYS * DAY_MS);
  const addresses = (await listAddresses(tx, account.id, since)).filter((one) => one.verifiedAt);
  for (const to of new Set(addresses.map((one) => one.address))) {
    await queueMail(tx, runtime, {
      to,
      message: "account-locked",
      params: { username: account.username, when: tx.now, from: press.from, network: press.source.ip },
      accountId: account.id,
    });
  }
}
