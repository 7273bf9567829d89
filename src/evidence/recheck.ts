import { isDeepStrictEqual } from "node:util";
import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Outside } from "../kernel/net/outside.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { FindingId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { factsOf, judge, retainUntil } from "./findings.ts";
import { findKind } from "./kinds.ts";
import { evidenceRefusals } from "./refusals.ts";
import { insertFinding, markChecked, replaceFinding, selectFinding, selectStanding } from "./store.ts";
import type { EvidenceContext, StoredFinding } from "./types.ts";

/*
 * Looking again, on demand by the desk and every night for cases that are pending. What is seen is never younger than what
 * the claimant showed. Looking may ask other services, so the nightly round does it outside of transactions and comes
 * back into one only where something has changed.
 */

export interface Recheck {
  readonly findingId: FindingId;
  /** True: look again at what can be seen without the claimant. False: only judge the stored observation again. */
  readonly isObservedAgain: boolean;
  /** What was seen just before (`lookAtFinding`): nothing outside may be asked inside a transaction. */
  readonly observation?: unknown;
  readonly actor: AuditActor;
}

/**
 * Judges a standing finding again, by the kind as it is today. The new finding keeps the date and the expiry of the old:
 * what the claimant showed then does not get younger. Refuses a finding that is replaced or whose observation is erased.
 */
export async function recheckFinding(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  recheck: Recheck,
): Promise<Result<StoredFinding>> {
  const old = await selectFinding(tx, recheck.findingId);
  const { observation } = recheck;
  const seen =
    observation === undefined || observation === null
      ? old && (await look(tx, context, old, recheck.isObservedAgain))
      : { observation };
  if (!old || !seen || old.caseId !== context.caseId) return refuse(evidenceRefusals["no-such-finding"]());
  return replace(tx, runtime, context, old, seen.observation, recheck);
}

/**
 * Looks again at what one finding rests on, outside too, before the transaction of `recheckFinding`. Gives the
 * observation, or null where there is nothing to look at again.
 */
export async function lookAtFinding(
  runtime: Runtime,
  context: EvidenceContext,
  findingId: FindingId,
): Promise<unknown> {
  const old = await selectFinding(runtime.db, findingId);
  if (!old || old.caseId !== context.caseId) return null;
  return (await look(runtime.db, context, old, true, runtime.outside))?.observation ?? null;
}

/** Null for an unknown kind, and where the observation is erased or of a shape that is read no more. */
async function look(
  reader: Reader,
  context: EvidenceContext,
  old: StoredFinding,
  isObservedAgain: boolean,
  outside?: Outside,
): Promise<{ readonly observation: unknown } | null> {
  const kind = findKind(old.kind);
  const stored = kind?.observation.safeParse(old.observation);
  if (!kind || !stored?.success) return null;
  const observation = isObservedAgain ? await kind.observeAgain(reader, context, stored.data, outside) : stored.data;
  return { observation };
}

async function replace(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  old: StoredFinding,
  observation: unknown,
  { isObservedAgain, actor }: Omit<Recheck, "findingId">,
): Promise<Result<StoredFinding>> {
  const kind = findKind(old.kind);
  if (!kind || !(await replaceFinding(tx, old.id))) return refuse(evidenceRefusals["no-such-finding"]());
  const fresh = judge(runtime, context, kind, observation, tx.now, old.nonceId);
  const finding: StoredFinding = { ...fresh, observedAt: old.observedAt, expiresAt: old.expiresAt };
  await insertFinding(tx, finding, retainUntil(kind, finding));
  audit(tx, runtime.random, {
    act: "evidence/finding-rechecked",
    actor,
    accountId: context.accountId,
    caseId: context.caseId,
    facts: { ...factsOf(finding), was: old.verdict, of: old.id, isObservedAgain },
  });
  return ok(finding);
}

/** What the night found in one case. */
export interface SecondLook {
  /** Standing findings that would be judged otherwise now, with what is seen. */
  readonly changed: readonly { readonly old: StoredFinding; readonly observation: unknown }[];
  /** Everything that was looked at and is as it was. */
  readonly unchanged: readonly FindingId[];
  /** Whether a finding has expired since it was last looked at. */
  readonly hasExpired: boolean;
}

const NIGHT_MS = 20 * 3600_000;

/** Looks again at everything in a case that was not looked at for a night. Writes nothing. */
export async function lookAgain(runtime: Runtime, context: EvidenceContext): Promise<SecondLook> {
  const changed: { old: StoredFinding; observation: unknown }[] = [];
  const unchanged: FindingId[] = [];
  let hasExpired = false;
  for (const { finding: old, checkedAt } of await selectStanding(runtime.db, context.caseId)) {
    const lastAt = checkedAt ?? old.assessedAt;
    if (context.now.getTime() - lastAt.getTime() < NIGHT_MS || lastAt >= old.expiresAt) continue;
    if (old.expiresAt <= context.now) {
      hasExpired = true;
      unchanged.push(old.id);
      continue;
    }
    const seen = await look(runtime.db, context, old, true, runtime.outside);
    if (seen && !isSame(runtime, context, old, seen.observation)) changed.push({ old, observation: seen.observation });
    else unchanged.push(old.id);
  }
  return { changed, unchanged, hasExpired };
}

function isSame(runtime: Runtime, context: EvidenceContext, old: StoredFinding, observation: unknown): boolean {
  const kind = findKind(old.kind);
  if (!kind || kind.version !== old.kindVersion) return false;
  const now = judge(runtime, context, kind, observation, context.now, old.nonceId);
  const essence = (one: StoredFinding) => [
    one.verdict,
    one.policyKind,
    one.root,
    one.isPublic,
    one.boundAt,
    one.changedAt,
  ];
  return isDeepStrictEqual(essence(now), essence(old)) && isDeepStrictEqual(now.observation, old.observation);
}

const CLOCK = { kind: "clock" } as const;

/** Records what has changed, in the transaction that weighs the case anew. What was replaced meanwhile is left alone. */
export async function recordChanges(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  { changed }: SecondLook,
): Promise<number> {
  let recorded = 0;
  for (const { old, observation } of changed) {
    const done = await replace(tx, runtime, context, old, observation, { isObservedAgain: true, actor: CLOCK });
    if (done.ok) recorded += 1;
  }
  return recorded;
}

/** Notes that findings were looked at and are as they were: no row, no event. */
export async function noteChecked(runtime: Runtime, ids: readonly FindingId[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await transact(runtime.db, { now, bookkeeping: "findings looked at again" }, async (tx) => {
    await markChecked(tx, ids);
    return ok();
  });
}
