import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, type Tx } from "../kernel/db/transact.ts";
import type { AccountId, AddressId, CaseId } from "../kernel/ids.ts";
import { hasStanding } from "./standing.ts";
import type { Account, Address, Freeze, FreezeReason } from "./types.ts";

interface AccountTables {
  accounts: {
    id: AccountId;
    username: string;
    username_folded: string;
    created_at: Date;
    last_active_at: Date;
    frozen_at: Date | null;
    frozen_because: FreezeReason | null;
    frozen_case_id: CaseId | null;
    frozen_until: Date | null;
  };
  addresses: {
    id: AddressId;
    account_id: AccountId;
    address: string;
    address_folded: string;
    domain: string;
    is_primary: boolean;
    added_at: Date;
    verified_at: Date | null;
    removed_at: Date | null;
    unreachable_at: Date | null;
  };
}

const own = (reader: Reader): Kysely<AccountTables> => reader.as<AccountTables>();

export async function insertAccount(
  tx: Tx,
  row: { readonly id: AccountId; readonly username: string; readonly folded: string },
): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("accounts")
    .values({
      id: row.id,
      username: row.username,
      username_folded: row.folded,
      created_at: tx.now,
      last_active_at: tx.now,
      frozen_at: null,
      frozen_because: null,
      frozen_case_id: null,
      frozen_until: null,
    })
    .onConflict((conflict) => conflict.column("username_folded").doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

/** One account by id. */
export async function findAccount(reader: Reader, id: AccountId): Promise<Account | null> {
  const row = await own(reader).selectFrom("accounts").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toAccount(row) : null;
}

/**
 * One account, locked until the transaction ends. Whoever freezes it waits: a sign-in that holds it is seen by the freeze
 * that follows, and one that comes after finds the account frozen.
 */
export async function lockAccount(tx: Tx, id: AccountId): Promise<Account | null> {
  const row = await own(tx).selectFrom("accounts").selectAll().where("id", "=", id).forUpdate().executeTakeFirst();
  return row ? toAccount(row) : null;
}

export async function findAccountByFoldedName(reader: Reader, folded: string): Promise<Account | null> {
  const row = await own(reader)
    .selectFrom("accounts")
    .selectAll()
    .where("username_folded", "=", folded)
    .executeTakeFirst();
  return row ? toAccount(row) : null;
}

/** Accounts by id, in no particular order; unknown ids are left out. */
export async function listAccounts(reader: Reader, ids: readonly AccountId[]): Promise<readonly Account[]> {
  if (ids.length === 0) return [];
  const rows = await own(reader)
    .selectFrom("accounts")
    .selectAll()
    .where("id", "in", [...ids])
    .execute();
  return rows.map(toAccount);
}

/** Notes that the account was used; at most once a minute, since it is only read in days. */
export async function touchAccount(tx: Tx, id: AccountId): Promise<void> {
  await own(tx)
    .updateTable("accounts")
    .set({ last_active_at: tx.now })
    .where("id", "=", id)
    .where("last_active_at", "<", new Date(tx.now.getTime() - 60_000))
    .execute();
}

/** Writes the freeze of an account that the caller has locked. */
export async function setFrozen(tx: Tx, id: AccountId, freeze: Freeze): Promise<void> {
  await own(tx)
    .updateTable("accounts")
    .set({
      frozen_at: freeze.at,
      frozen_because: freeze.because,
      frozen_case_id: freeze.caseId,
      frozen_until: freeze.until,
    })
    .where("id", "=", id)
    .execute();
}

/** Accounts whose freeze is over, the first to be over first. */
export async function listThawsDue(reader: Reader, now: Date, limit: number): Promise<readonly AccountId[]> {
  const rows = await own(reader)
    .selectFrom("accounts")
    .select("id")
    .where("frozen_until", "<=", now)
    .orderBy("frozen_until")
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** @returns false where it was not frozen */
export async function clearFrozen(tx: Tx, id: AccountId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("accounts")
    .set({ frozen_at: null, frozen_because: null, frozen_case_id: null, frozen_until: null })
    .where("id", "=", id)
    .where("frozen_at", "is not", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export interface NewAddress {
  readonly id: AddressId;
  readonly accountId: AccountId;
  readonly address: string;
  readonly folded: string;
  readonly domain: string;
  readonly isPrimary: boolean;
}

/** @returns false where the account has that address already */
export async function insertAddress(tx: Tx, row: NewAddress): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("addresses")
    .values({
      id: row.id,
      account_id: row.accountId,
      address: row.address,
      address_folded: row.folded,
      domain: row.domain,
      is_primary: row.isPrimary,
      added_at: tx.now,
      verified_at: null,
      removed_at: null,
      unreachable_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

/**
 * Marks an address as proven, also one where mail did not arrive for a while.
 * @returns null where it is gone, was proven before, or is another's verified address
 */
export async function setVerified(tx: Tx, id: AddressId): Promise<Address | null> {
  const claimed = await findAddress(tx, id);
  if (!claimed) return null;
  await lockName(tx.as<unknown>(), `verified address ${claimed.folded}`); // two claims to it are looked at one by one
  const row = await own(tx)
    .updateTable("addresses as mine")
    .set({ verified_at: tx.now, unreachable_at: null })
    .where("mine.id", "=", id)
    .where((is) => is.or([is("mine.verified_at", "is", null), is("mine.unreachable_at", "is not", null)]))
    .where("mine.removed_at", "is", null)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom("addresses as other")
            .select("other.id")
            .whereRef("other.address_folded", "=", "mine.address_folded")
            .whereRef("other.id", "!=", "mine.id")
            .where("other.verified_at", "is not", null)
            .where("other.removed_at", "is", null),
        ),
      ),
    )
    .returningAll("mine")
    .executeTakeFirst();
  return row ? toAddress(row) : null;
}

/** Makes a present address with standing the account's primary one. @returns false where it is not one of those */
export async function setPrimary(tx: Tx, accountId: AccountId, id: AddressId): Promise<boolean> {
  const chosen = await findAddress(tx, id);
  if (chosen?.accountId !== accountId || !hasStanding(chosen) || chosen.removedAt) return false;
  // One statement would pass through a moment of two primaries, which the index refuses.
  await own(tx)
    .updateTable("addresses")
    .set({ is_primary: false })
    .where("account_id", "=", accountId)
    .where("is_primary", "=", true)
    .execute();
  await own(tx).updateTable("addresses").set({ is_primary: true }).where("id", "=", id).execute();
  return true;
}

/** Rewrites an address that was never confirmed. @returns false where it was, or the account has the new one already */
export async function rewriteAddress(
  tx: Tx,
  id: AddressId,
  to: Pick<NewAddress, "address" | "folded" | "domain">,
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("addresses as mine")
    .set({ address: to.address, address_folded: to.folded, domain: to.domain, added_at: tx.now })
    .where("mine.id", "=", id)
    .where("mine.verified_at", "is", null)
    .where("mine.removed_at", "is", null)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom("addresses as other")
            .select("other.id")
            .whereRef("other.account_id", "=", "mine.account_id")
            .where("other.address_folded", "=", to.folded)
            .where("other.removed_at", "is", null),
        ),
      ),
    )
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Removes an address that is not the primary one; its row stays. @returns null where there is no such address */
export async function setRemoved(tx: Tx, accountId: AccountId, id: AddressId): Promise<Address | null> {
  const row = await own(tx)
    .updateTable("addresses")
    .set({ removed_at: tx.now })
    .where("id", "=", id)
    .where("account_id", "=", accountId)
    .where("is_primary", "=", false)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toAddress(row) : null;
}

/** Takes a removed address back, as verified as it was. @returns false where it belongs to somebody by now */
export async function restoreAddress(tx: Tx, id: AddressId): Promise<boolean> {
  const address = await findAddress(tx, id);
  if (!address) return false;
  if (!address.removedAt) return true;
  await lockName(tx.as<unknown>(), `verified address ${address.folded}`);
  const owner = await findAccountByVerifiedAddress(tx, address.folded);
  if (owner && owner.id !== address.accountId) return false;
  await own(tx).updateTable("addresses").set({ removed_at: null, is_primary: false }).where("id", "=", id).execute();
  return true;
}

export async function findAddress(reader: Reader, id: AddressId): Promise<Address | null> {
  const row = await own(reader).selectFrom("addresses").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toAddress(row) : null;
}

/** Present addresses, the primary one first; with `removedSince`, also those removed after that date. */
export async function listAddresses(
  reader: Reader,
  accountId: AccountId,
  removedSince?: Date,
): Promise<readonly Address[]> {
  const rows = await own(reader)
    .selectFrom("addresses")
    .selectAll()
    .where("account_id", "=", accountId)
    .where((is) =>
      removedSince
        ? is.or([is("removed_at", "is", null), is("removed_at", ">", removedSince)])
        : is("removed_at", "is", null),
    )
    .orderBy("is_primary", "desc")
    .orderBy("id")
    .execute();
  return rows.map(toAddress);
}

/** Present, verified addresses of a domain, of every account. */
export async function listAddressesAt(reader: Reader, domain: string): Promise<readonly Address[]> {
  const rows = await own(reader)
    .selectFrom("addresses")
    .selectAll()
    .where("domain", "=", domain)
    .where("verified_at", "is not", null)
    .where("removed_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(toAddress);
}

/** The account whose verified address this is. */
export async function findAccountByVerifiedAddress(reader: Reader, folded: string): Promise<Account | null> {
  const row = await own(reader)
    .selectFrom("accounts")
    .innerJoin("addresses", "addresses.account_id", "accounts.id")
    .selectAll("accounts")
    .where("addresses.address_folded", "=", folded)
    .where("addresses.verified_at", "is not", null)
    .where("addresses.removed_at", "is", null)
    .executeTakeFirst();
  return row ? toAccount(row) : null;
}

/** Accounts that named this address and never confirmed it, oldest first, with the address as each wrote it. */
export async function listUnverifiedHolders(
  reader: Reader,
  folded: string,
  most: number,
): Promise<readonly { readonly account: Account; readonly address: Address }[]> {
  const rows = await own(reader)
    .selectFrom("addresses")
    .selectAll()
    .where("address_folded", "=", folded)
    .where("verified_at", "is", null)
    .where("removed_at", "is", null)
    .orderBy("id")
    .limit(most)
    .execute();
  const accounts = await listAccounts(
    reader,
    rows.map((row) => row.account_id),
  );
  return rows.flatMap((row) => {
    const account = accounts.find((one) => one.id === row.account_id);
    return account ? [{ account, address: toAddress(row) }] : [];
  });
}

const toAccount = (row: AccountTables["accounts"]): Account => ({
  id: row.id,
  username: row.username,
  createdAt: row.created_at,
  lastActiveAt: row.last_active_at,
  frozen:
    row.frozen_at && row.frozen_because
      ? { at: row.frozen_at, because: row.frozen_because, caseId: row.frozen_case_id, until: row.frozen_until }
      : null,
});

const toAddress = (row: AccountTables["addresses"]): Address => ({
  id: row.id,
  accountId: row.account_id,
  address: row.address,
  folded: row.address_folded,
  domain: row.domain,
  isPrimary: row.is_primary,
  addedAt: row.added_at,
  verifiedAt: row.verified_at,
  removedAt: row.removed_at,
  unreachableAt: row.unreachable_at,
});
