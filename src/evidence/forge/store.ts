import type { Kysely } from "kysely";
import type { SshPublicKey } from "../../kernel/crypto/sshsig.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, ForgeIdentityId } from "../../kernel/ids.ts";

interface ForgeTables {
  forge_identities: {
    id: ForgeIdentityId;
    account_id: AccountId;
    host: string;
    name: string;
    asked_at: Date;
    nonce: string | null;
    nonce_until: Date | null;
    bound_at: Date | null;
    proven_by: string | null;
    last_asked_at: Date | null;
    last_answered_at: Date | null;
    missing_nights: number;
    removed_at: Date | null;
    removed_because: string | null;
  };
  forge_keys: {
    identity_id: ForgeIdentityId;
    fingerprint: string;
    type: string;
    blob: Buffer;
    is_hardware: boolean;
    first_seen_at: Date;
    last_seen_at: Date;
    gone_at: Date | null;
    leaked_at: Date | null;
  };
}

const own = (reader: Reader): Kysely<ForgeTables> => reader.as<ForgeTables>() as Kysely<ForgeTables>; // a transaction writes as a database does

type IdentityRow = ForgeTables["forge_identities"];

/** An account at a forge. */
export interface ForgeIdentity {
  readonly id: ForgeIdentityId;
  readonly accountId: AccountId;
  readonly host: string;
  readonly name: string;
}

export interface PendingForge extends ForgeIdentity {
  readonly nonce: string;
  readonly nonceUntil: Date;
}

export interface BoundForge extends ForgeIdentity {
  readonly boundAt: Date;
  readonly lastAnsweredAt: Date | null;
  readonly missingNights: number;
}

/** A key on a forge's list, and since when it was seen there. */
export interface PinnedKey {
  readonly identityId: ForgeIdentityId;
  readonly fingerprint: string;
  readonly type: string;
  readonly firstSeenAt: Date;
  readonly goneAt: Date | null;
  readonly leakedAt: Date | null;
}

/** Keeps an identity that waits for its signature, in place of one that waited before. */
export async function setPendingForge(tx: Tx, pending: PendingForge): Promise<void> {
  await deletePendingForge(tx, pending.accountId);
  await own(tx)
    .insertInto("forge_identities")
    .values({
      id: pending.id,
      account_id: pending.accountId,
      host: pending.host,
      name: pending.name,
      asked_at: tx.now,
      nonce: pending.nonce,
      nonce_until: pending.nonceUntil,
      bound_at: null,
      proven_by: null,
      last_asked_at: null,
      last_answered_at: null,
      missing_nights: 0,
      removed_at: null,
      removed_because: null,
    })
    .execute();
}

export async function deletePendingForge(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .deleteFrom("forge_identities")
    .where("account_id", "=", accountId)
    .where("bound_at", "is", null)
    .execute();
}

/** Forgets forge accounts whose hour for the signature is over. */
export async function deleteStaleForges(tx: Tx): Promise<void> {
  await own(tx)
    .deleteFrom("forge_identities")
    .where("bound_at", "is", null)
    .where("nonce_until", "<=", tx.now)
    .execute();
}

export async function selectPendingForge(
  reader: Reader,
  accountId: AccountId,
  now: Date,
): Promise<PendingForge | null> {
  const row = await own(reader)
    .selectFrom("forge_identities")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("bound_at", "is", null)
    .where("nonce_until", ">", now)
    .executeTakeFirst();
  return row?.nonce && row.nonce_until ? { ...toIdentity(row), nonce: row.nonce, nonceUntil: row.nonce_until } : null;
}

/** Binds the waiting identity. @returns false where it is no longer the one that was asked about */
export async function setForgeBound(tx: Tx, pending: PendingForge, provenBy: string): Promise<boolean> {
  const bound = await own(tx)
    .updateTable("forge_identities")
    .set({
      bound_at: tx.now,
      proven_by: provenBy,
      nonce: null,
      nonce_until: null,
      last_asked_at: tx.now,
      last_answered_at: tx.now,
    })
    .where("id", "=", pending.id)
    .where("nonce", "=", pending.nonce)
    .executeTakeFirst();
  return bound.numUpdatedRows === 1n;
}

export async function selectForges(reader: Reader, accountId: AccountId): Promise<readonly BoundForge[]> {
  const rows = await own(reader)
    .selectFrom("forge_identities")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("bound_at", "is not", null)
    .where("removed_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.flatMap(toBound);
}

/** Identities that were not asked about since `before`, those that waited longest first. */
export async function selectDueForges(reader: Reader, before: Date, most: number): Promise<readonly BoundForge[]> {
  const rows = await own(reader)
    .selectFrom("forge_identities")
    .selectAll()
    .where("bound_at", "is not", null)
    .where("removed_at", "is", null)
    .where("last_asked_at", "<", before)
    .orderBy("last_asked_at")
    .limit(most)
    .execute();
  return rows.flatMap(toBound);
}

/** Notes what came of asking. @returns false where the identity was removed meanwhile */
export async function noteAsked(
  tx: Tx,
  id: ForgeIdentityId,
  what: { readonly missingNights: number; readonly isAnswered: boolean },
): Promise<boolean> {
  const noted = await own(tx)
    .updateTable("forge_identities")
    .set({
      last_asked_at: tx.now,
      missing_nights: what.missingNights,
      ...(what.isAnswered ? { last_answered_at: tx.now } : {}),
    })
    .where("id", "=", id)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  return noted.numUpdatedRows === 1n;
}

/** @returns the identity that ended; null where the account has none such */
export async function setForgeRemoved(
  tx: Tx,
  which: { readonly id: ForgeIdentityId; readonly accountId: AccountId },
  because: string,
): Promise<BoundForge | null> {
  const row = await own(tx)
    .updateTable("forge_identities")
    .set({ removed_at: tx.now, removed_because: because })
    .where("id", "=", which.id)
    .where("account_id", "=", which.accountId)
    .where("bound_at", "is not", null)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? (toBound(row)[0] ?? null) : null;
}

// Keys.

export async function selectPinned(reader: Reader, ids: readonly ForgeIdentityId[]): Promise<readonly PinnedKey[]> {
  if (ids.length === 0) return [];
  const rows = await own(reader)
    .selectFrom("forge_keys")
    .selectAll()
    .where("identity_id", "in", [...ids])
    .orderBy("first_seen_at")
    .orderBy("fingerprint")
    .execute();
  return rows.map(toPinned);
}

/** A key that is on the list now: first seen now if it is new or came back. One whose private part leaked stays as it is. */
export async function setSeen(tx: Tx, identityId: ForgeIdentityId, key: SshPublicKey, isNew: boolean): Promise<void> {
  const seen = { last_seen_at: tx.now, gone_at: null, ...(isNew ? { first_seen_at: tx.now } : {}) };
  await own(tx)
    .insertInto("forge_keys")
    .values({
      identity_id: identityId,
      fingerprint: key.fingerprint,
      type: key.type,
      blob: key.blob,
      is_hardware: key.hardware,
      first_seen_at: tx.now,
      last_seen_at: tx.now,
      gone_at: null,
      leaked_at: null,
    })
    .onConflict((conflict) => conflict.columns(["identity_id", "fingerprint"]).doUpdateSet(seen))
    .execute();
}

export async function setGone(tx: Tx, identityId: ForgeIdentityId, fingerprints: readonly string[]): Promise<void> {
  if (fingerprints.length === 0) return;
  await own(tx)
    .updateTable("forge_keys")
    .set({ gone_at: tx.now })
    .where("identity_id", "=", identityId)
    .where("fingerprint", "in", [...fingerprints])
    .where("gone_at", "is", null)
    .execute();
}

/** Marks a key as leaked wherever it is pinned. @returns the accounts whose it was until now */
export async function setLeaked(tx: Tx, fingerprint: string): Promise<readonly AccountId[]> {
  const rows = await own(tx)
    .updateTable("forge_keys")
    .set({ leaked_at: tx.now })
    .from("forge_identities")
    .whereRef("forge_identities.id", "=", "forge_keys.identity_id")
    .where("fingerprint", "=", fingerprint)
    .where("leaked_at", "is", null)
    .where("removed_at", "is", null)
    .returning("forge_identities.account_id")
    .execute();
  return [...new Set(rows.map((row) => row.account_id))];
}

/** The account's pins of a key, with the forge account each belongs to. */
export async function selectPinsOf(
  reader: Reader,
  accountId: AccountId,
  fingerprint: string,
): Promise<readonly { readonly forge: BoundForge; readonly key: PinnedKey }[]> {
  const forges = await selectForges(reader, accountId);
  const keys = await selectPinned(
    reader,
    forges.map(({ id }) => id),
  );
  return keys
    .filter((key) => key.fingerprint === fingerprint)
    .flatMap((key) => forges.filter(({ id }) => id === key.identityId).map((forge) => ({ forge, key })));
}

// For the account's export and its end.

export async function listEveryForge(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("forge_identities")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
  const keys = await selectPinned(
    reader,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, keys: keys.filter(({ identityId }) => identityId === row.id) }));
}

/** Its keys go with it. */
export async function deleteForges(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("forge_identities").where("account_id", "=", accountId).execute();
}

const toIdentity = (row: IdentityRow): ForgeIdentity => ({
  id: row.id,
  accountId: row.account_id,
  host: row.host,
  name: row.name,
});

const toBound = (row: IdentityRow): readonly BoundForge[] =>
  row.bound_at === null
    ? []
    : [
        {
          ...toIdentity(row),
          boundAt: row.bound_at,
          lastAnsweredAt: row.last_answered_at,
          missingNights: row.missing_nights,
        },
      ];

const toPinned = (row: ForgeTables["forge_keys"]): PinnedKey => ({
  identityId: row.identity_id,
  fingerprint: row.fingerprint,
  type: row.type,
  firstSeenAt: row.first_seen_at,
  goneAt: row.gone_at,
  leakedAt: row.leaked_at,
});
