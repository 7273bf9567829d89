import { type Account, freezeAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  countTry,
  currentChallenge,
  evidenceRefusals,
  numberClaim,
  numbersOf,
  proveWith,
  recordNotMe,
  startChallenge,
} from "../evidence/index.ts";
import type { Source } from "../kernel/http/index.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { CaseId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { endAllSessions, type Session } from "../sessions/index.ts";
import { countAttempt } from "../throttle/index.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evidenceContext } from "./evidence-context.ts";
import { contest } from "./objection.ts";
import { concludeIn, openForProof } from "./prove.ts";
import { findOpenCaseOf } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * Number matching: the claimant sees a number, whoever is signed in to the account sees three and says which, or that it
 * is not them. The claimant learns nothing of sessions from asking: a number is shown whether or not anybody is signed in.
 */

const KIND = "live-session";
/** Numbers in one case, answered or not: a signed-in owner must not be worn down by questions. */
const MOST_NUMBERS = 3;
/** And of one account, whatever case asks, in a day. */
const MOST_A_DAY = 6;
const DAY_SECONDS = 24 * 3600;

/** Shows the claimant a number, in place of one that runs. Refuses the fourth in a case, and the seventh in a day. */
export async function askNumber(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<undefined>> {
  const opened = await openForProof(runtime, caseId, now);
  if (!opened.ok) return opened;
  const { context } = opened.value;
  const counted = await countTry(runtime, context, { name: `${KIND}-number`, limit: MOST_NUMBERS });
  if (!counted.ok) return counted;
  const ofAccount = { bucket: `number-matching:${context.accountId ?? ""}`, limit: MOST_A_DAY };
  const today = await countAttempt(runtime.db, { ...ofAccount, windowSeconds: DAY_SECONDS }, now);
  if (!today.ok) return today;
  return onCase(runtime, caseId, now, async (tx) => {
    const issued = await startChallenge(tx, runtime, context, KIND);
    return issued.ok ? ok() : issued;
  });
}

/** The question that a signed-in session is asked. */
export interface AskedNumber {
  readonly recoveryCase: RecoveryCase;
  readonly challengeId: string;
  readonly offered: readonly number[];
  readonly until: Date;
}

/** What is asked of whoever is signed in to an account; null where nothing is. */
export async function findAskedNumber(runtime: Runtime, account: Account, now: Date): Promise<AskedNumber | null> {
  const recoveryCase = await findOpenCaseOf(runtime.db, account.id);
  if (!recoveryCase) return null;
  const challenge = await currentChallenge(runtime.db, runtime, { caseId: recoveryCase.id, now }, KIND);
  if (!challenge) return null;
  const { offered } = numbersOf(challenge.value);
  return { recoveryCase, challengeId: challenge.id, offered, until: challenge.expiresAt };
}

export interface NumberAnswer {
  readonly account: Account;
  readonly session: Session;
  /** The cookie by which the answering browser is known. */
  readonly deviceToken: string | undefined;
  readonly challengeId: string;
  readonly source: Source;
  readonly now: Date;
}

/**
 * "It is me, I see this number." Right or wrong, the number is used up. Refuses a question that is over, and what every
 * proof refuses.
 */
export async function answerNumber(
  runtime: RecoveryRuntime,
  answer: NumberAnswer & { readonly picked: number },
): Promise<Result<RecoveryCase>> {
  const { account, session, deviceToken, challengeId, picked, source, now } = answer;
  const open = await findOpenCaseOf(runtime.db, account.id);
  if (!open) return refuse(evidenceRefusals["no-challenge"]());
  const opened = await openForProof(runtime, open.id, now);
  if (!opened.ok) return opened;
  const claim = numberClaim(session, { challengeId, picked, deviceToken });
  const { limits } = runtime.policy;
  return proveWith(runtime, opened.value.context, KIND, claim, { source, limits }, concludeIn(runtime, now));
}

/**
 * "It is not me": counts against the claimant, stops the case and freezes the account like every objection, in one
 * transaction. No try is needed for it. Refuses a question that is over; the objection links of our mails stay.
 */
export async function denyNumber(runtime: RecoveryRuntime, answer: NumberAnswer): Promise<Result<RecoveryCase>> {
  const { account, session, challengeId, now } = answer;
  const asked = await findAskedNumber(runtime, account, now);
  if (!asked || asked.challengeId !== challengeId) return refuse(evidenceRefusals["no-challenge"]());
  const accountId = account.id;
  return onCase(runtime, asked.recoveryCase.id, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const context = evidenceContext(runtime, recoveryCase, account, now);
    const challenge = await currentChallenge(tx, runtime, context, KIND);
    if (challenge?.id !== challengeId) return refuse(evidenceRefusals["no-challenge"]());
    const recorded = await recordNotMe(tx, runtime, context, session, challenge);
    if (!recorded.ok) return recorded;
    const actor = { kind: "subscriber", id: accountId } as const;
    const relation = "session";
    const words = "Objection in a session that is signed in: “It is not me”, to the question which number is seen.";
    const moved = await contest(tx, runtime, recoveryCase, {
      as: "subscriber",
      actor,
      relation,
      words,
      mayStand: true,
    });
    if (!moved.ok) return moved;
    await freezeAccount(tx, runtime.random, { accountId, because: "objection", caseId: recoveryCase.id, actor });
    await endAllSessions(tx, runtime.random, { accountId, because: "frozen after an objection", actor });
    audit(tx, runtime.random, {
      act: "recovery/objected",
      actor,
      accountId,
      caseId: recoveryCase.id,
      facts: { relation },
      personal: { ...answer.source },
    });
    return moved;
  });
}
