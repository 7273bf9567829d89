import {
  type Account,
  type Address,
  findAccount,
  findAccountByName,
  findAccountByVerifiedAddress,
  hasStanding,
  listAddresses,
  listStaffRoles,
  listUnverifiedHolders,
  lockAccount,
  parseAddress,
} from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  bindPassword,
  hasSecondFactor,
  issueResetLink,
  peekResetLink,
  preparePassword,
  type ResetLink,
  spendResetLink,
} from "../authenticators/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { oneTimeRefusals } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { queueMail } from "../notifications/index.ts";
import { impactOf } from "../registry/index.ts";
import { endAllSessions, recogniseDevice } from "../sessions/index.ts";
import { clearName, countAttempt, nameBucket } from "../throttle/index.ts";
import { signInRefusals } from "./refusals.ts";
import { endCeremonies } from "./store.ts";

/*
 * A forgotten password, by mail. A mailbox is one thing shown: it opens nothing by itself. Where a second factor is
 * bound it is asked for at the sign-in that follows; where none is, the mailbox is enough only for an account with
 * nothing to steal (tier 0 of the recovery policy), and otherwise the link leads to a recovery case.
 */

/** Mails to one account, so that a form open to everybody is no way to flood a mailbox (OWASP Forgot Password). */
const MAILS_AN_HOUR = 3;
const MAILS_A_DAY = 10;
const TRIES = { limit: 30, windowSeconds: 3600 };
const MOST_HOLDERS = 5;
const DAY_MS = 24 * 3600_000;
/** An address that was taken off the account lately is told as well: perhaps a thief did it (product §8). */
const TOLD_AFTER_REMOVAL_DAYS = 180;

interface Question {
  readonly typed: string;
  readonly source: Source;
}

/** Whether mail may go to this account now. Counted at once, and told to nobody. */
export async function mayWriteTo(runtime: Runtime, account: Account, now: Date): Promise<boolean> {
  const bucket = `reset-mail:${account.id}`;
  const hour = await countAttempt(
    runtime.db,
    { bucket: `${bucket}:hour`, limit: MAILS_AN_HOUR, windowSeconds: 3600 },
    now,
  );
  const day = await countAttempt(
    runtime.db,
    { bucket: `${bucket}:day`, limit: MAILS_A_DAY, windowSeconds: 24 * 3600 },
    now,
  );
  return hour.ok && day.ok;
}

/**
 * Answers "I forgot my password" for a username or an address. A confirmed address gets a link; one that was never
 * confirmed is told how to go on; a text that means nobody is answered by nothing.
 */
export async function answerReset(tx: Tx, runtime: Runtime, question: Question): Promise<void> {
  const { account, address } = await whom(tx, question.typed);
  if (!account || !address) return answerUnconfirmed(tx, runtime, question);
  if (!(await mayWriteTo(runtime, account, tx.now))) return note(tx, runtime, account, question, "too many mails");
  const to = { to: address.address, accountId: account.id } as const;
  if (!hasStanding(address)) {
    const params = { ...unconfirmed(runtime, [account]), cameBack: address.verifiedAt !== null };
    await queueMail(tx, runtime, { ...to, message: "reset-not-confirmed", params });
    return note(tx, runtime, account, question, address.verifiedAt ? "mail came back" : "address never confirmed");
  }
  if (account.frozen) {
    const params = { username: account.username, frozenAt: account.frozen.at, caseUrl: caseUrl(runtime) };
    await queueMail(tx, runtime, { ...to, message: "reset-frozen", params });
    return note(tx, runtime, account, question, "frozen");
  }
  const { token, expiresAt } = await issueResetLink(tx, runtime.random, {
    accountId: account.id,
    addressId: address.id,
  });
  const resetUrl = new URL(`/reset/${token.reveal()}`, runtime.publicUrl).href;
  await queueMail(tx, runtime, {
    ...to,
    message: "password-reset",
    params: { username: account.username, resetUrl, expiresAt },
  });
  return note(tx, runtime, account, question, "link");
}

/** The account a text means, and the address to write to: the one that was typed, or else the primary one. */
async function whom(
  reader: Reader,
  typed: string,
): Promise<{ readonly account: Account | null; readonly address: Address | null }> {
  const parsed = typed.includes("@") ? parseAddress(typed) : null;
  if (parsed && !parsed.ok) return { account: null, address: null };
  const account = parsed
    ? await findAccountByVerifiedAddress(reader, parsed.value.folded)
    : await findAccountByName(reader, typed);
  const addresses = account ? await listAddresses(reader, account.id) : [];
  const address = parsed
    ? addresses.find((one) => one.folded === parsed.value.folded)
    : (addresses.find(hasStanding) ?? addresses.find((one) => one.verifiedAt) ?? addresses[0]); // the primary one comes first
  return { account, address: address ?? null };
}

/** For an address that is on an account and was never confirmed: no link, since it may be a stranger's by a slip. */
export async function answerUnconfirmed(tx: Tx, runtime: Runtime, question: Question): Promise<void> {
  const parsed = question.typed.includes("@") ? parseAddress(question.typed) : null;
  const holders = parsed?.ok ? await listUnverifiedHolders(tx, parsed.value.folded, MOST_HOLDERS) : [];
  const first = holders[0];
  if (!first || !(await mayWriteTo(runtime, first.account, tx.now))) return;
  await queueMail(tx, runtime, {
    to: first.address.address,
    message: "reset-not-confirmed",
    params: unconfirmed(
      runtime,
      holders.map((one) => one.account),
    ),
    accountId: first.account.id,
  });
  for (const { account } of holders) note(tx, runtime, account, question, "address never confirmed");
}

const caseUrl = (runtime: Runtime): string => new URL("/recovery", runtime.publicUrl).href;
const unconfirmed = (runtime: Runtime, accounts: readonly Account[]) => ({
  usernames: accounts.map((one) => one.username),
  caseUrl: caseUrl(runtime),
});

function note(tx: Tx, runtime: Runtime, account: Account, { source }: Question, answer: string): void {
  audit(tx, runtime.random, {
    act: "sign-in/reset-asked",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { answer },
    personal: { ...source },
  });
}

/** What a link may do: choose a new password; or only open a recovery case, since nothing but the mailbox is shown. */
export type ResetStanding = "password" | "case-only";

export interface ResetForm {
  readonly account: Account;
  readonly link: ResetLink;
  readonly standing: ResetStanding;
  readonly hasSecondFactor: boolean;
}

/** What the page behind a link shows. Looking changes nothing: mail scanners follow links. */
export async function peekReset(reader: Reader, token: string, now: Date): Promise<Result<ResetForm>> {
  const link = await peekResetLink(reader, token, now);
  return link.ok ? formOf(reader, link.value, now) : link;
}

async function formOf(reader: Reader, link: ResetLink, now: Date): Promise<Result<ResetForm>> {
  const account = await findAccount(reader, link.accountId);
  if (!account) return refuse(oneTimeRefusals.unknown());
  if (account.frozen) return refuse(signInRefusals["reset-frozen"]());
  const isSecondBound = await hasSecondFactor(reader, account.id);
  const isEnough = isSecondBound || !(await hasSomethingToSteal(reader, account, now));
  return ok({ account, link, hasSecondFactor: isSecondBound, standing: isEnough ? "password" : "case-only" });
}

/** As tier 0 of the recovery policy: no projects, roles, organisations, tokens; and no place at the desk. */
async function hasSomethingToSteal(reader: Reader, account: Account, now: Date): Promise<boolean> {
  const impact = await impactOf(reader, account.id, now);
  if (impact.ownedProjects + impact.roles + impact.ownedOrganisations + impact.liveTokens > 0) return true;
  return (await listStaffRoles(reader, account.id)).length > 0;
}

export interface Reset {
  readonly token: string;
  readonly password: Secret<string>;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

export interface HasReset {
  readonly account: Account;
  /** For the cookie: a mailbox was shown in this browser, so it need not be confirmed with one once more. */
  readonly deviceToken: Secret<string>;
}

/**
 * Sets a new password with a link, which is spent. Ends every session and half-done sign-in, and tells every address;
 * nobody is signed in, and the second factor stays as it is (ASVS 5.0 6.4.3). API tokens stay: a mailbox alone must not
 * stop somebody's releases. A password that does not do leaves the link unspent.
 */
export async function resetPassword(runtime: Runtime, reset: Reset): Promise<Result<HasReset>> {
  const { token, now, source } = reset;
  const form = await peekReset(runtime.db, token, now);
  if (!form.ok) return form;
  if (form.value.standing === "case-only") return refuse(signInRefusals["reset-needs-case"]());
  const counted = await countAttempt(runtime.db, { bucket: `reset-link:${form.value.link.id}`, ...TRIES }, now);
  if (!counted.ok) return counted;
  const { account, hasSecondFactor: isSecondBound } = form.value;
  const addresses = await listAddresses(runtime.db, account.id);
  const words = [account.username, ...addresses.map((one) => one.address)];
  const prepared = await preparePassword(runtime, reset.password, { hasSecondFactor: isSecondBound, words });
  if (!prepared.ok) return prepared;
  return transact(runtime.db, { now }, async (tx): Promise<Result<HasReset>> => {
    await lockAccount(tx, account.id); // a freeze that comes at this moment waits, or is seen
    const spent = await spendResetLink(tx, token);
    if (!spent.ok) return spent;
    const current = await formOf(tx, spent.value, now);
    if (!current.ok) return current;
    if (current.value.standing === "case-only") return refuse(signInRefusals["reset-needs-case"]());
    const actor = { kind: "anyone" } as const; // shows a mailbox, which is nobody signed in
    await bindPassword(tx, runtime.random, account.id, prepared.value, "mail-reset", spent.value.address.domain);
    const sessions = await endAllSessions(tx, runtime.random, {
      accountId: account.id,
      because: "password reset by mail",
      actor,
    });
    await endCeremonies(tx, account.id);
    // Somebody who guessed at the name must not keep its owner waiting.
    for (const name of [account.username, ...addresses.map((one) => one.address)])
      await clearName(tx, nameBucket(runtime, "sign-in", name));
    audit(tx, runtime.random, {
      act: "authenticators/password-reset",
      actor,
      accountId: account.id,
      facts: { sessions, address: spent.value.address.id, secondFactor: isSecondBound },
      personal: { ...source },
    });
    await tellAddresses(tx, runtime, account, source);
    const device = await recogniseDevice(tx, runtime.random, account.id, reset.deviceToken);
    return ok({ account, deviceToken: device.token });
  });
}

async function tellAddresses(tx: Tx, runtime: Runtime, account: Account, source: Source): Promise<void> {
  const since = new Date(tx.now.getTime() - TOLD_AFTER_REMOVAL_DAYS * DAY_MS);
  const addresses = (await listAddresses(tx, account.id, since)).filter((one) => one.verifiedAt);
  for (const to of new Set(addresses.map((one) => one.address))) {
    await queueMail(tx, runtime, {
      to,
      message: "password-reset-done",
      params: { username: account.username, when: tx.now, source: source.ip },
      accountId: account.id,
    });
  }
}
