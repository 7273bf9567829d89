import { audit } from "../audit/index.ts";
import type { Source } from "../kernel/http/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../kernel/db/transact.ts";
import { type CaseId, newId, type OneTimeId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { deleteStaleForges } from "./forge/store.ts";
import { findKind } from "./kinds.ts";
import { deleteOldUses } from "./kinds/registry-mail/store.ts";
import { deleteStaleKeys } from "./openpgp-store.ts";
import { eraseObservations, insertFinding, replaceFindings, selectFindings } from "./store.ts";
import type { AnyKind, EvidenceContext, StoredFinding, Verdict } from "./types.ts";

const DAY_MS = 24 * 3600_000;
/** A mail that was shown for one account is known when it is shown for another. */
const MAIL_USES_DAYS = 400;

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

export function requireKind(kindId: string): AnyKind {
  const kind = findKind(kindId);
  if (!kind) throw new Error(`There is no evidence kind ${kindId}.`);
  return kind;
}

export const factsOf = (finding: StoredFinding) => ({
  finding: finding.id,
  kind: finding.kind,
  version: finding.kindVersion,
  policyKind: finding.policyKind,
  verdict: finding.verdict,
});

export const retainUntil = (kind: AnyKind, finding: StoredFinding): Date =>
  new Date(finding.observedAt.getTime() + kind.retainDays * DAY_MS);

export function judge(
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
    limitedTo: assessed.limitedTo ?? null,
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
  ...(finding.limitedTo ? { limitedTo: finding.limitedTo } : {}),
});

/**
 * Erases observations that were kept as long as their kind allows, and keys and forge accounts that were never signed for.
 * Returns how many observations.
 */
export async function eraseOldObservations(runtime: Runtime, now: Date): Promise<number> {
  let count = 0;
  await transact(runtime.db, { now, bookkeeping: "nothing was old enough to erase" }, async (tx) => {
    await deleteStaleKeys(tx);
    await deleteStaleForges(tx);
    await deleteOldUses(tx, new Date(now.getTime() - MAIL_USES_DAYS * DAY_MS));
    count = await eraseObservations(tx);
    if (count > 0)
      audit(tx, runtime.random, { act: "evidence/observations-erased", actor: { kind: "clock" }, facts: { count } });
    return ok();
  });
  return count;
}
