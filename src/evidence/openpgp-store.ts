import { type Kysely, sql } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, SigningKeyId } from "../kernel/ids.ts";
import type { BoundOpenpgpKey, PendingOpenpgpKey } from "./types.ts";

interface OpenpgpTables {
  openpgp_keys: {
    id: SigningKeyId;
    account_id: AccountId;
    fingerprint: string;
    signers: string[];
    blob: Buffer;
    user_ids: string[];
    algorithm: string;
    made_at: Date;
    expires_at: Date | null;
    pasted_at: Date;
    nonce: string | null;
    nonce_until: Date | null;
    bound_at: Date | null;
    changed_at: Date | null;
    revoked_at: Date | null;
    revoked_because: string | null;
  };
}

const own = (reader: Reader): Kysely<OpenpgpTables> => reader.as<OpenpgpTables>() as Kysely<OpenpgpTables>; // a transaction writes as a database does

type Row = OpenpgpTables["openpgp_keys"];
type Described = Pick<Row, "fingerprint" | "signers" | "blob" | "user_ids" | "algorithm" | "made_at" | "expires_at">;

/** Keeps a key that waits for its signature, in place of one that waited before. */
export async function setPendingKey(
  tx: Tx,
  row: Described & Pick<Row, "id" | "account_id" | "nonce" | "nonce_until">,
): Promise<void> {
  await deletePendingKey(tx, row.account_id);
  await own(tx)
    .insertInto("openpgp_keys")
    .values({
      ...row,
      pasted_at: tx.now,
      bound_at: null,
      changed_at: null,
      revoked_at: null,
      revoked_because: null,
    })
    .execute();
}

/** @returns whether there was one */
export async function deletePendingKey(tx: Tx, accountId: AccountId): Promise<boolean> {
  const gone = await own(tx)
    .deleteFrom("openpgp_keys")
    .where("account_id", "=", accountId)
    .where("bound_at", "is", null)
    .executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

/** Forgets keys whose hour for the signature is over. */
export async function deleteStaleKeys(tx: Tx): Promise<void> {
  await own(tx).deleteFrom("openpgp_keys").where("bound_at", "is", null).where("nonce_until", "<=", tx.now).execute();
}

/** The key of an account that waits for its signature; null where none does, or its time is over. */
export async function selectPendingKey(
  reader: Reader,
  accountId: AccountId,
  now: Date,
): Promise<PendingOpenpgpKey | null> {
  const row = await own(reader)
    .selectFrom("openpgp_keys")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("bound_at", "is", null)
    .where("nonce_until", ">", now)
    .executeTakeFirst();
  if (!row || row.nonce === null || row.nonce_until === null) return null;
  return { ...toDescribed(row), nonce: row.nonce, nonceUntil: row.nonce_until };
}

/** Binds the waiting key. @returns false where it is no longer the one that was asked about */
export async function setKeyBound(tx: Tx, which: { readonly id: SigningKeyId; readonly nonce: string }) {
  const bound = await own(tx)
    .updateTable("openpgp_keys")
    .set({ bound_at: tx.now, nonce: null, nonce_until: null })
    .where("id", "=", which.id)
    .where("nonce", "=", which.nonce)
    .executeTakeFirst();
  return bound.numUpdatedRows === 1n;
}

/** Puts a newer export of a bound key in place of the older one; it counts as changed now. */
export async function setKeyRefreshed(tx: Tx, id: SigningKeyId, described: Described): Promise<void> {
  await own(tx)
    .updateTable("openpgp_keys")
    .set({ ...described, changed_at: tx.now })
    .where("id", "=", id)
    .execute();
}

export async function selectOpenpgpKeys(reader: Reader, accountId: AccountId): Promise<readonly BoundOpenpgpKey[]> {
  const rows = await own(reader)
    .selectFrom("openpgp_keys")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("bound_at", "is not", null)
    .where("revoked_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.flatMap(toBound);
}

/** Every binding, on any account, of a key that holds this signer; removed ones included, the oldest first. */
export async function selectOpenpgpBySigner(
  reader: Reader,
  signer: { readonly fingerprint: string | null; readonly id: string },
): Promise<readonly BoundOpenpgpKey[]> {
  let query = own(reader).selectFrom("openpgp_keys").selectAll().where("bound_at", "is not", null);
  // Without a fingerprint (RFC 4880 had only ids) the id's 64 bits find candidates, which are then verified.
  query =
    signer.fingerprint === null
      ? query.where(sql<boolean>`exists (select from unnest(signers) as one where right(one, 16) = ${signer.id})`)
      : query.where(sql<boolean>`signers @> array[${signer.fingerprint}]`);
  return (await query.orderBy("id").limit(MOST_FOUND).execute()).flatMap(toBound);
}

const MOST_FOUND = 20;

/** @returns the key that ended; null where the account has no such key that still counts */
export async function setOpenpgpKeyRevoked(
  tx: Tx,
  which: { readonly id: SigningKeyId; readonly accountId: AccountId },
  because: string,
): Promise<BoundOpenpgpKey | null> {
  const row = await own(tx)
    .updateTable("openpgp_keys")
    .set({ revoked_at: tx.now, revoked_because: because })
    .where("id", "=", which.id)
    .where("account_id", "=", which.accountId)
    .where("bound_at", "is not", null)
    .where("revoked_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? (toBound(row)[0] ?? null) : null;
}

/** Every OpenPGP key of an account, for its export; removed and waiting ones too. */
export async function listEveryOpenpgpKey(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("openpgp_keys")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    ...toDescribed(row),
    signers: row.signers,
    blob: undefined,
    publicKey: row.blob.toString("base64"),
    pastedAt: row.pasted_at,
    nonce: row.nonce,
    nonceUntil: row.nonce_until,
    boundAt: row.bound_at,
    changedAt: row.changed_at,
    revokedAt: row.revoked_at,
    revokedBecause: row.revoked_because,
  }));
}

export async function deleteOpenpgpKeys(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("openpgp_keys").where("account_id", "=", accountId).execute();
}

const toDescribed = (row: Row) => ({
  id: row.id,
  accountId: row.account_id,
  fingerprint: row.fingerprint,
  blob: row.blob,
  userIds: row.user_ids,
  algorithm: row.algorithm,
  madeAt: row.made_at,
  expiresAt: row.expires_at,
});

const toBound = (row: Row): readonly BoundOpenpgpKey[] =>
  row.bound_at === null
    ? []
    : [{ ...toDescribed(row), boundAt: row.bound_at, changedAt: row.changed_at, revokedAt: row.revoked_at }];
