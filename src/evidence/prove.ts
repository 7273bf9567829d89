import type { z } from "zod";
import type { Source } from "../kernel/http/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { CaseId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { currentChallenge, spendChallenge } from "./challenge.ts";
import { recordFinding } from "./findings.ts";
import { findKind } from "./kinds.ts";
import { evidenceRefusals } from "./refusals.ts";
import { insertTry } from "./store.ts";
import type { AnyKind, Challenge, EvidenceContext, StoredFinding } from "./types.ts";

/**
 * Where the recording happens: the recovery slice gives the transaction that holds the case's lock, and weighs the case
 * after `record`. May be run again after a deadlock, as every transaction.
 */
export type Conclude<T> = (caseId: CaseId, record: (tx: Tx) => Promise<Result<StoredFinding>>) => Promise<Result<T>>;

/** How often something may be tried in one case; the policy's `limits`. */
export interface TryLimits {
  readonly triesPerKind: number;
  readonly triesPerCase: number;
}

export interface ProofOptions {
  readonly source?: Source;
  readonly limits?: TryLimits;
  /** The challenge that was answered, where the answer named it; else the running one. */
  readonly challenge?: Challenge;
}

const ALL_KINDS = "*";

/** Counts a try in a case, committed before anything is looked at. Refuses one too many; tries never come back. */
export async function countTry(
  runtime: Runtime,
  context: Pick<EvidenceContext, "caseId" | "now">,
  what: { readonly name: string; readonly limit: number },
  limits?: TryLimits,
): Promise<Result<undefined>> {
  const { caseId, now } = context;
  const limit = Math.min(what.limit, limits?.triesPerKind ?? what.limit);
  if (!(await insertTry(runtime.db, { caseId, kind: what.name, limit }, now)))
    return refuse(evidenceRefusals["too-many-tries"]());
  if (limits && !(await insertTry(runtime.db, { caseId, kind: ALL_KINDS, limit: limits.triesPerCase }, now))) {
    return refuse(evidenceRefusals["too-many-tries"]());
  }
  return ok();
}

/**
 * Takes a proof from a claimant: checks its shape, counts the try, observes, and records what it shows together with
 * spending what it rests on. A proof that shows nothing, or speaks against the claimant, is a finding too.
 * Refuses: malformed claims, too many tries, a challenge that is not running or was answered by somebody else first,
 * and what the kind wants differently (a pasted private key, which is kept nowhere).
 */
export async function proveWith<T>(
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
  claimed: unknown,
  options: ProofOptions,
  conclude: Conclude<T>,
): Promise<Result<T>> {
  const kind = findKind(kindId);
  if (!kind) return refuse(evidenceRefusals["unknown-kind"]());
  const claim = kind.claim.safeParse(claimed);
  if (!claim.success) return refuse(evidenceRefusals["bad-claim"]({ fields: fieldMessages(claim.error) }));
  const counted = await countTry(runtime, context, { name: kind.id, limit: kind.triesPerCase }, options.limits);
  if (!counted.ok) return counted;
  const challenge =
    kind.challengeHours === null
      ? null
      : (options.challenge ?? (await currentChallenge(runtime.db, runtime, context, kind.id)));
  const asked: EvidenceContext = { ...context, challenge }; // a kind that needs one refuses to do without
  const observed = await kind.observe(runtime, asked, claim.data);
  if (!observed.ok) return observed;
  return conclude(context.caseId, (tx) => record(tx, runtime, asked, kind, claim.data, observed.value, options));
}

/** `proveWith` in a transaction of its own. */
export const prove = (
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
  claimed: unknown,
  options: ProofOptions = {},
): Promise<Result<StoredFinding>> =>
  proveWith(runtime, context, kindId, claimed, options, (_caseId, record) =>
    transact(runtime.db, { now: context.now }, record),
  );

/** A challenge is spent only by an answer that supports: a slip of the hand must not cost it. Tries are counted anyway. */
async function record(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kind: AnyKind,
  claim: unknown,
  observation: unknown,
  options: ProofOptions,
): Promise<Result<StoredFinding>> {
  const { challenge } = context;
  const isSupport = kind.assess(observation, context).verdict === "supports";
  if (isSupport && kind.challengeHours !== null && !challenge)
    throw new Error(`A ${kind.id} supports without a challenge.`);
  const isSpent = isSupport && challenge !== null && challenge !== undefined;
  if (isSpent) {
    const spent = await spendChallenge(tx, context, kind.id, challenge);
    if (!spent.ok) return spent;
  }
  const settled = kind.settle ? await kind.settle(tx, runtime, context, claim, observation) : ok(null);
  if (!settled.ok) return settled;
  const nonceId = isSpent ? challenge.id : settled.value;
  const { source } = options;
  return ok(
    await recordFinding(tx, runtime, context, kind.id, observation, { nonceId, ...(source ? { source } : {}) }),
  );
}

const fieldMessages = (error: z.ZodError): Readonly<Record<string, string>> =>
  Object.fromEntries(error.issues.map((issue) => [String(issue.path[0] ?? "claim"), issue.message]));
