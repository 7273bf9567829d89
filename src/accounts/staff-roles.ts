import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { StaffRole } from "./types.ts";

interface StaffTables {
  staff_roles: { account_id: AccountId; role: StaffRole; granted_at: Date; granted_by: string | null };
  accounts: { id: AccountId; username: string };
}

const own = (reader: Reader): Kysely<StaffTables> => reader.as<StaffTables>();

export async function insertStaffRole(tx: Tx, accountId: AccountId, role: StaffRole, by: string | null): Promise<void> {
  await own(tx)
    .insertInto("staff_roles")
    .values({ account_id: accountId, role, granted_at: tx.now, granted_by: by })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Roles at the desk; empty for everybody else. */
export async function listStaffRoles(reader: Reader, accountId: AccountId): Promise<readonly StaffRole[]> {
  const rows = await own(reader).selectFrom("staff_roles").select("role").where("account_id", "=", accountId).execute();
  return rows.map((row) => row.role);
}

/** Everybody with a role at the desk. */
export async function listStaff(
  reader: Reader,
): Promise<readonly { readonly id: AccountId; readonly username: string; readonly roles: readonly StaffRole[] }[]> {
  const rows = await own(reader)
    .selectFrom("staff_roles")
    .innerJoin("accounts", "accounts.id", "staff_roles.account_id")
    .select(["accounts.id", "accounts.username", "staff_roles.role"])
    .orderBy("accounts.username")
    .execute();
  return [...Map.groupBy(rows, (row) => row.id).values()].map((ofOne) => ({
    id: ofOne[0]!.id, // a group has at least one row
    username: ofOne[0]!.username,
    roles: ofOne.map((row) => row.role),
  }));
}

/** Whether anybody holds this role: an installation without an administrator prints its first-start link. */
export async function isRoleHeld(reader: Reader, role: StaffRole): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("staff_roles")
    .select("role")
    .where("role", "=", role)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
