import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";

interface DeletionTables {
  account_deletions: { account_id: AccountId; asked_at: Date; due_at: Date };
}

/** A deletion that was asked for and has not happened yet. */
export interface PendingDeletion {
  readonly accountId: AccountId;
  readonly askedAt: Date;
  readonly dueAt: Date;
}

const own = (reader: Reader): Kysely<DeletionTables> => reader.as<DeletionTables>();
const COLUMNS = ["account_id as accountId", "asked_at as askedAt", "due_at as dueAt"] as const;

/** @returns false where it was asked for before */
export async function insertDeletion(tx: Tx, accountId: AccountId, dueAt: Date): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("account_deletions")
    .values({ account_id: accountId, asked_at: tx.now, due_at: dueAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

export async function findDeletion(reader: Reader, accountId: AccountId): Promise<PendingDeletion | null> {
  const row = await own(reader)
    .selectFrom("account_deletions")
    .select(COLUMNS)
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return row ?? null;
}

/** The same, locked until the transaction ends: it is either done or taken back. */
export async function lockDeletion(tx: Tx, accountId: AccountId): Promise<PendingDeletion | null> {
  const row = await own(tx)
    .selectFrom("account_deletions")
    .select(COLUMNS)
    .where("account_id", "=", accountId)
    .forUpdate()
    .executeTakeFirst();
  return row ?? null;
}

/** @returns false where there was none */
export async function deleteDeletion(tx: Tx, accountId: AccountId): Promise<boolean> {
  const result = await own(tx).deleteFrom("account_deletions").where("account_id", "=", accountId).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Accounts whose days are over, the first asked first, after an id so that one that must wait holds up no other. */
export async function listDeletionsDue(
  reader: Reader,
  now: Date,
  after: AccountId | null,
  limit: number,
): Promise<readonly AccountId[]> {
  let query = own(reader).selectFrom("account_deletions").select("account_id").where("due_at", "<=", now);
  if (after !== null) query = query.where("account_id", ">", after);
  const rows = await query.orderBy("account_id").limit(limit).execute();
  return rows.map((row) => row.account_id);
}
