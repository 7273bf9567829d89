import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, type AddressId, newId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { isNameRetired } from "./erase.ts";
import { checkUsername, foldUsername, type ParsedAddress, parseAddress } from "./names.ts";
import { accountRefusals } from "./refusals.ts";
import { findAccountByFoldedName, findAccountByVerifiedAddress, insertAccount, insertAddress } from "./store.ts";
import type { Account } from "./types.ts";

/**
 * Creates an account with one unverified primary address. The caller writes the audit event.
 * Refuses a username that is taken or looks like one that is.
 */
export async function createAccount(
  tx: Tx,
  random: Random,
  input: { readonly username: string; readonly address: ParsedAddress },
): Promise<Result<{ readonly accountId: AccountId; readonly addressId: AddressId }>> {
  const username = checkUsername(input.username);
  if (!username.ok) return username;
  const accountId = newId("acc", tx.now, random);
  const folded = foldUsername(username.value);
  const isNew = await insertAccount(tx, { id: accountId, username: username.value, folded });
  // Looked at after the insert: a deletion that was under way then is seen now.
  if (!isNew || (await isNameRetired(tx, folded))) return refuse(accountRefusals["username-taken"]());
  const addressId = newId("adr", tx.now, random);
  await insertAddress(tx, { id: addressId, accountId, ...input.address, isPrimary: true });
  return ok({ accountId, addressId });
}

/**
 * The account that a login name means: a username, exactly but for case and separators, or a verified address.
 * A look-alike of a username is nobody: folding `alicel` to `alice1` here would sign people in to each other's names.
 */
export async function findAccountByName(reader: Reader, typed: string): Promise<Account | null> {
  if (typed.includes("@")) {
    const address = parseAddress(typed);
    return address.ok ? findAccountByVerifiedAddress(reader, address.value.folded) : null;
  }
  const account = await findAccountByFoldedName(reader, foldUsername(typed));
  return account && sameName(account.username, typed) ? account : null;
}

const sameName = (a: string, b: string): boolean => bare(a) === bare(b);
const bare = (name: string): string => name.toLowerCase().replace(/[._-]/g, "");

/** Refuses what a frozen account must not do. */
export const requireActive = (account: Account): Result<Account> =>
  account.frozen ? refuse(accountRefusals.frozen()) : ok(account);
