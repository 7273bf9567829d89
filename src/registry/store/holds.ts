import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId } from "../../kernel/ids.ts";
import type { Hold } from "../types.ts";
import { own } from "./tables.ts";

export async function insertHold(tx: Tx, hold: Omit<Hold, "placedAt">): Promise<void> {
  await own(tx)
    .insertInto("holds")
    .values({
      id: hold.id,
      account_id: hold.accountId,
      powers: [...hold.powers],
      case_id: hold.caseId,
      placed_at: tx.now,
      until: hold.until,
      because: hold.because,
    })
    .execute();
}

/** Holds that have not ended, the one that ends last first. */
export async function selectActiveHolds(reader: Reader, accountId: AccountId, now: Date): Promise<readonly Hold[]> {
  const rows = await own(reader)
    .selectFrom("holds")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("until", ">", now)
    .orderBy("until", "desc")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    powers: row.powers,
    caseId: row.case_id,
    placedAt: row.placed_at,
    until: row.until,
    because: row.because,
  }));
}
