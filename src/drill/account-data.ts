import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";

interface AccountDataTables {
  drill_tests: { account_id: AccountId; way: string; tested_at: Date };
  drill_challenges: { account_id: AccountId; way: string; expires_at: Date };
  drill_reminders: {
    account_id: AccountId;
    next_at: Date;
    last_sent_at: Date | null;
    put_off_until: Date | null;
  };
}

const own = (reader: Reader): Kysely<AccountDataTables> => reader.as<AccountDataTables>();

/** What an account's drills left, for its owner. What a test asks just now is not in it. */
export async function drillData(reader: Reader, accountId: AccountId) {
  const tests = await own(reader)
    .selectFrom("drill_tests")
    .select(["way", "tested_at as testedAt"])
    .where("account_id", "=", accountId)
    .orderBy("way")
    .execute();
  const reminders = await own(reader)
    .selectFrom("drill_reminders")
    .select(["next_at as nextAt", "last_sent_at as lastSentAt", "put_off_until as putOffUntil"])
    .where("account_id", "=", accountId)
    .execute();
  return { tests, reminders };
}

/** Deletes what an account's drills left. */
export async function eraseDrills(tx: Tx, accountId: AccountId): Promise<void> {
  for (const table of ["drill_tests", "drill_challenges", "drill_reminders"] as const)
    await own(tx).deleteFrom(table).where("account_id", "=", accountId).execute();
}

/** Deletes what tests asked for, once that is over. Returns how many. */
export async function deleteOldChallenges(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx).deleteFrom("drill_challenges").where("expires_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}
