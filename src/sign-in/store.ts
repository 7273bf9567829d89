import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, AuthenticatorId, CeremonyId } from "../kernel/ids.ts";
import type { Factor } from "../sessions/index.ts";

/** What the second-factor step signs in to. */
export type Purpose = "subscriber" | "staff";

interface CeremonyTables {
  sign_in_ceremonies: {
    id: CeremonyId;
    account_id: AccountId;
    digest: Buffer;
    purpose: Purpose;
    password_at: Date;
    password_id: AuthenticatorId | null;
    started_at: Date;
    expires_at: Date;
    ended_at: Date | null;
    factors: Factor[];
    confirming_since: Date | null;
  };
}

/** A sign-in in which the password was right, and something is still to come. */
export interface Ceremony {
  readonly id: CeremonyId;
  readonly accountId: AccountId;
  readonly purpose: Purpose;
  readonly passwordAt: Date;
  readonly passwordId: AuthenticatorId | null;
  /** What was shown, where nothing but the confirmation of a new browser is to come; empty before. */
  readonly factors: readonly Factor[];
  /** Since when only that confirmation is missing; null before. */
  readonly confirmingSince: Date | null;
}

const own = (reader: Reader): Kysely<CeremonyTables> => reader.as<CeremonyTables>();

export async function insertCeremony(
  tx: Tx,
  row: Ceremony & { readonly digest: Buffer; readonly expiresAt: Date },
): Promise<void> {
  await own(tx)
    .insertInto("sign_in_ceremonies")
    .values({
      id: row.id,
      account_id: row.accountId,
      digest: row.digest,
      purpose: row.purpose,
      password_at: row.passwordAt,
      password_id: row.passwordId,
      started_at: tx.now,
      expires_at: row.expiresAt,
      ended_at: null,
      factors: [...row.factors],
      confirming_since: row.confirmingSince,
    })
    .execute();
}

export async function findCeremonyByDigest(reader: Reader, digest: Buffer, now: Date): Promise<Ceremony | null> {
  const row = await own(reader)
    .selectFrom("sign_in_ceremonies")
    .selectAll()
    .where("digest", "=", digest)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (!row) return null;
  return {
    id: row.id,
    accountId: row.account_id,
    purpose: row.purpose,
    passwordAt: row.password_at,
    passwordId: row.password_id,
    factors: row.factors,
    confirmingSince: row.confirming_since,
  };
}

/**
 * Every factor was right, and the browser is new: the ceremony goes on until its confirmation.
 * @returns false where it had ended
 */
export async function setCeremonyConfirming(
  tx: Tx,
  id: CeremonyId,
  shown: { readonly factors: readonly Factor[]; readonly expiresAt: Date },
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("sign_in_ceremonies")
    .set({ factors: [...shown.factors], confirming_since: tx.now, expires_at: shown.expiresAt })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** @returns false where it had ended: two answers to one ceremony, and the other was first */
export async function setCeremonyEnded(tx: Tx, id: CeremonyId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("sign_in_ceremonies")
    .set({ ended_at: tx.now })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Ends every unfinished ceremony of an account. */
export async function endCeremonies(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .updateTable("sign_in_ceremonies")
    .set({ ended_at: tx.now })
    .where("account_id", "=", accountId)
    .where("ended_at", "is", null)
    .execute();
}

/** Forgets ceremonies a day after their end. */
export async function deleteOldCeremonies(tx: Tx): Promise<void> {
  const dayAgo = new Date(tx.now.getTime() - 24 * 3600 * 1000);
  await own(tx).deleteFrom("sign_in_ceremonies").where("expires_at", "<", dayAgo).execute();
}
