import { audit } from "../audit/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { findKind } from "./kinds.ts";
import { authenticatorCard } from "./kinds/authenticator/authenticator.ts";
import { evidenceRefusals } from "./refusals.ts";
import { deleteDeclined, insertDeclined } from "./store.ts";
import type { EvidenceContext } from "./types.ts";

/*
 * "I cannot do this" is an answer. It weighs nothing either way: owners lose things. The board and the advice go by what
 * is left, and the answer can be taken back.
 */

const isOnBoard = (kindId: string): boolean =>
  kindId === authenticatorCard.kindId || (findKind(kindId) !== undefined && findKind(kindId)?.isNoted !== true);

/** Notes that the claimant cannot give a kind of proof. Saying it twice changes nothing. Refuses what is on no board. */
export async function declineKind(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
): Promise<Result<undefined>> {
  if (!isOnBoard(kindId)) return refuse(evidenceRefusals["unknown-kind"]());
  await insertDeclined(tx, context.caseId, kindId);
  note(tx, runtime, context, "evidence/kind-declined", kindId);
  return ok();
}

/** Takes it back. Refuses what is on no board. */
export async function takeBackDecline(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
): Promise<Result<undefined>> {
  if (!isOnBoard(kindId)) return refuse(evidenceRefusals["unknown-kind"]());
  await deleteDeclined(tx, context.caseId, kindId);
  note(tx, runtime, context, "evidence/decline-taken-back", kindId);
  return ok();
}

function note(tx: Tx, runtime: Runtime, context: EvidenceContext, act: string, kind: string): void {
  const { caseId, accountId } = context;
  audit(tx, runtime.random, { act, actor: { kind: "claimant", id: caseId }, accountId, caseId, facts: { kind } });
}
