export { confirmAddress, peekConfirmation, resendConfirmation, sendConfirmation } from "./confirmation.ts";
export {
  deleteRemovedAddresses,
  eraseAccount,
  isNameRetired,
  listAbandonedRegistrations,
  listRoleGrants,
} from "./erase.ts";
export { checkMailDomains } from "./domain-watch.ts";
export { freezeAccount, thawAccount } from "./freeze.ts";
export { adviceOnDomain, suggestDomain } from "./mail-domains.ts";
export { checkUsername, foldUsername, maskAddress, type ParsedAddress, parseAddress } from "./names.ts";
export { accountRefusals } from "./refusals.ts";
export { createAccount, findAccountByName, requireActive } from "./account.ts";
export {
  findAccount,
  findAccountByVerifiedAddress,
  findAddress,
  insertAddress,
  insertStaffRole,
  isRoleHeld,
  listAccounts,
  listAddresses,
  listStaff,
  listStaffRoles,
  lockAccount,
  listUnverifiedHolders,
  restoreAddress,
  rewriteAddress,
  setPrimary,
  setRemoved,
  setVerified,
  touchAccount,
} from "./store.ts";
export { listAccountsAfter } from "./walk.ts";
export type { Account, Address, FreezeReason, StaffRole } from "./types.ts";
