import {
  accountRefusals,
  findAddress,
  hasStanding,
  listAddresses,
  restoreAddress,
  setPrimary,
  setRemoved,
} from "../accounts/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AddressId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { note, tell } from "./addresses.ts";
import type { Self } from "./enrol.ts";

/*
 * Addresses as they were before somebody else was in the account. Each runs in the caller's transaction, tells every
 * confirmed address, and changes nothing where nothing is left to do. Holds do not stop it: the caller has made sure that
 * it takes back what was done in that time (undo/).
 */

/**
 * Takes an address away that was added. Where it is the main one, the oldest other address that counts becomes it again.
 * Refuses where there is no other.
 */
export async function takeAddressAway(tx: Tx, runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const accountId = self.account.id;
  const present = await listAddresses(tx, accountId);
  const found = present.find((one) => one.id === id);
  if (!found) return ok();
  if (found.isPrimary) {
    const others = present.filter((one) => one.id !== id && hasStanding(one));
    const oldest = others.toSorted((a, b) => a.addedAt.getTime() - b.addedAt.getTime())[0];
    if (!oldest) return refuse(accountRefusals["address-last"]());
    const made = await makeMainAgain(tx, runtime, self, oldest.id);
    if (!made.ok) return made;
  }
  if (!(await setRemoved(tx, accountId, id))) return refuse(accountRefusals["no-such-address"]());
  note(tx, runtime, self, "accounts/address-removed", id);
  await tell(tx, runtime, self, { what: "removed", address: found.address });
  return ok();
}

/** Puts an address back that was removed, as confirmed as it was. Refuses one that is somebody else's by now. */
export async function putAddressBack(tx: Tx, runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const found = await findAddress(tx, id);
  if (found?.accountId !== self.account.id) return refuse(accountRefusals["no-such-address"]());
  if (!found.removedAt) return ok();
  const isThere = (await listAddresses(tx, self.account.id)).some((one) => one.folded === found.folded);
  if (isThere) return ok();
  if (!(await restoreAddress(tx, id))) return refuse(accountRefusals["address-others"]());
  note(tx, runtime, self, "accounts/address-restored", id);
  await tell(tx, runtime, self, { what: "put back", address: found.address });
  return ok();
}

/** Makes the address the main one again that was it before, putting it back where it was removed. */
export async function makeMainAgain(tx: Tx, runtime: Runtime, self: Self, id: AddressId): Promise<Result<undefined>> {
  const accountId = self.account.id;
  const back = await putAddressBack(tx, runtime, self, id);
  if (!back.ok) return back;
  const before = (await listAddresses(tx, accountId)).find((one) => one.isPrimary);
  if (before?.id === id) return ok();
  if (!(await setPrimary(tx, accountId, id))) return refuse(accountRefusals["address-others"]());
  note(tx, runtime, self, "accounts/primary-address-changed", id, before && { before: before.id });
  const address = (await findAddress(tx, id))?.address ?? "";
  await tell(tx, runtime, self, { what: "made the main one", address });
  return ok();
}
