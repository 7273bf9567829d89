import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type CaseId, type MessageId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { advance } from "./advance.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase, lockCase, lockOpenCaseOf } from "./store/cases.ts";
import { answerRequests, insertMessage, listMessages } from "./store/thread.ts";
import { takeInCase } from "./typed.ts";
import type { RecoveryCase } from "./types.ts";

/** Runs one act on a locked case. Refuses a case that does not exist. */
export async function onCase<T>(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  now: Date,
  act: (tx: Tx, recoveryCase: RecoveryCase) => Promise<Result<T>>,
): Promise<Result<T>> {
  return transact(runtime.db, { now }, async (tx) => {
    const recoveryCase = await lockCase(tx, caseId);
    return recoveryCase ? act(tx, recoveryCase) : refuse(recoveryRefusals["no-such-case"]());
  });
}

const asClaimant = (recoveryCase: RecoveryCase) => ({ kind: "claimant", id: recoveryCase.id }) as const;

/** The same words within this time are the same form, sent again. */
const SENT_AGAIN_MS = 10 * 60_000;

/** Whether the newest message of the case is this one, written a moment ago. An answer to a question never is. */
async function isSentAgain(tx: Tx, runtime: RecoveryRuntime, recoveryCase: RecoveryCase, body: string) {
  if (recoveryCase.state === "information-requested") return false;
  const last = (await listMessages(tx, runtime.keys, recoveryCase.id, "claimant")).at(-1);
  const isSame = last?.authorKind === "claimant" && last.body === body;
  return isSame && tx.now.getTime() - last.writtenAt.getTime() < SENT_AGAIN_MS;
}

/** What must be kept in the same transaction as words that came by mail. A refusal of it takes the words back too. */
export type KeepWithIt = (
  tx: Tx,
  kept: { readonly caseId: CaseId; readonly messageId: MessageId | null },
) => Promise<Result<undefined>>;

/**
 * A message from the claimant; while a question is open, it is the answer, and the case goes back to the desk. A secret in
 * it is cut out and ended first.
 * @param byMail what is kept with it, where it came by mail; then the same words again are another message
 */
export async function writeAsClaimant(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  typed: string,
  now: Date,
  byMail?: KeepWithIt,
): Promise<Result<RecoveryCase>> {
  const { body } = (await takeInCase(runtime, caseId, "claimant", { body: typed }, now)).clean;
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    if (!byMail && (await isSentAgain(tx, runtime, recoveryCase, body))) return ok(recoveryCase);
    const messageId = newId("msg", now, runtime.random);
    const kept = await byMail?.(tx, { caseId, messageId });
    if (kept?.ok === false) return kept;
    await insertMessage(tx, runtime, caseId, {
      id: messageId,
      authorKind: "claimant",
      authorId: null,
      isInternal: false,
      body,
    });
    audit(tx, runtime.random, {
      act: "recovery/message-written",
      actor: asClaimant(recoveryCase),
      accountId: recoveryCase.accountId,
      caseId,
      facts: { length: body.length, ...(byMail ? { by: "mail" } : {}) },
    });
    if (recoveryCase.state !== "information-requested") return ok(recoveryCase);
    const answered = await answerRequests(tx, runtime, caseId, body);
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "answer",
      as: "claimant",
      actor: asClaimant(recoveryCase),
      facts: { answered },
    });
    return moved.ok ? evaluate(tx, runtime, moved.value) : moved;
  });
}

/** "Please let a person look at it": also with too little evidence; the reviewer may ask for more. */
export function submitForReview(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<RecoveryCase>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    if (!recoveryCase.contactConfirmedAt) return refuse(recoveryRefusals["not-confirmed"]());
    return advance(tx, runtime, recoveryCase, { event: "submit", as: "claimant", actor: asClaimant(recoveryCase) });
  });
}

/** "I found my codes" or "cancel". Refuses a page opened with a mailed code: a thief in the mailbox must not cancel. */
export function withdrawCase(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  access: { readonly hasFullAccess: boolean },
  now: Date,
): Promise<Result<RecoveryCase>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    if (!access.hasFullAccess) return refuse(recoveryRefusals["full-access-needed"]());
    return advance(tx, runtime, recoveryCase, {
      event: "withdraw",
      as: "claimant",
      actor: asClaimant(recoveryCase),
      patch: { ended_because: "withdrawn by the claimant" },
    });
  });
}

/**
 * Runs one act that opens a closed case again. Refuses where the account has another open case meanwhile. The account's
 * lock is taken before the case's, as by everybody who opens one; the other way round two could wait for each other.
 */
async function onClosedCase<T>(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  now: Date,
  act: (tx: Tx, recoveryCase: RecoveryCase) => Promise<Result<T>>,
): Promise<Result<T>> {
  return transact(runtime.db, { now }, async (tx) => {
    const accountId = (await findCase(tx, caseId))?.accountId;
    const open = accountId ? await lockOpenCaseOf(tx, accountId) : null;
    if (open && open.id !== caseId) return refuse(recoveryRefusals["case-open-already"]());
    const recoveryCase = await lockCase(tx, caseId);
    return recoveryCase ? act(tx, recoveryCase) : refuse(recoveryRefusals["no-such-case"]());
  });
}

/** Takes an expired case up again where it stopped. Refuses where the account has another open case meanwhile. */
export function reopenCase(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<RecoveryCase>> {
  return onClosedCase(runtime, caseId, now, async (tx, recoveryCase) => {
    const patch = { expires_at: new Date(now.getTime() + runtime.policy.limits.caseIdleMs), ended_because: null };
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "reopen",
      as: "claimant",
      actor: asClaimant(recoveryCase),
      patch,
    });
    return moved.ok ? evaluate(tx, runtime, moved.value) : moved;
  });
}

/** Asks for somebody else to look at a refusal. Refuses where the account has another open case meanwhile. */
export function appealCase(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<RecoveryCase>> {
  return onClosedCase(runtime, caseId, now, (tx, recoveryCase) =>
    advance(tx, runtime, recoveryCase, {
      event: "appeal",
      as: "claimant",
      actor: asClaimant(recoveryCase),
      patch: { ended_because: null },
    }),
  );
}
