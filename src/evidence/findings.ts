import { audit, type AuditActor } from "../audit/index.ts";
import type { Source } from "../kernel/http/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../kernel/db/transact.ts";
import { type CaseId, type FindingId, newId, type OneTimeId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { findKind } from "./kinds.ts";
import { evidenceRefusals } from "./refusals.ts";
import {
  eraseObservations,
  insertFinding,
  replaceFinding,
  replaceFindings,
  selectFinding,
  selectFindings,
} from "./store.ts";
import type { AnyKind, EvidenceContext, StoredFinding, Verdict } from "./types.ts";

const DAY_MS = 24 * 3600_000;

/**
 * What a newer finding of the same kind and root replaces. Wrong and then right is right; right and then wrong stays
 * both; a contradiction is not taken back by something that shows nothing.
 */
const REPLACES: Readonly<Record<Verdict, readonly Verdict[]>> = {
  supports: ["supports", "contradicts", "inconclusive"],
  contradicts: ["contradicts", "inconclusive"],
  inconclusive: ["inconclusive"],
};

export interface Recording {
  /** The code or challenge that was spent for it. */
  readonly nonceId?: OneTimeId | null;
  readonly source?: Source;
}

/**
 * Judges an observation and keeps both, in the caller's transaction. Throws on an unknown kind and on an observation its
 * schema does not know: those are bugs. The caller weighs the case anew.
 */
export async function recordFinding(
  tx: Tx,
  runtime: Runtime,
  context: EvidenceContext,
  kindId: string,
  observation: unknown,
  recording: Recording = {},
): Promise<StoredFinding> {
  const kind = requireKind(kindId);
  await lockName(tx.as<unknown>(), `findings ${context.caseId}`); // two at once must not both stay current
  const finding = judge(runtime, context, kind, observation, tx.now, recording.nonceId ?? null);
  const replaced = await replaceFindings(tx, { ...finding, verdicts: REPLACES[finding.verdict] });
  await insertFinding(tx, finding, retainUntil(kind, finding));
  audit(tx, runtime.random, {
    act: "evidence/finding-recorded",
    actor: { kind: "claimant", id: context.caseId },
    accountId: context.accountId,
    caseId: context.caseId,
    facts: { ...factsOf(finding), replaced },
    ...(recording.source ? { personal: { ...recording.source } } : {}),
  });
  return finding;
}

function requireKind(kindId: string): AnyKind {
  const kind = findKind(kindId);
  if (!kind) throw new Error(`There is no evidence kind ${kindId}.`);
  return kind;
}

const factsOf = (finding: StoredFinding) => ({
  finding: finding.id,
  kind: finding.kind,
  version: finding.kindVersion,
  policyKind: finding.policyKind,
  verdict: finding.verdict,
});

const retainUntil = (kind: AnyKind, finding: StoredFinding): Date =>
  new Date(finding.observedAt.getTime() + kind.retainDays * DAY_MS);

function judge(
  runtime: Runtime,
  context: EvidenceContext,
  kind: AnyKind,
  observed: unknown,
  now: Date,
  nonceId: OneTimeId | null,
): StoredFinding {
  const observation = kind.observation.parse(observed);
  const assessed = kind.assess(observation, context);
  return {
    id: newId("fnd", now, runtime.random),
    caseId: context.caseId,
    accountId: context.accountId,
    kind: kind.id,
    kindVersion: kind.version,
    policyKind: assessed.policyKind,
    root: assessed.root,
    verdict: assessed.verdict,
    isPublic: assessed.isPublic ?? false,
    boundAt: assessed.boundAt ?? null,
    changedAt: assessed.changedAt ?? null,
    observedAt: now,
    assessedAt: now,
    expiresAt: new Date(now.getTime() + kind.validForDays * DAY_MS),
    nonceId,
    observation,
    claimantText: assessed.claimantText,
    reviewerText: assessed.reviewerText,
    replacedAt: null,
  };
}

/** The findings of a case that stand, oldest first; with `isReplacedToo`, all that ever were. */
export const listFindings = (
  reader: Reader,
  caseId: CaseId,
  options: { readonly isReplacedToo?: boolean } = {},
): Promise<readonly StoredFinding[]> => selectFindings(reader, caseId, options.isReplacedToo ?? false);

/** A finding as the policy weighs it. The reviewer's text stays here: decisions are kept longer than it. */
export const toPolicyFinding = (finding: StoredFinding) => ({
  kind: finding.policyKind,
  root: finding.root,
  verdict: finding.verdict,
  ...(finding.boundAt ? { boundAt: finding.boundAt } : {}),
  ...(finding.changedAt ? { changedAt: finding.changedAt } : {}),
  observedAt: finding.observedAt,
  expiresAt: finding.expiresAt,
  isPublic: finding.isPublic,
});

export interface Recheck {
  readonly findingId: FindingId;
  /** True: look again at what can be seen without the claimant. False: only judge the stored observation again. */
  readonly isObservedAgain: boolean;
  /** What was seen outside just before (`lookAgain`), since nothing outside may be asked inside a transaction. */
  readonly observation?: unknown;
  readonly actor: AuditActor;
}

/**
 * Looks again at what a standing finding rests on, outside too, before the transaction of `recheckFinding`. Gives the
 * observation, or null where there is nothing to look at again.
 */
export async function lookAgain(runtime: Runtime, context: EvidenceContext, findingId: FindingId): Promise<unknown> {
  const old = await selectFinding(runtime.db, findingId);
  const kind = old && findKind(old.kind);
  const stored = old && kind?.observation.safeParse(old.observation);
  if (!kind || !stored?.success || old.caseId !== context.caseId) return null;
  return kind.observeAgain(runtime.db, context, stored.data, runtime.outside);
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
  const kind = old && findKind(old.kind);
  const stored = old && kind?.observation.safeParse(old.observation);
  if (!old || !kind || !stored?.success || old.caseId !== context.caseId)
    return refuse(evidenceRefusals["no-such-finding"]());
  const seen = kind.observation.safeParse(recheck.observation).data ?? stored.data;
  const observation = recheck.isObservedAgain ? await kind.observeAgain(tx, context, seen) : seen;
  if (!(await replaceFinding(tx, old.id))) return refuse(evidenceRefusals["no-such-finding"]());
  const fresh = judge(runtime, context, kind, observation, tx.now, old.nonceId);
  const finding: StoredFinding = { ...fresh, observedAt: old.observedAt, expiresAt: old.expiresAt };
  await insertFinding(tx, finding, retainUntil(kind, finding));
  audit(tx, runtime.random, {
    act: "evidence/finding-rechecked",
    actor: recheck.actor,
    accountId: context.accountId,
    caseId: context.caseId,
    facts: { ...factsOf(finding), was: old.verdict, of: old.id, isObservedAgain: recheck.isObservedAgain },
  });
  return ok(finding);
}

/** Erases observations that were kept as long as their kind allows. Returns how many. */
export async function eraseOldObservations(runtime: Runtime, now: Date): Promise<number> {
  let count = 0;
  await transact(runtime.db, { now, bookkeeping: "nothing was old enough to erase" }, async (tx) => {
    count = await eraseObservations(tx);
    if (count > 0)
      audit(tx, runtime.random, { act: "evidence/observations-erased", actor: { kind: "clock" }, facts: { count } });
    return ok();
  });
  return count;
}
