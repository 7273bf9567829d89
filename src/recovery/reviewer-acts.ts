import { type Account, findAccount, foldUsername, freezeAccount, thawAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, type CaseId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { queueMail } from "../notifications/index.ts";
import { endAllSessions } from "../sessions/index.ts";
import { advance } from "./advance.ts";
import { issueCaseLink } from "./case-page.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { decideNow } from "./evaluate.ts";
import { refuseTie } from "./impartial.ts";
import { explainDecision } from "./policy/index.ts";
import { recoveryRefusals } from "./refusals.ts";
import { insertMessage, insertRequest, insertReview, listReviews } from "./store/thread.ts";
import { takeInCase } from "./typed.ts";
import type { RecoveryCase, Review } from "./types.ts";
import { startWait } from "./wait.ts";

/** A reviewer at the desk, already authenticated, with the role checked by the route. */
export interface Reviewer {
  readonly accountId: AccountId;
}

export const asStaff = (reviewer: Reviewer) => ({ kind: "staff", id: reviewer.accountId }) as const;

/** Asks the claimant for one thing more. The question is on the page and in a mail; the answer brings the case back. */
export async function requestInformation(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: string,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const { question } = (await takeInCase(runtime, caseId, reviewer, { question: typed }, now)).clean;
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    const others = await refuseTie(tx, recoveryCase, reviewer);
    if (!others.ok) return others;
    await insertRequest(tx, runtime, caseId, {
      id: newId("ask", now, runtime.random),
      question,
      askedBy: reviewer.accountId,
    });
    await insertMessage(tx, runtime, caseId, {
      id: newId("msg", now, runtime.random),
      authorKind: "staff",
      authorId: reviewer.accountId,
      isInternal: false,
      body: question,
    });
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-information-requested",
      params: { caseNumber: recoveryCase.number, question, casePageUrl: await issueCaseLink(tx, runtime, caseId) },
      caseId,
    });
    const expires_at = new Date(now.getTime() + runtime.policy.limits.caseIdleMs);
    return advance(tx, runtime, recoveryCase, {
      event: "request-information",
      as: "reviewer",
      actor: asStaff(reviewer),
      patch: { expires_at },
    });
  });
}

/** A note that only the desk reads. */
export async function writeNote(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: string,
  now: Date,
): Promise<Result<undefined>> {
  const { body } = (await takeInCase(runtime, caseId, reviewer, { body: typed }, now)).clean;
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    await insertMessage(tx, runtime, caseId, {
      id: newId("msg", now, runtime.random),
      authorKind: "staff",
      authorId: reviewer.accountId,
      isInternal: true,
      body,
    });
    audit(tx, runtime.random, {
      act: "recovery/note-written",
      actor: asStaff(reviewer),
      accountId: recoveryCase.accountId,
      caseId,
    });
    return ok();
  });
}

export interface Verdict {
  readonly reason: string;
  /** Typed by the reviewer, to be sure it is the right case. */
  readonly typedUsername: string;
  /** The state the reviewer saw; a case that moved meanwhile is refused. */
  readonly seenState: string;
  /** Uses up the authenticator that was shown with the verdict, in its transaction. */
  readonly confirm: (tx: Tx) => Promise<Result<undefined>>;
}

/** The verdict with its reason as it may be kept and mailed. */
export const withoutSecrets = async (
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  verdict: Verdict,
  now: Date,
): Promise<Verdict> => ({
  ...verdict,
  ...(await takeInCase(runtime, caseId, reviewer, { reason: verdict.reason }, now)).clean,
});

/**
 * Approves. The policy is asked again, with the evidence as it is now: a reviewer may refuse or ask for more, but cannot
 * lower the tier or shorten the wait. Where two people are needed, the first approval sends the case to a second one,
 * who must be somebody else.
 */
export async function approveCase(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: Verdict,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const verdict = await withoutSecrets(runtime, caseId, reviewer, typed, now);
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const checked = await checkVerdict(tx, recoveryCase, reviewer, verdict);
    if (!checked.ok) return checked;
    const decision = await decideNow(tx, runtime, recoveryCase, checked.value, now);
    if (decision.route === "insufficient" || decision.route === "incident")
      return refuse(recoveryRefusals["not-enough"]());
    const round = (await approvalsThisTime(tx, runtime, recoveryCase)).length + 1;
    const recorded = await record(tx, runtime, recoveryCase, reviewer, { verdict: "approve", reason: verdict.reason });
    if (!recorded.ok) return recorded;
    const facts = { round, tier: decision.tier, route: decision.route };
    const patch = { decision, approvals_needed: decision.approvalsNeeded };
    if (round < decision.approvalsNeeded) {
      return advance(tx, runtime, recoveryCase, {
        event: "approve-first",
        as: "reviewer",
        actor: asStaff(reviewer),
        patch,
        facts,
      });
    }
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "approve",
      as: "reviewer",
      actor: asStaff(reviewer),
      patch: { ...patch, ...(await startWait(tx, decision)) },
      facts,
    });
    if (moved.ok) await tellDecided(tx, runtime, moved.value);
    return moved;
  });
}

/** Refuses, with a reason that the claimant reads, and the way to an appeal. */
export async function refuseCase(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: Verdict,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const verdict = await withoutSecrets(runtime, caseId, reviewer, typed, now);
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const checked = await checkVerdict(tx, recoveryCase, reviewer, verdict);
    if (!checked.ok) return checked;
    const recorded = await record(tx, runtime, recoveryCase, reviewer, { verdict: "refuse", reason: verdict.reason });
    if (!recorded.ok) return recorded;
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "refuse",
      as: "reviewer",
      actor: asStaff(reviewer),
      patch: { ended_because: "refused" },
    });
    if (!moved.ok) return moved;
    // The objection was right: the claimant is not the owner, and the owner gets the account back as it was. (After a
    // restoration two people decide: judge-restoration.ts.) What its owner locked is theirs to unlock.
    const { frozen } = checked.value;
    const wasObjection =
      recoveryCase.state === "contested" && frozen?.caseId === caseId && frozen.because === "objection";
    if (wasObjection)
      await thawAccount(tx, runtime.random, { accountId: checked.value.id, caseId, actor: asStaff(reviewer) });
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-refused",
      params: {
        caseNumber: recoveryCase.number,
        reasons: [verdict.reason],
        appealUrl: await issueCaseLink(tx, runtime, caseId),
      },
      caseId,
    });
    return moved;
  });
}

/** Freezes the account and puts the case into the incident lane: somebody else seems to be in the account, or to try. */
export async function reportIncident(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: Verdict,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const verdict = await withoutSecrets(runtime, caseId, reviewer, typed, now);
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const checked = await checkVerdict(tx, recoveryCase, reviewer, verdict);
    if (!checked.ok) return checked;
    const actor = asStaff(reviewer);
    const moved = await advance(tx, runtime, recoveryCase, { event: "report-incident", as: "reviewer", actor });
    if (!moved.ok) return moved;
    await keepReason(tx, runtime, caseId, reviewer, verdict.reason);
    await freezeAccount(tx, runtime.random, { accountId: checked.value.id, because: "staff", caseId, actor });
    await endAllSessions(tx, runtime.random, { accountId: checked.value.id, because: "frozen by the desk", actor });
    return moved;
  });
}

/** A reviewer's reason for something that is no verdict, for the desk alone. */
const keepReason = (
  tx: Tx,
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  body: string,
): Promise<void> =>
  insertMessage(tx, runtime, caseId, {
    id: newId("msg", tx.now, runtime.random),
    authorKind: "staff",
    authorId: reviewer.accountId,
    isInternal: true,
    body,
  });

/** Ends an objection: the desk found that the claimant is the owner. The account thaws and the case is reviewed again. */
export async function resumeCase(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: Verdict,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const verdict = await withoutSecrets(runtime, caseId, reviewer, typed, now);
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const checked = await checkVerdict(tx, recoveryCase, reviewer, verdict);
    if (!checked.ok) return checked;
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "resume",
      as: "reviewer",
      actor: asStaff(reviewer),
    });
    if (!moved.ok) return moved;
    await keepReason(tx, runtime, caseId, reviewer, verdict.reason);
    // What its owner locked stays locked until they unlock it, or the case ends in a restoration.
    if (checked.value.frozen?.because !== "owner")
      await thawAccount(tx, runtime.random, { accountId: checked.value.id, caseId, actor: asStaff(reviewer) });
    return moved;
  });
}

/** Refuses a case that moved meanwhile, one's own or a colleague's, a name that differs, and a verdict without an authenticator. */
export async function checkVerdict(
  tx: Tx,
  recoveryCase: RecoveryCase,
  reviewer: Reviewer,
  verdict: Verdict,
): Promise<Result<Account>> {
  if (recoveryCase.state !== verdict.seenState) return refuse(recoveryRefusals["case-changed"]());
  const others = await refuseTie(tx, recoveryCase, reviewer);
  if (!others.ok) return others;
  const account = recoveryCase.accountId && (await findAccount(tx, recoveryCase.accountId));
  if (!account) return refuse(recoveryRefusals["no-such-case"]());
  if (foldUsername(verdict.typedUsername) !== foldUsername(account.username))
    return refuse(recoveryRefusals["name-differs"]());
  const confirmed = await verdict.confirm(tx);
  return confirmed.ok ? ok(account) : confirmed;
}

/** Approvals since the last refusal: an appeal starts anew. */
async function approvalsThisTime(
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
): Promise<readonly Review[]> {
  const reviews = await listReviews(tx, runtime.keys, recoveryCase.id);
  return reviews.slice(reviews.findLastIndex((review) => review.verdict === "refuse") + 1);
}

/** One verdict a person and case, in rounds: refuses a second one of the same reviewer, whatever the first was. */
export async function record(
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  reviewer: Reviewer,
  review: Pick<Review, "verdict" | "reason">,
): Promise<Result<undefined>> {
  const before = await listReviews(tx, runtime.keys, recoveryCase.id);
  if (before.some((one) => one.reviewerId === reviewer.accountId))
    return refuse(recoveryRefusals["reviewed-already"]());
  const isRecorded = await insertReview(tx, runtime, recoveryCase.id, {
    id: newId("rev", tx.now, runtime.random),
    round: before.length + 1,
    reviewerId: reviewer.accountId,
    decision: recoveryCase.decision,
    ...review,
  });
  return isRecorded ? ok() : refuse(recoveryRefusals["case-changed"]());
}

/** Tells the claimant what was decided and the date that counts. */
export async function tellDecided(tx: Tx, runtime: RecoveryRuntime, recoveryCase: RecoveryCase): Promise<void> {
  if (!recoveryCase.decision) return;
  const { headline, sentences } = explainDecision(runtime.policy, recoveryCase.decision, "claimant");
  await queueMail(tx, runtime, {
    to: recoveryCase.contactAddress,
    message: "case-decided",
    params: {
      caseNumber: recoveryCase.number,
      headline,
      sentences: [...sentences],
      waitEndsAt: recoveryCase.waitEndsAt,
    },
    caseId: recoveryCase.id,
  });
}
