import { freezeAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type CaseId, newId } from "../kernel/ids.ts";
import { digestToken, oneTimeRefusals, peekUsable, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { endAllSessions } from "../sessions/index.ts";
import { advance } from "./advance.ts";
import type { RecoveryRuntime } from "./context.ts";
import { OBJECTION } from "./notices.ts";
import { revokeRestorationRight } from "./restoration.ts";
import { findCase, lockCase, lockOpenCaseOf } from "./store/cases.ts";
import { insertMessage } from "./store/thread.ts";
import type { RecoveryCase } from "./types.ts";

export interface Contest {
  readonly as: "objector" | "subscriber";
  readonly actor: AuditActor;
  /** Who objected, as a kind. */
  readonly relation: string;
  /** For the desk's eyes, in the case's thread. */
  readonly words: string;
  /** Whether a case that is with the desk for such a reason already takes the words, or is refused. */
  readonly mayStand: boolean;
}

const isStopped = ({ state }: RecoveryCase): boolean =>
  state === "contested" || state === "incident" || state === "disputed" || state === "disputed-second";

/**
 * Stops a case: what was granted in it is worth nothing, a person looks at it first, and the claimant is told. The caller
 * has locked the case, and freezes the account. Refuses a case that is past stopping.
 */
export async function contest(
  tx: Tx,
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  { as, actor, relation, words, mayStand }: Contest,
): Promise<Result<RecoveryCase>> {
  const isWithDesk = mayStand && isStopped(recoveryCase);
  const moved = isWithDesk
    ? ok(recoveryCase)
    : await advance(tx, runtime, recoveryCase, {
        event: "object",
        as,
        actor,
        patch: { objected_at: tx.now },
        facts: { relation },
      });
  if (!moved.ok) return moved;
  await revokeRestorationRight(tx, recoveryCase.id, "somebody objected");
  await insertMessage(tx, runtime, recoveryCase.id, {
    id: newId("msg", tx.now, runtime.random),
    authorKind: "system",
    authorId: null,
    isInternal: true,
    body: words,
  });
  if (isWithDesk) return moved;
  await queueMail(tx, runtime, {
    to: recoveryCase.contactAddress,
    message: "objection-recorded",
    params: { caseNumber: recoveryCase.number },
    caseId: recoveryCase.id,
  });
  return moved;
}

/** What the page behind an objection link shows before the button is pressed. Looking changes nothing. */
export async function peekObjection(runtime: RecoveryRuntime, token: string, now: Date): Promise<Result<RecoveryCase>> {
  const found = await peekUsable(runtime.db, { purpose: OBJECTION, digests: [digestToken(token)] }, now);
  if (!found.ok) return found;
  const recoveryCase = await findCase(runtime.db, found.value.subject as CaseId); // the subject was written by tellEverybody
  return recoveryCase ? ok(recoveryCase) : refuse(oneTimeRefusals.unknown());
}

/**
 * "This was not me", by somebody we told: stops the case and freezes the account, in one transaction. Waits for whoever
 * acts on the case at this moment, and then acts on what they left: an approval or a finished wait does not outrun it;
 * after a completed restoration it freezes the account, and two of the desk decide, or, where the account has an open case again
 * (the owner whom a thief's restoration locked out), stops that one, which the desk looks at.
 */
export async function object(runtime: RecoveryRuntime, token: string, now: Date): Promise<Result<RecoveryCase>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<RecoveryCase>> => {
    const spent = await spend(tx, { purpose: OBJECTION, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const recoveryCase = await lockCase(tx, spent.value.subject as CaseId); // the subject was written by tellEverybody
    if (!recoveryCase?.accountId) return refuse(oneTimeRefusals.unknown());
    const { relation: told } = spent.value.detail;
    const relation = typeof told === "string" ? told : "unknown";
    const actor = { kind: "anyone" } as const;
    const { accountId } = recoveryCase;
    const later = recoveryCase.state === "restored" ? await lockOpenCaseOf(tx, accountId) : null;
    const which = later ? `, to case ${recoveryCase.number}, which was completed before this one was opened` : "";
    const words = `Objection by a recipient of our notices (${relation})${which}.`;
    // Several of those who were told may press their button: the first stops it, and the others are heard too.
    const mayStand = later !== null || recoveryCase.state.startsWith("disputed");
    const moved = await contest(tx, runtime, later ?? recoveryCase, {
      as: "objector",
      actor,
      relation,
      words,
      mayStand,
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
    });
    return moved;
  });
}
