import type { Kysely } from "kysely";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { AccountId, AuthenticatorId } from "../../../kernel/ids.ts";
import type { AuthenticatorKind, AuthenticatorState, Passkey } from "../../types.ts";
import type { Assertion, MadePasskey } from "./verify.ts";

interface PasskeyTables {
  passkeys: {
    authenticator_id: AuthenticatorId;
    account_id: AccountId;
    credential_id: Buffer;
    public_key: Buffer;
    sign_count: bigint;
    is_backup_eligible: boolean;
    is_backed_up: boolean;
    is_discoverable: boolean | null;
    is_user_verifying: boolean;
    aaguid: string;
    transports: string[];
    copy_suspected_at: Date | null;
  };
  passkey_user_handles: { account_id: AccountId; handle: Buffer };
  authenticators: {
    id: AuthenticatorId;
    kind: AuthenticatorKind;
    name: string;
    state: AuthenticatorState;
    bound_at: Date;
    last_used_at: Date | null;
  };
}

const own = (reader: Reader): Kysely<PasskeyTables> => reader.as<PasskeyTables>();

/** @returns false where the credential id is known, on whatever account (WebAuthn L3 §7.1 step 26) */
export async function insertPasskey(
  tx: Tx,
  row: { readonly id: AuthenticatorId; readonly accountId: AccountId; readonly made: MadePasskey },
): Promise<boolean> {
  const { made } = row;
  const inserted = await own(tx)
    .insertInto("passkeys")
    .values({
      authenticator_id: row.id,
      account_id: row.accountId,
      credential_id: Buffer.from(made.credentialId, "base64url"),
      public_key: made.publicKey,
      sign_count: BigInt(made.signCount),
      is_backup_eligible: made.isBackupEligible,
      is_backed_up: made.isBackedUp,
      is_discoverable: made.isDiscoverable,
      is_user_verifying: made.isUserVerified,
      aaguid: made.aaguid,
      transports: [...made.transports],
      copy_suspected_at: null,
    })
    .onConflict((conflict) => conflict.column("credential_id").doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

const joined = (reader: Reader) =>
  own(reader)
    .selectFrom("passkeys")
    .innerJoin("authenticators", "authenticators.id", "passkeys.authenticator_id")
    .select([
      "authenticators.id",
      "passkeys.account_id",
      "authenticators.name",
      "authenticators.state",
      "authenticators.bound_at",
      "authenticators.last_used_at",
      "passkeys.credential_id",
      "passkeys.public_key",
      "passkeys.is_backup_eligible",
      "passkeys.is_backed_up",
      "passkeys.is_discoverable",
      "passkeys.is_user_verifying",
      "passkeys.transports",
      "passkeys.copy_suspected_at",
    ]);

/** The passkeys an account can use, oldest first. An account that does not exist has none. */
export async function listPasskeys(reader: Reader, accountId: AccountId | null): Promise<readonly Passkey[]> {
  const rows = await joined(reader)
    .where("passkeys.account_id", "=", accountId ?? ("" as AccountId)) // no id is empty: the same question, no rows
    .where("authenticators.state", "=", "active")
    .orderBy("authenticators.bound_at")
    .orderBy("authenticators.id")
    .execute();
  return rows.map(toPasskey);
}

/** The passkey with this credential id, whoever's it is, also one that was removed. */
export async function findByCredential(reader: Reader, credentialId: string): Promise<Passkey | null> {
  const row = await joined(reader)
    .where("passkeys.credential_id", "=", Buffer.from(credentialId, "base64url"))
    .executeTakeFirst();
  return row ? toPasskey(row) : null;
}

/**
 * Notes a use: counter and flags. One conditional statement, so that of two answers with one count only one
 * counts. @param isOtherFactorShown whether a password came with it: only then is a PIN, a fingerprint or a face believed
 * from one that was made without (WebAuthn L3 §7.2, `uvInitialized`). @returns false where the counter did not go up; an
 * authenticator without one says 0 for ever
 */
export async function advanceCounter(
  tx: Tx,
  id: AuthenticatorId,
  assertion: Assertion,
  isOtherFactorShown: boolean,
): Promise<boolean> {
  const count = BigInt(assertion.signCount);
  const result = await own(tx)
    .updateTable("passkeys")
    .set({
      sign_count: count,
      is_backed_up: assertion.isBackedUp,
      ...(assertion.isUserVerified && isOtherFactorShown ? { is_user_verifying: true } : {}),
    })
    .where("authenticator_id", "=", id)
    .where((is) => (count === 0n ? is("sign_count", "=", 0n) : is("sign_count", "<", count)))
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function setCopySuspected(tx: Tx, id: AuthenticatorId): Promise<void> {
  await own(tx).updateTable("passkeys").set({ copy_suspected_at: tx.now }).where("authenticator_id", "=", id).execute();
}

/** Keeps the handle an account already has. */
export async function insertHandle(tx: Tx, accountId: AccountId, handle: Buffer): Promise<void> {
  await own(tx)
    .insertInto("passkey_user_handles")
    .values({ account_id: accountId, handle })
    .onConflict((conflict) => conflict.column("account_id").doNothing())
    .execute();
}

/** base64url; null where the account never began to make a passkey, or there is none. */
export async function findHandle(reader: Reader, accountId: AccountId | null): Promise<string | null> {
  const row = await own(reader)
    .selectFrom("passkey_user_handles")
    .select("handle")
    .where("account_id", "=", accountId ?? ("" as AccountId)) // as in `listPasskeys`
    .executeTakeFirst();
  return row ? row.handle.toString("base64url") : null;
}

const toPasskey = (row: {
  id: AuthenticatorId;
  account_id: AccountId;
  name: string;
  state: AuthenticatorState;
  bound_at: Date;
  last_used_at: Date | null;
  credential_id: Buffer;
  public_key: Buffer;
  is_backup_eligible: boolean;
  is_backed_up: boolean;
  is_discoverable: boolean | null;
  is_user_verifying: boolean;
  transports: string[];
  copy_suspected_at: Date | null;
}): Passkey => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  state: row.state,
  boundAt: row.bound_at,
  lastUsedAt: row.last_used_at,
  credentialId: row.credential_id.toString("base64url"),
  publicKey: row.public_key,
  isBackupEligible: row.is_backup_eligible,
  isBackedUp: row.is_backed_up,
  isDiscoverable: row.is_discoverable,
  isUserVerifying: row.is_user_verifying,
  transports: row.transports,
  copySuspectedAt: row.copy_suspected_at,
});
