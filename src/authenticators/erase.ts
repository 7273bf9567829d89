import { type Kysely, sql } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, AuthenticatorId } from "../kernel/ids.ts";

interface ErasureTables {
  authenticators: {
    id: AuthenticatorId;
    account_id: AccountId;
    kind: string;
    name: string;
    state: string;
    bound_at: Date;
    last_used_at: Date | null;
    consecutive_failures: number;
    ended_at: Date | null;
    ended_because: string | null;
    detail: Readonly<Record<string, unknown>>;
    sealed: Buffer | null;
  };
  passkeys: {
    authenticator_id: AuthenticatorId;
    account_id: AccountId;
    credential_id: Buffer;
    sign_count: bigint;
    is_backup_eligible: boolean;
    is_backed_up: boolean;
    aaguid: string;
    transports: string[];
    copy_suspected_at: Date | null;
  };
  passkey_user_handles: { account_id: AccountId };
}

const own = (reader: Reader): Kysely<ErasureTables> => reader.as<ErasureTables>();

/** Every authenticator ever bound that is still on record, without anything that is secret. For its owner. */
export function listEveryAuthenticator(reader: Reader, accountId: AccountId) {
  return own(reader)
    .selectFrom("authenticators")
    .select(["id", "kind", "name", "state", "bound_at as boundAt", "last_used_at as lastUsedAt"])
    .select(["consecutive_failures as failuresInARow", "ended_at as endedAt", "ended_because as endedBecause"])
    .select(sql<string | null>`detail->>'setAt'`.as("setAt"))
    .select(sql<string | null>`detail->>'origin'`.as("origin"))
    .select(sql<string | null>`detail->>'fileName'`.as("fileName"))
    .select(sql<string | null>`detail->>'checkedAt'`.as("checkedAt"))
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
}

/** What passkeys said about themselves when they were made or used, removed ones too. For their owner. */
export async function listEveryPasskey(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("passkeys")
    .select(["authenticator_id as id", "credential_id as credentialId", "sign_count as signCount", "aaguid"])
    .select(["is_backup_eligible as isBackupEligible", "is_backed_up as isBackedUp", "transports"])
    .select("copy_suspected_at as copySuspectedAt")
    .where("account_id", "=", accountId)
    .orderBy("authenticator_id")
    .execute();
  return rows.map(({ credentialId, signCount, ...row }) => ({
    ...row,
    credentialId: credentialId.toString("base64url"),
    signCount: Number(signCount),
  }));
}

/** Deletes every authenticator of an account. @returns their ids, by which used time steps are kept */
export async function eraseAuthenticators(tx: Tx, accountId: AccountId): Promise<readonly AuthenticatorId[]> {
  await own(tx).deleteFrom("passkeys").where("account_id", "=", accountId).execute();
  await own(tx).deleteFrom("passkey_user_handles").where("account_id", "=", accountId).execute();
  const rows = await own(tx).deleteFrom("authenticators").where("account_id", "=", accountId).returning("id").execute();
  return rows.map((row) => row.id);
}

/**
 * Erases what authenticators that ended before a moment were checked by: hashes of passwords, secrets of apps. That they
 * were bound and ended stays (SP 800-63B-4 §4.1). Returns how many.
 */
export async function eraseEndedSecrets(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({ detail: sql`detail - 'phc' - 'keyId'`, sealed: null })
    .where("state", "=", "revoked")
    .where("ended_at", "<", before)
    .where((is) => is.or([is("sealed", "is not", null), sql<boolean>`jsonb_exists(detail, 'phc')`]))
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** How many passwords in use have their pepper from a master key. Each moves to the newest at its next sign-in. */
export async function countPasswordsUnder(reader: Reader, keyId: string): Promise<number> {
  const { count } = await own(reader)
    .selectFrom("authenticators")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("kind", "=", "password")
    .where("state", "!=", "revoked")
    .where(sql<boolean>`detail->>'keyId' = ${keyId}`)
    .executeTakeFirstOrThrow();
  return Number(count);
}
