export {
  findCeremony,
  findFrozenCeremony,
  type OnSignedIn,
  type PasswordOutcome,
  type SignedIn,
  submitPassword,
  submitRecoveryCode,
  submitTotp,
  type TotpOutcome,
} from "./ceremony.ts";
export {
  type CodeMail,
  type Confirming,
  findConfirming,
  listCodeMails,
  mailDeviceCode,
  submitDeviceCode,
} from "./confirm-device.ts";
export { DEVICE_CODE_MINUTES, type WaysToConfirm, waysToConfirm } from "./new-device.ts";
export {
  beginPasskeySignIn,
  beginPasskeyStep,
  type PasskeyPlace,
  submitPasskey,
  submitPasskeyStep,
} from "./passkey.ts";
export { createAdministrator, FIRST_ADMINISTRATOR, peekAdministratorLink } from "./first-administrator.ts";
export { eraseCeremonies } from "./erase.ts";
export { answerMailRequests, answerMailRequestsJob, askByMail, sealedMailRequestColumns } from "./mail-requests.ts";
export { register } from "./register.ts";
export { peekReset, type ResetForm, resetPassword } from "./reset.ts";
export { signInRefusals } from "./refusals.ts";
export { type Ceremony, deleteOldCeremonies, endCeremonies } from "./store.ts";

/** The cookie that carries a sign-in from its first step to its second. */
export const CEREMONY_COOKIE = "signin";
