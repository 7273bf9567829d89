export {
  bindPassword,
  findPasswordFacts,
  notePasswordSuccess,
  type PasswordFacts,
  passwordFacts,
  type PreparedPassword,
  preparePassword,
  rehashIfOutdated,
  verifyPassword,
} from "./kinds/password/password.ts";
export { ARGON2, TooBusyError } from "./kinds/password/hash.ts";
export { LONGEST, SHORTEST_ALONE, SHORTEST_WITH_SECOND_FACTOR } from "./kinds/password/rules.ts";
export { CODE_PREFIX } from "./kinds/recovery-codes/code.ts";
export {
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
  type TotpMatch,
  verifyTotp,
} from "./kinds/totp/totp.ts";
export { eraseAuthenticators, eraseEndedSecrets, listEveryAuthenticator } from "./erase.ts";
export { authenticatorRefusals } from "./refusals.ts";
export { findAuthenticator, listAuthenticators, noteSuccess, revokeAuthenticators, updateDetail } from "./store.ts";
export type { Authenticator, AuthenticatorKind, PasswordOrigin } from "./types.ts";
