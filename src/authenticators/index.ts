export { type BreachFile, inspectBreachFile } from "./breach/file.ts";
export { leakHash, type LeakSources, makeLeakLookup } from "./breach/lookup.ts";
export { askRange } from "./breach/range.ts";
export {
  bindPassword,
  findLeak,
  findPasswordFacts,
  markLeaked,
  notePasswordSuccess,
  type PasswordFacts,
  passwordFacts,
  type PreparedPassword,
  preparePassword,
  rehashIfOutdated,
  verifyPassword,
} from "./kinds/password/password.ts";
export { ARGON2, TooBusyError } from "./kinds/password/hash.ts";
export {
  issueResetLink,
  peekResetLink,
  RESET_MINUTES,
  type ResetLink,
  revokeResetLinks,
  spendResetLink,
} from "./kinds/password/reset-link.ts";
export { strengthOf } from "./kinds/password/strength.ts";
export { checkNewPassword, LONGEST, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR } from "./kinds/password/rules.ts";
export { CODE_PREFIX, codesIn } from "./kinds/recovery-codes/code.ts";
export {
  type BurnedCode,
  burnCode,
  checkCode,
  type CodeSet,
  countCodeAttempt,
  describeCodes,
  makeCodes,
  redeemCode,
  revokeCodes,
} from "./kinds/recovery-codes/recovery-codes.ts";
export {
  beginTotp,
  bindTotpKey,
  type EnrolmentText,
  enrolmentOf,
  finishTotp,
  isTotpBound,
  matchKey,
  showEnrolment,
  spendTotp,
  type TotpEnrolment,
  sealedAuthenticatorColumns,
  type TotpMatch,
  verifyTotp,
} from "./kinds/totp/totp.ts";
export { countPasswordsUnder, eraseAuthenticators, eraseEndedSecrets, listEveryAuthenticator } from "./erase.ts";
export { authenticatorRefusals } from "./refusals.ts";
export { findAuthenticator, listAuthenticators, noteSuccess, revokeAuthenticators, updateDetail } from "./store.ts";
export type { Authenticator, AuthenticatorKind, PasswordOrigin } from "./types.ts";
