export { confirmAddress, peekConfirmation, resendConfirmation, sendConfirmation } from "./confirmation.ts";
export {
  deleteRemovedAddresses,
  eraseAccount,
  isNameRetired,
  listAbandonedRegistrations,
  listRoleGrants,
} from "./erase.ts";
export { checkMailDomains, type DomainSources } from "./domain-watch.ts";
export { freezeAccount, thawAccount, thawDue } from "./freeze.ts";
export { adviceOnDomain, suggestDomain } from "./mail-domains.ts";
export { checkUsername, foldUsername, maskAddress, type ParsedAddress, parseAddress } from "./names.ts";
export { accountRefusals } from "./refusals.ts";
export { createAccount, findAccountByName, requireActive } from "./account.ts";
export { insertStaffRole, isRoleHeld, listStaff, listStaffRoles } from "./staff-roles.ts";
export {
  findAccount,
  findAccountByVerifiedAddress,
  findAddress,
  insertAddress,
  listAccounts,
  listAddresses,
  lockAccount,
  listUnverifiedHolders,
  restoreAddress,
  rewriteAddress,
  setPrimary,
  setRemoved,
  setVerified,
  touchAccount,
} from "./store.ts";
export { hasStanding } from "./standing.ts";
export { takeUndelivered, weighUndelivered } from "./undelivered.ts";
export { type Account, type Address, type Freeze, type FreezeReason, mergeFreeze, type StaffRole } from "./types.ts";
export { listAccountsAfter } from "./walk.ts";
