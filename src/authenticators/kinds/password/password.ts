import type { Database, Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import { type AccountId, type AuthenticatorId, newId } from "../../../kernel/ids.ts";
import type { Random } from "../../../kernel/random.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { countAttempt } from "../../../throttle/index.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import {
  countAuthenticatorAttempt,
  findAuthenticator,
  insertAuthenticator,
  type Lane,
  mergeDetail,
  noteSuccess,
  revokeAuthenticators,
} from "../../store.ts";
import type { Authenticator, PasswordOrigin } from "../../types.ts";
import { hashPassword, isOutdated, type PasswordHash, verifyAgainstNothing, verifyPasswordHash } from "./hash.ts";
import { revokeResetLinks } from "./reset-link.ts";
import { checkNewPassword, type PasswordContext } from "./rules.ts";

interface PasswordDetail extends Record<string, unknown>, PasswordHash {
  readonly origin: PasswordOrigin;
  readonly setAt: string;
  /** For a password set by mail: the domain of the mailbox that the link went to. */
  readonly mailboxDomain?: string;
  /** When it was found in a list of leaked passwords. */
  readonly leakedAt?: string;
}

/** What the evidence kind `password` needs to know of the password it saw. */
export interface PasswordFacts {
  readonly id: AuthenticatorId;
  readonly origin: PasswordOrigin;
  readonly setAt: Date;
  /** The domain of the mailbox it was set through; null for one that was not set by mail. */
  readonly mailboxDomain: string | null;
  /** Since when it is known to have leaked: it then proves nothing. */
  readonly leakedAt: Date | null;
}

const detailOf = (authenticator: Authenticator): PasswordDetail => authenticator.detail as PasswordDetail; // written only below

/** A password that passed the rules, hashed before any transaction is opened: hashing takes tens of milliseconds. */
export interface PreparedPassword {
  readonly hash: PasswordHash;
}

/**
 * Checks a new password and hashes it. Refuses short, long, common, context and leaked passwords, with the reason. Where
 * lists of leaked ones cannot be asked just now, that check is left out.
 */
export async function preparePassword(
  runtime: Runtime,
  password: Secret<string>,
  context: Omit<PasswordContext, "words"> & { readonly words?: readonly string[] },
): Promise<Result<PreparedPassword>> {
  const words = [...(context.words ?? []), runtime.indexName, runtime.publicUrl.hostname, "locksmith"];
  const checked = checkNewPassword(password.reveal(), { ...context, words });
  if (!checked.ok) return checked;
  const leaks = (await runtime.countLeaks?.(password)) ?? 0;
  if (leaks > 0) {
    const detail = `It stands ${leaks.toLocaleString("en-GB")} ${leaks === 1 ? "time" : "times"} in lists of stolen passwords.`;
    return refuse(authenticatorRefusals["password-known"]({ detail }));
  }
  return ok({ hash: await hashPassword(runtime.keys, checked.value) });
}

/**
 * Sets the account's password; an older one is revoked, and reset links end. The caller audits and tells the owner.
 * @param mailboxDomain for a reset by mail: the domain of the mailbox
 */
export async function bindPassword(
  tx: Tx,
  random: Random,
  accountId: AccountId,
  prepared: PreparedPassword,
  origin: PasswordOrigin,
  mailboxDomain?: string,
): Promise<void> {
  await revokeAuthenticators(tx, accountId, ["password"], "replaced");
  await revokeResetLinks(tx, accountId, "the password was set");
  const setAt = tx.now.toISOString();
  const detail: PasswordDetail = { ...prepared.hash, origin, setAt, ...(mailboxDomain ? { mailboxDomain } : {}) };
  await insertAuthenticator(tx, {
    id: newId("aut", tx.now, random),
    accountId,
    kind: "password",
    name: "Password",
    state: "active",
    detail,
    sealed: null,
  });
}

/**
 * Verifies a password. The attempt is counted first; for an account that does not exist, or has no password, the same
 * work is done and found wrong. Success must be noted with `notePasswordSuccess` in the act that follows from it.
 */
export async function verifyPassword(
  runtime: Runtime,
  accountId: AccountId | null,
  password: Secret<string>,
  now: Date,
  lane?: Lane,
): Promise<Result<Authenticator>> {
  const authenticator = await findAuthenticator(runtime.db, accountId ?? NOBODY, "password");
  if (!authenticator) {
    await countOnNothing(runtime, now);
    await verifyAgainstNothing(runtime.keys, password.reveal());
    return refuse(authenticatorRefusals.wrong());
  }
  const counted = await countAuthenticatorAttempt(runtime.db, authenticator, now, lane);
  if (!counted.ok) {
    await verifyAgainstNothing(runtime.keys, password.reveal()); // or how long it takes would tell that it is there
    return counted;
  }
  const isRight = await verifyPasswordHash(runtime.keys, detailOf(authenticator), password.reveal());
  return isRight ? ok(authenticator) : refuse(authenticatorRefusals.wrong());
}

/** Whether a new password is the one there is. For somebody who has just shown that one: nothing is counted. */
export const isPassword = (
  runtime: Runtime,
  authenticator: Authenticator,
  password: Secret<string>,
): Promise<boolean> => verifyPasswordHash(runtime.keys, detailOf(authenticator), password.reveal());
/** Nobody's id: looking for their authenticators takes as long as looking for anybody's. */
const NOBODY = "acc_nobody" as AccountId;

/**
 * One small durable write, as counting an attempt on an authenticator is one: without it the answer for a name that does
 * not exist comes a millisecond earlier. Spread over some rows, so that guesses at once do not wait for each other.
 */
async function countOnNothing({ db, random }: Runtime, now: Date): Promise<void> {
  const bucket = `no-password:${random.bytes(1).toString("hex")}`;
  await countAttempt(db, { bucket, limit: Number.POSITIVE_INFINITY, windowSeconds: 3600 }, now);
}

/** A fresh hash where the stored one is below today's parameters; null where it is fine. Made before the transaction. */
export async function rehashIfOutdated(
  runtime: Runtime,
  authenticator: Authenticator,
  password: Secret<string>,
): Promise<PasswordHash | null> {
  return isOutdated(runtime.keys, detailOf(authenticator)) ? hashPassword(runtime.keys, password.reveal()) : null;
}

export async function notePasswordSuccess(
  tx: Tx,
  authenticator: Authenticator,
  rehashed: PasswordHash | null,
): Promise<void> {
  await noteSuccess(tx, authenticator.id);
  if (rehashed) await mergeDetail(tx, authenticator.id, { ...rehashed });
}

/**
 * Whether a password that was just right has leaked: `new` where it turns out now, `known` where it is marked already,
 * null where it has not, or where that cannot be known. What turns out now is to be marked with `markLeaked`.
 */
export async function findLeak(
  runtime: Runtime,
  authenticator: Authenticator,
  password: Secret<string>,
): Promise<"new" | "known" | null> {
  if (detailOf(authenticator).leakedAt !== undefined) return "known";
  return ((await runtime.countLeaks?.(password)) ?? 0) > 0 ? "new" : null;
}

/** Marks a password as leaked. It still signs in, as far as choosing another. */
export const markLeaked = (tx: Tx, id: AuthenticatorId): Promise<void> =>
  mergeDetail(tx, id, { leakedAt: tx.now.toISOString() });

const leakedAt = (detail: PasswordDetail): Date | null => (detail.leakedAt ? new Date(detail.leakedAt) : null);

export const passwordFacts = (authenticator: Authenticator): PasswordFacts => ({
  id: authenticator.id,
  origin: detailOf(authenticator).origin,
  setAt: new Date(detailOf(authenticator).setAt),
  mailboxDomain: detailOf(authenticator).mailboxDomain ?? null,
  leakedAt: leakedAt(detailOf(authenticator)),
});

/** Whether the account has a password, and since when; null where it has none. */
export async function findPasswordFacts(
  reader: Reader | Database,
  accountId: AccountId,
): Promise<PasswordFacts | null> {
  const authenticator = await findAuthenticator(reader, accountId, "password");
  return authenticator ? passwordFacts(authenticator) : null;
}
