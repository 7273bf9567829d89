import type { Database, Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import { type AccountId, newId } from "../../../kernel/ids.ts";
import type { Random } from "../../../kernel/random.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import type { Secret } from "../../../kernel/secret.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import {
  countAuthenticatorAttempt,
  findAuthenticator,
  insertAuthenticator,
  noteSuccess,
  revokeAuthenticators,
  updateDetail,
} from "../../store.ts";
import type { Authenticator, PasswordOrigin } from "../../types.ts";
import { hashPassword, isOutdated, type PasswordHash, verifyAgainstNothing, verifyPasswordHash } from "./hash.ts";
import { checkNewPassword, type PasswordContext } from "./rules.ts";

interface PasswordDetail extends Record<string, unknown>, PasswordHash {
  readonly origin: PasswordOrigin;
  readonly setAt: string;
}

/** What the evidence kind `password` needs to know of the password it saw. */
export interface PasswordFacts {
  readonly origin: PasswordOrigin;
  readonly setAt: Date;
}

const detailOf = (authenticator: Authenticator): PasswordDetail => authenticator.detail as PasswordDetail; // written only below

/** A password that passed the rules, hashed before any transaction is opened: hashing takes tens of milliseconds. */
export interface PreparedPassword {
  readonly hash: PasswordHash;
}

/** Checks a new password and hashes it. Refuses short, long, common and context passwords, with the reason. */
export async function preparePassword(
  runtime: Runtime,
  password: Secret<string>,
  context: Omit<PasswordContext, "words"> & { readonly words?: readonly string[] },
): Promise<Result<PreparedPassword>> {
  const words = [...(context.words ?? []), runtime.indexName, runtime.publicUrl.hostname, "locksmith"];
  const checked = checkNewPassword(password.reveal(), { ...context, words });
  if (!checked.ok) return checked;
  return ok({ hash: await hashPassword(runtime.keys, checked.value) });
}

/** Sets the account's password; an older one is revoked. The caller audits and tells the owner. */
export async function bindPassword(
  tx: Tx,
  random: Random,
  accountId: AccountId,
  prepared: PreparedPassword,
  origin: PasswordOrigin,
): Promise<void> {
  await revokeAuthenticators(tx, accountId, ["password"], "replaced");
  const detail: PasswordDetail = { ...prepared.hash, origin, setAt: tx.now.toISOString() };
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
): Promise<Result<Authenticator>> {
  const authenticator = accountId && (await findAuthenticator(runtime.db, accountId, "password"));
  if (!authenticator) {
    await verifyAgainstNothing(runtime.keys, password.reveal());
    return refuse(authenticatorRefusals.wrong());
  }
  const counted = await countAuthenticatorAttempt(runtime.db, authenticator, now);
  if (!counted.ok) return counted;
  const isRight = await verifyPasswordHash(runtime.keys, detailOf(authenticator), password.reveal());
  return isRight ? ok(authenticator) : refuse(authenticatorRefusals.wrong());
}

/** Whether a new password is the one there is. For somebody who has just shown that one: nothing is counted. */
export const isPassword = (
  runtime: Runtime,
  authenticator: Authenticator,
  password: Secret<string>,
): Promise<boolean> => verifyPasswordHash(runtime.keys, detailOf(authenticator), password.reveal());

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
  if (rehashed) await updateDetail(tx, authenticator.id, { ...authenticator.detail, ...rehashed });
}

export const passwordFacts = (authenticator: Authenticator): PasswordFacts => ({
  origin: detailOf(authenticator).origin,
  setAt: new Date(detailOf(authenticator).setAt),
});

/** Whether the account has a password, and since when; null where it has none. */
export async function findPasswordFacts(
  reader: Reader | Database,
  accountId: AccountId,
): Promise<PasswordFacts | null> {
  const authenticator = await findAuthenticator(reader, accountId, "password");
  return authenticator ? passwordFacts(authenticator) : null;
}
