import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Reminded } from "./types.ts";

interface DrillTables {
  drill_tests: { account_id: AccountId; way: string; tested_at: Date };
  drill_challenges: { account_id: AccountId; way: string; value: string; expires_at: Date };
  drill_reminders: {
    account_id: AccountId;
    next_at: Date;
    last_sent_at: Date | null;
    put_off_until: Date | null;
  };
}

const own = (reader: Reader): Kysely<DrillTables> => reader.as<DrillTables>() as Kysely<DrillTables>; // a transaction writes as a database does

/** When each way of the account last passed a drill. */
export async function listTests(reader: Reader, accountId: AccountId): Promise<ReadonlyMap<string, Date>> {
  const rows = await own(reader)
    .selectFrom("drill_tests")
    .select(["way", "tested_at"])
    .where("account_id", "=", accountId)
    .execute();
  return new Map(rows.map((row) => [row.way, row.tested_at]));
}

export async function setTested(tx: Tx, accountId: AccountId, way: string): Promise<void> {
  await own(tx)
    .insertInto("drill_tests")
    .values({ account_id: accountId, way, tested_at: tx.now })
    .onConflict((conflict) => conflict.columns(["account_id", "way"]).doUpdateSet({ tested_at: tx.now }))
    .execute();
}

/** Stores what is to be answered; it replaces what was to be answered before. */
export async function setChallenge(
  tx: Tx,
  row: { readonly accountId: AccountId; readonly way: string; readonly value: string; readonly expiresAt: Date },
): Promise<void> {
  const values = { account_id: row.accountId, way: row.way, value: row.value, expires_at: row.expiresAt };
  await own(tx)
    .insertInto("drill_challenges")
    .values(values)
    .onConflict((conflict) => conflict.columns(["account_id", "way"]).doUpdateSet(values))
    .execute();
}

/** What is to be answered for a way now; null where nothing is. */
export async function findChallenge(
  reader: Reader,
  accountId: AccountId,
  way: string,
  now: Date,
): Promise<string | null> {
  const row = await own(reader)
    .selectFrom("drill_challenges")
    .select("value")
    .where("account_id", "=", accountId)
    .where("way", "=", way)
    .where("expires_at", ">", now)
    .executeTakeFirst();
  return row?.value ?? null;
}

/** Ends a challenge that was answered. @returns false where somebody else answered it first, or it was replaced */
export async function deleteChallenge(tx: Tx, accountId: AccountId, way: string, value: string): Promise<boolean> {
  const gone = await own(tx)
    .deleteFrom("drill_challenges")
    .where("account_id", "=", accountId)
    .where("way", "=", way)
    .where("value", "=", value)
    .where("expires_at", ">", tx.now)
    .executeTakeFirst();
  return gone.numDeletedRows === 1n;
}

/** The newest account that has a row for reminders; ids sort by age. */
export async function newestReminded(reader: Reader): Promise<AccountId | null> {
  const row = await own(reader)
    .selectFrom("drill_reminders")
    .select((is) => is.fn.max("account_id").as("newest"))
    .executeTakeFirst();
  return row?.newest ?? null;
}

export async function insertReminders(
  tx: Tx,
  rows: readonly { readonly accountId: AccountId; readonly nextAt: Date }[],
): Promise<void> {
  if (rows.length === 0) return;
  await own(tx)
    .insertInto("drill_reminders")
    .values(
      rows.map((row) => ({
        account_id: row.accountId,
        next_at: row.nextAt,
        last_sent_at: null,
        put_off_until: null,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Accounts to be looked at, the longest due first. */
export async function listDue(reader: Reader, now: Date, most: number): Promise<readonly AccountId[]> {
  const rows = await own(reader)
    .selectFrom("drill_reminders")
    .select("account_id")
    .where("next_at", "<=", now)
    .orderBy("next_at")
    .limit(most)
    .execute();
  return rows.map((row) => row.account_id);
}

/** Takes one account's row until the end of the transaction; null where it is not due any more, or another has it. */
export async function takeDue(tx: Tx, accountId: AccountId): Promise<Reminded | null> {
  const row = await own(tx)
    .selectFrom("drill_reminders")
    .select(["last_sent_at", "put_off_until"])
    .where("account_id", "=", accountId)
    .where("next_at", "<=", tx.now)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row ? { lastSentAt: row.last_sent_at, putOffUntil: row.put_off_until } : null;
}

/** Notes when to look again and, where a reminder went out, that it did; what was put off is then over. */
export async function setLooked(tx: Tx, accountId: AccountId, nextAt: Date, isSent: boolean): Promise<void> {
  await own(tx)
    .updateTable("drill_reminders")
    .set({ next_at: nextAt, ...(isSent ? { last_sent_at: tx.now, put_off_until: null } : {}) })
    .where("account_id", "=", accountId)
    .execute();
}

export async function setPutOff(tx: Tx, accountId: AccountId, until: Date): Promise<void> {
  await own(tx)
    .updateTable("drill_reminders")
    .set({ next_at: until, put_off_until: until })
    .where("account_id", "=", accountId)
    .execute();
}
