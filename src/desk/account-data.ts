import type { Tx } from "../kernel/db/transact.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import { own } from "./store.ts";

/** What the desk keeps for one person, for their export. */
export async function deskData(reader: Reader, accountId: AccountId) {
  return own(reader)
    .selectFrom("desk_views")
    .select(["name", "query", "created_at as createdAt"])
    .where("account_id", "=", accountId)
    .orderBy("name")
    .execute();
}

/** Takes away everything the desk keeps for one person, and who was looking at their cases and writing about them. */
export async function eraseDesk(tx: Tx, accountId: AccountId, caseIds: readonly CaseId[]): Promise<void> {
  if (caseIds.length > 0)
    for (const table of ["desk_presence", "desk_drafts"] as const)
      await own(tx)
        .deleteFrom(table)
        .where("case_id", "in", [...caseIds])
        .execute();
  for (const table of ["desk_views", "desk_presence", "desk_drafts"] as const)
    await own(tx).deleteFrom(table).where("account_id", "=", accountId).execute();
}

/** Deletes presence and drafts from before a moment. Returns how many. */
export async function deleteOldDesk(
  tx: Tx,
  before: { readonly presence: Date; readonly drafts: Date },
): Promise<number> {
  const gone = await own(tx).deleteFrom("desk_presence").where("seen_at", "<", before.presence).executeTakeFirst();
  const drafts = await own(tx).deleteFrom("desk_drafts").where("saved_at", "<", before.drafts).executeTakeFirst();
  return Number(gone.numDeletedRows + drafts.numDeletedRows);
}
