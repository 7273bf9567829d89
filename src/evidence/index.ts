export {
  type BoardCard,
  type BoardFacts,
  boardFor,
  hasShown,
  type CardState,
  type KindHelp,
  loadBoard,
  loadBoardFacts,
  unavailableKinds,
} from "./board.ts";
export { type AnsweredElsewhere, answerWithToken, proveWithToken, type TokenAnswer } from "./answer.ts";
export { carriedTo, type CarriedProof, findCarried, startCarry } from "./carry.ts";
export { declineKind, takeBackDecline } from "./decline.ts";
export { eraseEvidence, listEverySigningKey } from "./account-data.ts";
export { currentChallenge, startChallenge } from "./challenge.ts";
export { eraseOldObservations, listFindings, recordFinding, toPolicyFinding } from "./findings.ts";
export { lookAgain, lookAtFinding, noteChecked, recheckFinding, recordChanges } from "./recheck.ts";
export {
  confirmForge,
  FORGE_NAMESPACE,
  dropForge,
  forgetPendingForge,
  type ForgeWithKeys,
  listForges,
  nameForge,
  pendingForge,
  removeForge,
} from "./forge/identities.ts";
export { type ForgeAddress, type Forges, makeForges } from "./forge/list.ts";
export { pinForgeKeys } from "./forge/pin.ts";
export { listEveryForge } from "./forge/store.ts";
export { findKind, kinds, offeredKinds } from "./kinds.ts";
export { proofPath } from "./kinds/api-token/api-token.ts";
export { numberClaim, recordNotMe } from "./kinds/live-session/answer.ts";
export { numbersOf } from "./kinds/live-session/numbers.ts";
export { observeContactMailbox } from "./kinds/mailbox/mailbox.ts";
export { type CodeRequest, requestMailboxCode } from "./kinds/mailbox/request-code.ts";
export { observeNetwork } from "./kinds/network/network.ts";
export { type Answered, answerVouch, type Said } from "./kinds/vouch/answer.ts";
export { type Asking, askToVouch } from "./kinds/vouch/ask.ts";
export {
  type AskedFor,
  findVouch,
  listAskedIn,
  listVouchesOf,
  SPOKE_BY,
  type Vouch,
  vouchData,
} from "./kinds/vouch/store.ts";
export { passwordObservation } from "./kinds/password/password.ts";
export { type Conclude, countTry, prove, type ProofOptions, proveWith, type TryLimits } from "./prove.ts";
export { evidenceRefusals } from "./refusals.ts";
export { type TakenText, takeText, takeTexts, type TypedIn } from "./secrets-in-text/end.ts";
export { redacted } from "./secrets-in-text/scan.ts";
export {
  confirmOpenpgpKey,
  dropOpenpgpKey,
  forgetPendingOpenpgpKey,
  listOpenpgpKeys,
  pasteOpenpgpKey,
  pendingOpenpgpKey,
  revokeOpenpgpKey,
} from "./openpgp-keys.ts";
export { listEveryOpenpgpKey } from "./openpgp-store.ts";
export { dropSigningKey, listSigningKeys, registerSigningKey, revokeSigningKey } from "./signing-keys.ts";
export type {
  AccountFacts,
  Assessment,
  BoundOpenpgpKey,
  Challenge,
  EvidenceContext,
  EvidenceKind,
  Instructions,
  SigningKey,
  StoredFinding,
  Verdict,
} from "./types.ts";
export { firstSign, LOOK_BACK_DAYS, pinnedAt, type Sign, SIGNS_OF_TROUBLE } from "./targets/trouble.ts";
