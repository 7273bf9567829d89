import type { Kysely } from "kysely";
import type { Tx } from "../kernel/db/transact.ts";
import type { AddressId } from "../kernel/ids.ts";

/* The two ways in which an address loses its standing. `setVerified` in store.ts is the one way in which it comes back. */

interface StandingTables {
  addresses: { id: AddressId; verified_at: Date | null; unreachable_at: Date | null };
}

const own = (tx: Tx): Kysely<StandingTables> => tx.as<StandingTables>() as Kysely<StandingTables>;

/** Notes that mail does not arrive at a confirmed address. @returns false where it is not confirmed, or that is known */
export async function setUnreachable(tx: Tx, id: AddressId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("addresses")
    .set({ unreachable_at: tx.now })
    .where("id", "=", id)
    .where("verified_at", "is not", null)
    .where("unreachable_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Takes an address's confirmation: it has to be confirmed again. @returns false where it was not confirmed */
export async function setUnverified(tx: Tx, id: AddressId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("addresses")
    .set({ verified_at: null, unreachable_at: null })
    .where("id", "=", id)
    .where("verified_at", "is not", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
