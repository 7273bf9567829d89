import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Account } from "./types.ts";

interface WalkTables {
  accounts: { id: AccountId; created_at: Date };
}

/**
 * Accounts newer than one and made before a time, the oldest first: for what goes through all of them bit by bit. Ids
 * sort by age.
 */
export async function listAccountsAfter(
  reader: Reader,
  page: { readonly after: AccountId | null; readonly createdBefore: Date; readonly most: number },
): Promise<readonly Pick<Account, "id" | "createdAt">[]> {
  let query = reader
    .as<WalkTables>()
    .selectFrom("accounts")
    .select(["id", "created_at"])
    .where("created_at", "<", page.createdBefore)
    .orderBy("id")
    .limit(page.most);
  if (page.after !== null) query = query.where("id", ">", page.after);
  return (await query.execute()).map((row) => ({ id: row.id, createdAt: row.created_at }));
}
