export { freezeAccount, thawAccount, thawDue } from "./freeze.ts";
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
  lockAccount,
  setVerified,
  touchAccount,
} from "./store.ts";
export { type Account, type Address, type Freeze, type FreezeReason, mergeFreeze, type StaffRole } from "./types.ts";
