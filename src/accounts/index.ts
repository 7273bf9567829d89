export { freezeAccount, thawAccount } from "./freeze.ts";
export { checkUsername, foldUsername, maskAddress, type ParsedAddress, parseAddress } from "./names.ts";
export { accountRefusals } from "./refusals.ts";
export { createAccount, findAccountByName, requireActive } from "./account.ts";
export {
  findAccount,
  findAccountByVerifiedAddress,
  findAddress,
  insertStaffRole,
  isRoleHeld,
  listAccounts,
  listAddresses,
  listStaff,
  listStaffRoles,
  listUnverifiedHolders,
  setVerified,
  touchAccount,
} from "./store.ts";
export type { Account, Address, FreezeReason, StaffRole } from "./types.ts";
