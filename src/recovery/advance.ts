import { audit, type AuditActor, type AuditFacts } from "../audit/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { step } from "../kernel/lifecycle.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type CaseActor, type CaseEvent, caseLifecycle } from "./lifecycle.ts";
import { recoveryRefusals } from "./refusals.ts";
import { advanceCase, type CasePatch, findCase } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

export interface Move {
  readonly event: CaseEvent;
  readonly as: CaseActor;
  readonly actor: AuditActor;
  readonly patch?: CasePatch;
  readonly facts?: AuditFacts;
}

/**
 * Takes one transition: allowed by the lifecycle, made by a conditional update, and on the audit log. Returns the case
 * as it is now. Refuses what the lifecycle does not allow, and a case that has changed meanwhile.
 */
export async function advance(
  tx: Tx,
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  move: Move,
): Promise<Result<RecoveryCase>> {
  const next = step(caseLifecycle, recoveryCase.state, move.event, move.as);
  if (!next.ok) return next;
  const isMine = await advanceCase(tx, recoveryCase.id, recoveryCase.state, next.value, move.patch ?? {});
  if (!isMine) return refuse(recoveryRefusals["case-changed"]());
  const moved = await findCase(tx, recoveryCase.id);
  if (!moved) throw new Error("A case vanished while it was advanced.");
  audit(tx, runtime.random, {
    act: `recovery/${move.event}`,
    actor: move.actor,
    accountId: moved.accountId,
    caseId: moved.id,
    facts: { from: recoveryCase.state, to: moved.state, ...move.facts },
  });
  return ok(moved);
}
