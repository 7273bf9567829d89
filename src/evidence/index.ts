export { type BoardCard, type BoardFacts, boardFor, type CardState, loadBoard } from "./board.ts";
export { eraseEvidence, listEverySigningKey } from "./account-data.ts";
export { currentChallenge, startChallenge } from "./challenge.ts";
export {
  eraseOldObservations,
  listFindings,
  lookAgain,
  recheckFinding,
  recordFinding,
  toPolicyFinding,
} from "./findings.ts";
export { findKind, kinds, offeredKinds } from "./kinds.ts";
export { answerWithApiToken, proveApiToken, type TokenAnswer } from "./kinds/api-token/answer.ts";
export { proofPath } from "./kinds/api-token/api-token.ts";
export { observeContactMailbox } from "./kinds/mailbox/mailbox.ts";
export { type CodeRequest, requestMailboxCode } from "./kinds/mailbox/request-code.ts";
export { passwordObservation } from "./kinds/password/password.ts";
export { type Conclude, prove, type ProofOptions, proveWith, type TryLimits } from "./prove.ts";
export { evidenceRefusals } from "./refusals.ts";
export { listSigningKeys, registerSigningKey, revokeSigningKey } from "./signing-keys.ts";
export type {
  AccountFacts,
  Assessment,
  Challenge,
  EvidenceContext,
  EvidenceKind,
  Instructions,
  SigningKey,
  StoredFinding,
  Verdict,
} from "./types.ts";
