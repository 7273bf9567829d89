import type { Tx } from "../../../kernel/db/transact.ts";
import { ok, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import type { Session } from "../../../sessions/index.ts";
import { spendChallenge } from "../../challenge.ts";
import { recordFinding } from "../../findings.ts";
import type { Challenge, EvidenceContext, StoredFinding } from "../../types.ts";
import { ID, type NumberClaim, type Observation } from "./live-session.ts";

/** What a session that is signed in sends for the number it chose. */
export const numberClaim = (
  session: Session,
  answer: { readonly challengeId: string; readonly picked: number; readonly deviceToken?: string | undefined },
): NumberClaim => ({
  ...answer,
  sessionId: session.id,
  startedAt: session.startedAt,
  deviceId: session.deviceId,
});

/**
 * "It is not me": the number is spent and the finding recorded, in the caller's transaction, which stops the case as well.
 * No try is counted: saying no is always open. Refuses a question that is over.
 */
export async function recordNotMe(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  session: Session,
  challenge: Challenge,
): Promise<Result<StoredFinding>> {
  const spent = await spendChallenge(tx, context, ID, challenge);
  if (!spent.ok) return spent;
  const seen: Observation = {
    answer: "not-me",
    sessionId: session.id,
    startedAt: session.startedAt.toISOString(),
    deviceId: session.deviceId,
    deviceSince: null,
  };
  return ok(await recordFinding(tx, runtime, context, ID, seen, { nonceId: challenge.id }));
}
