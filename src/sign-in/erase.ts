import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";

/** Deletes what is left of an account's unfinished sign-ins. */
export async function eraseCeremonies(tx: Tx, accountId: AccountId): Promise<void> {
  await tx
    .as<{ sign_in_ceremonies: { account_id: AccountId | null } }>()
    .deleteFrom("sign_in_ceremonies")
    .where("account_id", "=", accountId)
    .execute();
}
