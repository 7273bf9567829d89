import { type Account, freezeAccount, thawAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { revokeAuthenticators, revokeCodes } from "../authenticators/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { CaseId } from "../kernel/ids.ts";
import type { Result } from "../kernel/result.ts";
import { queueMail } from "../notifications/index.ts";
import { revokeAllApiTokens, voidInvitationsOf } from "../registry/index.ts";
import { endAllSessions, forgetDevices } from "../sessions/index.ts";
import { advance } from "./advance.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { tellEverybody } from "./notices.ts";
import { hold } from "./restoration.ts";
import { asStaff, checkVerdict, record, type Reviewer, type Verdict, withoutSecrets } from "./reviewer-acts.ts";
import { listReviews } from "./store/thread.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * Somebody objected after the account was given back. Then either the claimant is a thief who sits in it, or the objection
 * is an error or harassment; the account is frozen meanwhile, and two people who had no part in the case say the same
 * before anything happens. If the first two differ, a third one decides.
 */

export type Judgement = "keep" | "reverse";

/** How many of the desk must say the same. */
const SAME_VERDICTS = 2;

/**
 * One person's verdict about a restoration that somebody objected to. The first one is recorded and changes nothing; the
 * one that agrees with it decides. Refuses as every verdict does, and whoever gave one in this case before.
 */
export async function judgeRestoration(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  typed: Verdict,
  judgement: Judgement,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const verdict = await withoutSecrets(runtime, caseId, reviewer, typed, now);
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
    const checked = await checkVerdict(tx, recoveryCase, reviewer, verdict);
    if (!checked.ok) return checked;
    const same = await countSame(tx, runtime, recoveryCase, judgement);
    const isDecided = recoveryCase.state === "disputed-second" && same + 1 >= SAME_VERDICTS;
    const event = isDecided ? judgement : recoveryCase.state === "disputed" ? "judge-first" : "judge-otherwise";
    const recorded = await record(tx, runtime, recoveryCase, reviewer, { verdict: judgement, reason: verdict.reason });
    if (!recorded.ok) return recorded;
    const actor = asStaff(reviewer);
    const patch = event === "reverse" ? { ended_because: "reversed" } : {};
    const moved = await advance(tx, runtime, recoveryCase, { event, as: "reviewer", actor, patch });
    if (!moved.ok || !isDecided) return moved;
    await (judgement === "keep" ? keep : reverse)(tx, runtime, moved.value, checked.value, reviewer);
    return moved;
  });
}

/** Who said the same since the objection. */
async function countSame(
  tx: Tx,
  runtime: RecoveryRuntime,
  { id, objectedAt }: RecoveryCase,
  judgement: Judgement,
): Promise<number> {
  const reviews = await listReviews(tx, runtime.keys, id);
  return reviews.filter((one) => one.verdict === judgement && objectedAt !== null && one.decidedAt >= objectedAt)
    .length;
}

type Follow = (
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  account: Account,
  reviewer: Reviewer,
) => Promise<void>;

/** The account is open again, as the restoration left it; everybody is told anew, and the holds begin anew. */
const keep: Follow = async (tx, runtime, recoveryCase, account, reviewer) => {
  // What its owner locked, and what was frozen for other signs, stays so.
  const because = account.frozen?.because;
  if (because === "objection" || because === "staff")
    await thawAccount(tx, runtime.random, {
      accountId: account.id,
      caseId: recoveryCase.id,
      actor: asStaff(reviewer),
    });
  const heldUntil = await hold(tx, runtime, recoveryCase);
  await tellEverybody(tx, runtime, recoveryCase, "kept");
  await tellClaimant(tx, runtime, recoveryCase, "The account is open again: your recovery stands.", [
    "Somebody objected to it. Two of us looked into it and decided that the account is yours.",
    heldUntil
      ? "You can sign in with what you set up. Publishing and changes are held anew for a while."
      : "You can sign in with what you set up.",
  ]);
};

/** Everything that could act for the account ends. It stays frozen, by the desk, until a new case gives it back. */
const reverse: Follow = async (tx, runtime, recoveryCase, account, reviewer) => {
  const actor = asStaff(reviewer);
  const because = "the recovery was taken back";
  const all = { accountId: account.id, because, actor };
  await freezeAccount(tx, runtime.random, {
    accountId: account.id,
    because: "staff",
    caseId: recoveryCase.id,
    actor,
  });
  const sessions = await endAllSessions(tx, runtime.random, all);
  const tokens = await revokeAllApiTokens(tx, runtime.random, all);
  const revoked = await revokeAuthenticators(
    tx,
    account.id,
    ["password", "totp", "passkey", "recovery-codes"],
    because,
  );
  await revokeCodes(tx, account.id, because);
  await forgetDevices(tx, account.id);
  await voidInvitationsOf(tx, runtime.random, account.id);
  const told = await tellEverybody(tx, runtime, recoveryCase, "reversed");
  await tellClaimant(tx, runtime, recoveryCase, "The recovery of the account was taken back.", [
    "Somebody objected to it. Two of us looked into it and decided that it was not the owner who recovered the account.",
    "The account is frozen, and what was set up in the recovery does not work any more.",
    "If the account is yours after all, open a new recovery case and show more than before.",
  ]);
  audit(tx, runtime.random, {
    act: "recovery/authenticators-revoked",
    actor,
    accountId: account.id,
    caseId: recoveryCase.id,
    facts: { sessions, tokens, authenticators: revoked.length, told },
  });
};

const tellClaimant = async (
  tx: Tx,
  runtime: RecoveryRuntime,
  { contactAddress, number: caseNumber, id: caseId }: RecoveryCase,
  headline: string,
  sentences: readonly string[],
): Promise<void> => {
  await queueMail(tx, runtime, {
    to: contactAddress,
    message: "case-decided",
    params: { caseNumber, headline, sentences },
    caseId,
  });
};

type Judge = (
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  verdict: Verdict,
  now: Date,
) => Promise<Result<RecoveryCase>>;

export const keepRestoration: Judge = (runtime, caseId, reviewer, verdict, now) =>
  judgeRestoration(runtime, caseId, reviewer, verdict, "keep", now);

export const reverseRestoration: Judge = (runtime, caseId, reviewer, verdict, now) =>
  judgeRestoration(runtime, caseId, reviewer, verdict, "reverse", now);
