export { takeInCase } from "./typed.ts";
export { appealAgainstFreeze, type Appealed, type FreezeAppeal } from "./appeal.ts";
export {
  caseForOwner,
  deleteOldBatches,
  deleteOldCasePages,
  eraseCases,
  eraseDeskWork,
  eraseStrictMode,
  forgetClaims,
  listCaseIdsOf,
  listCasesToErase,
  strictData,
  wasRestoredSince,
} from "./account-data.ts";
export {
  answerCarried,
  type Carried,
  carryProof,
  type CaseBoard,
  caseBoard,
  openCarried,
  sayCannot,
} from "./board.ts";
export {
  CASE_COOKIE,
  type CaseHolder,
  caseHolderGuard,
  closeCasePage,
  findCaseByLink,
  mailCaseCode,
  openCasePage,
} from "./case-page.ts";
export {
  appealCase,
  type KeepWithIt,
  reopenCase,
  submitForReview,
  withdrawCase,
  writeAsClaimant,
} from "./claimant-acts.ts";
export { answerByMail, nameAccount, noteAnswerToNotice, openByMail, sayInCase } from "./by-mail.ts";
export { type ClockWork, sweepClocks } from "./clock.ts";
export type { RecoveryRuntime } from "./context.ts";
export { decideNow, evaluate } from "./evaluate.ts";
export { FIGURE_MONTHS, firstOfMonth, makeFigures } from "./figures.ts";
export { listFigures, type MonthFigures } from "./store/figures.ts";
export { evidenceContext } from "./evidence-context.ts";
export {
  type CaseActor,
  type CaseEvent,
  caseLifecycle,
  type CaseState,
  EVIDENCE_STATES,
  OPEN_STATES,
} from "./lifecycle.ts";
export { type AskedNumber, answerNumber, askNumber, denyNumber, findAskedNumber } from "./live-session.ts";
export {
  lockByLink,
  lockBySubscriber,
  type LockBySubscriber,
  type Locked,
  type NotMe,
  type OnLocked,
  peekNotMe,
} from "./lock.ts";
export { judgeRestoration, keepRestoration, reverseRestoration } from "./judge-restoration.ts";
export { type Tie, tieOf, TIES } from "./impartial.ts";
export { object, peekObjection } from "./objection.ts";
export {
  confirmContact,
  type OpenedCase,
  openFromForm,
  openFromResetLink,
  openFromStuckScreen,
  settleContact,
} from "./open-case.ts";
export { isOverdue } from "./overdue.ts";
export { tellDesk } from "./remind.ts";
export { hasShownSomething } from "./shown.ts";
export { cancelCaseOfSignedIn } from "./owner-signed-in.ts";
export * as policy from "./policy/index.ts";
export { recoveryRefusals } from "./refusals.ts";
export {
  type Bearer,
  beginRestorationPasskey,
  type NewSecondFactor,
  peekRestoration,
  type RestorationForm,
  restoreAccount,
  type Restored,
  showCaseCode,
} from "./restoration.ts";
export {
  approveCase,
  refuseCase,
  reportIncident,
  requestInformation,
  resumeCase,
  type Reviewer,
  type Verdict,
  writeNote,
} from "./reviewer-acts.ts";
export { askStillNeeded, assignCases, type Bulk, MOST_AT_ONCE, undoBatch, UNDO_MS } from "./bulk.ts";
export { type Batch, findBatch } from "./store/batches.ts";
export { findCase, findCaseByNumber, findOpenCaseOf, lockOpenCaseOf, storyOf } from "./store/cases.ts";
export {
  type CaseSearch,
  countByState,
  COUNTED,
  isQueuePlace,
  listQueue,
  MOST_FOUND,
  type QueueFilter,
  type QueueOrder,
  searchCases,
} from "./store/queue.ts";
export { sealedCaseColumns } from "./store/sealed.ts";
export { listMessages, listNotices, listRequests, listReviews } from "./store/thread.ts";
export {
  type CaseMessage,
  type Cause,
  CAUSES,
  type InformationRequest,
  type Notice,
  type QueuedCase,
  type RecoveryCase,
  type Review,
} from "./types.ts";
export { type Night, recheckPending, recheckProof, type SecondJudgement } from "./recheck.ts";
export {
  answerInCase,
  askMailboxCode,
  askSomebodyToVouch,
  proveByToken,
  proveInCase,
  startChallenge,
} from "./prove.ts";
export { clockJob } from "./wait.ts";
export { beginStrict, endStrict, type StrictMode, strictModeOf } from "./strict.ts";
