export { type BreachFile, inspectBreachFile } from "./breach/file.ts";
export { leakHash, type LeakSources, makeLeakLookup } from "./breach/lookup.ts";
export { askRange } from "./breach/range.ts";
export {
  bindPassword,
  findLeak,
  findPasswordFacts,
  isPassword,
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
export { forgetChallenges, type ChallengeScope } from "./kinds/passkey/challenge.ts";
export { credentialIdOf } from "./kinds/passkey/answer.ts";
export { idsForName } from "./kinds/passkey/decoys.ts";
export { mayHavePasskeys, rpIdOf } from "./kinds/passkey/options.ts";
export {
  acceptPasskey,
  beginPasskey,
  bindPasskey,
  checkNewPasskey,
  checkPasskey,
  isCopySuspected,
  isPasskeyBound,
  isPasswordMissing,
  isTwoFactors,
  type PasskeySignal,
  passkeySignal,
  removePasskey,
  reportCopy,
  requestPasskey,
  type ShownPasskey,
} from "./kinds/passkey/passkey.ts";
export { listPasskeys } from "./kinds/passkey/store.ts";
export type { MadePasskey } from "./kinds/passkey/verify.ts";
export { hasSecondFactor } from "./second-factor.ts";
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
export { CODE_PREFIX, codesIn, readCode as readRecoveryCode } from "./kinds/recovery-codes/code.ts";
export {
  type BurnedCode,
  burnCode,
  checkCode,
  type CodeSet,
  countCodeAttempt,
  describeCodes,
  findSavedCode,
  findSavedCodeById,
  hasHadCodes,
  makeCodes,
  redeemCode,
  revokeCodes,
  type SavedCode,
} from "./kinds/recovery-codes/recovery-codes.ts";
export {
  beginTotp,
  bindTotpKey,
  type EnrolmentText,
  enrolmentOf,
  finishTotp,
  isTotpBound,
  matchKey,
  readTotpCode,
  showEnrolment,
  spendTotp,
  type TotpEnrolment,
  sealedAuthenticatorColumns,
  type TotpMatch,
  verifyTotp,
} from "./kinds/totp/totp.ts";
export {
  countPasswordsUnder,
  eraseAuthenticators,
  eraseEndedSecrets,
  listEveryAuthenticator,
  listEveryPasskey,
} from "./erase.ts";
export { authenticatorRefusals } from "./refusals.ts";
export {
  findAuthenticator,
  type Lane,
  listAuthenticators,
  noteSuccess,
  renameOne,
  revokeAuthenticators,
  updateDetail,
} from "./store.ts";
export type { Authenticator, AuthenticatorKind, Passkey, PasswordOrigin } from "./types.ts";
