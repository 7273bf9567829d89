export {
  type FinishedTotp,
  finishTotpEnrolment,
  makeRecoveryCodes,
  type Self,
  startTotpEnrolment,
  typeCodeBack,
} from "./enrol.ts";
export { createToken, endOneSession, endOtherSessions, releaseToken, revokeToken, signOut } from "./manage.ts";
export { settingsRefusals } from "./refusals.ts";
export {
  isSettled,
  type OnUnlocked,
  startUnlockPasskey,
  unlockAccount,
  type Unlocked,
  type UnlockFactor,
  type WaysToUnlock,
  waysToUnlock,
} from "./unlock.ts";
export { confirmIdentity } from "./confirm-identity.ts";
export {
  addAddress,
  confirmAgain,
  correctAddress,
  makePrimary,
  peekAddressUndo,
  removeAddress,
  undoAddressChange,
} from "./addresses.ts";
export { makeMainAgain, putAddressBack, takeAddressAway } from "./addresses-back.ts";
export { type Confirmation, type Decider, startDecision, withAuthenticator } from "./decision.ts";
export { changePassword } from "./change-password.ts";
export {
  addPasskey,
  confirmWithPasskey,
  dropPasskey,
  endPasskey,
  renamePasskey,
  startPasskey,
  startPasskeyConfirmation,
} from "./passkeys.ts";
