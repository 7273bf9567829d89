import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, AddressId } from "../kernel/ids.ts";

/* What is left of an account that is gone, and of addresses and registrations whose time is over. */

interface ErasureTables {
  accounts: {
    id: AccountId;
    username: string;
    username_folded: string;
    created_at: Date;
    last_active_at: Date;
    frozen_at: Date | null;
    frozen_because: string | null;
    frozen_case_id: string | null;
    frozen_until: Date | null;
  };
  addresses: { id: AddressId; account_id: AccountId; verified_at: Date | null; removed_at: Date | null };
  staff_roles: { account_id: AccountId; role: string; granted_at: Date };
  retired_usernames: { username_folded: string; retired_at: Date };
}

const own = (reader: Reader): Kysely<ErasureTables> => reader.as<ErasureTables>();

/** The name on the row of an account that is gone. Has a space, which no username has. */
export const DELETED_NAME = "deleted account";

/** Whether a name, folded, was that of an account that was deleted. */
export async function isNameRetired(reader: Reader, folded: string): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("retired_usernames")
    .select("username_folded")
    .where("username_folded", "=", folded)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Erases an account but for its id, which published files and events name. The row stays frozen, so that nothing that
 * was under way can use it. @param options.retiresName false frees the name for others: nothing was ever done with it
 * @returns the ids of the addresses it had
 */
export async function eraseAccount(
  tx: Tx,
  id: AccountId,
  options: { readonly retiresName: boolean },
): Promise<readonly AddressId[]> {
  if (options.retiresName) {
    await own(tx)
      .insertInto("retired_usernames")
      .columns(["username_folded", "retired_at"])
      .expression((is) =>
        is
          .selectFrom("accounts")
          .select((of) => ["username_folded", of.val(tx.now).as("retired_at")])
          .where("id", "=", id),
      )
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await own(tx)
    .updateTable("accounts")
    .set({
      username: DELETED_NAME,
      username_folded: id, // unique, and no name folds to it: names have no underscore once folded
      created_at: tx.now,
      last_active_at: tx.now,
      frozen_at: tx.now,
      frozen_because: "owner",
      frozen_case_id: null,
      frozen_until: null, // for good
    })
    .where("id", "=", id)
    .execute();
  await own(tx).deleteFrom("staff_roles").where("account_id", "=", id).execute();
  const addresses = await own(tx).deleteFrom("addresses").where("account_id", "=", id).returning("id").execute();
  return addresses.map((row) => row.id);
}

/** Deletes addresses that were removed from their account before a moment. Returns how many. */
export async function deleteRemovedAddresses(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx).deleteFrom("addresses").where("removed_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/**
 * Accounts registered before a moment and not used since, of which no address was ever confirmed and that have no role
 * at the desk, at most `limit`.
 */
export async function listAbandonedRegistrations(
  reader: Reader,
  before: Date,
  limit: number,
): Promise<readonly AccountId[]> {
  const rows = await own(reader)
    .selectFrom("accounts")
    .select("id")
    .where("created_at", "<", before)
    .where("last_active_at", "<", before)
    .where("username", "!=", DELETED_NAME)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom("addresses")
            .select("addresses.id")
            .whereRef("addresses.account_id", "=", "accounts.id")
            .where("addresses.verified_at", "is not", null),
        ),
      ),
    )
    .where((is) =>
      is.not(
        is.exists(is.selectFrom("staff_roles").select("role").whereRef("staff_roles.account_id", "=", "accounts.id")),
      ),
    )
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Roles at the desk with the date of each. */
export async function listRoleGrants(
  reader: Reader,
  id: AccountId,
): Promise<readonly { readonly role: string; readonly grantedAt: Date }[]> {
  const rows = await own(reader)
    .selectFrom("staff_roles")
    .select(["role", "granted_at as grantedAt"])
    .where("account_id", "=", id)
    .orderBy("role")
    .execute();
  return rows;
}
