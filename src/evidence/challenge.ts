import { audit } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import {
  digestToken,
  listSecrets,
  listSecretsOf,
  type OneTimeSecret,
  peekUsable,
  revokeSecrets,
  spend,
  storeSecret,
} from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { findKind } from "./kinds.ts";
import { evidenceRefusals } from "./refusals.ts";
import type { Challenge, EvidenceContext } from "./types.ts";

/*
 * A challenge is a one-time secret of the case. Its value is not stored: it is made from a stored nonce and the
 * installation's key, so that the page can show the same command again, and whoever reads the database cannot.
 */

const NONCE_BYTES = 16;

export const challengePurpose = (kindId: string): string => `evidence-${kindId}`;

const valuesOf = (runtime: Runtime, kindId: string, caseId: string, nonce: string): readonly string[] =>
  runtime.keys
    .macs("short-code", `${challengePurpose(kindId)}\n${caseId}\n${nonce}`)
    .map((mac) => mac.toString("base64url"));

/**
 * Starts a challenge for a kind that has one; a running one of the same kind ends. Refuses a kind without challenges.
 */
export async function startChallenge(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
): Promise<Result<Challenge>> {
  const hours = findKind(kindId)?.challengeHours ?? null;
  if (hours === null) return refuse(evidenceRefusals["unknown-kind"]());
  const nonce = runtime.random.bytes(NONCE_BYTES).toString("base64url");
  const [value = ""] = valuesOf(runtime, kindId, context.caseId, nonce);
  const expiresAt = new Date(tx.now.getTime() + hours * 3600_000);
  const purpose = challengePurpose(kindId);
  await revokeSecrets(tx, purpose, context.caseId, "a newer one was asked for");
  const id = await storeSecret(tx, runtime.random, {
    purpose,
    subject: context.caseId,
    digest: digestToken(value),
    detail: { nonce },
    expiresAt,
  });
  audit(tx, runtime.random, {
    act: "evidence/challenge-started",
    actor: { kind: "claimant", id: context.caseId },
    accountId: context.accountId,
    caseId: context.caseId,
    facts: { kind: kindId, challenge: id },
  });
  return ok({ id, value, expiresAt });
}

/** The running challenge of a kind in a case, to show it again or to check an answer; null where none is running. */
export async function currentChallenge(
  reader: Reader,
  runtime: Runtime,
  context: Pick<EvidenceContext, "caseId" | "now">,
  kindId: string,
): Promise<Challenge | null> {
  const purpose = challengePurpose(kindId);
  return running(reader, runtime, context, kindId, await listSecrets(reader, purpose, context.caseId));
}

/** The running challenges of a case, by kind: one read where none is running. */
export async function currentChallenges(
  reader: Reader,
  runtime: Runtime,
  context: Pick<EvidenceContext, "caseId" | "now">,
  kindIds: readonly string[],
): Promise<ReadonlyMap<string, Challenge>> {
  if (kindIds.length === 0) return new Map();
  const secrets = await listSecretsOf(reader, kindIds.map(challengePurpose), context.caseId);
  const found = new Map<string, Challenge>();
  for (const id of kindIds) {
    const mine = secrets.filter((one) => one.purpose === challengePurpose(id));
    const challenge = await running(reader, runtime, context, id, mine);
    if (challenge) found.set(id, challenge);
  }
  return found;
}

async function running(
  reader: Reader,
  runtime: Runtime,
  context: Pick<EvidenceContext, "caseId" | "now">,
  kindId: string,
  secrets: readonly OneTimeSecret[],
): Promise<Challenge | null> {
  const purpose = challengePurpose(kindId);
  const newest = secrets.findLast((one) => one.revokedAt === null && one.spentAt === null);
  const nonce = newest?.detail["nonce"];
  if (!newest?.expiresAt || newest.expiresAt <= context.now || typeof nonce !== "string") return null;
  for (const value of valuesOf(runtime, kindId, context.caseId, nonce)) {
    const found = await peekUsable(
      reader,
      { purpose, subject: context.caseId, digests: [digestToken(value)] },
      context.now,
    );
    if (found.ok) return { id: found.value.id, value, expiresAt: newest.expiresAt };
  }
  return null; // made under a key that is gone
}

/** Spends a challenge: of any number of simultaneous answers one counts. Refuses spent, replaced and expired ones. */
export async function spendChallenge(
  tx: Tx,
  context: EvidenceContext,
  kindId: string,
  challenge: Challenge,
): Promise<Result<undefined>> {
  const spent = await spend(tx, {
    purpose: challengePurpose(kindId),
    subject: context.caseId,
    digests: [digestToken(challenge.value)],
  });
  return spent.ok ? ok() : spent;
}
