import { findAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  listFindings,
  lookAgain,
  lookAtFinding,
  noteChecked,
  recheckFinding,
  recordChanges,
  type Verdict,
} from "../evidence/index.ts";
import type { CaseId, FindingId } from "../kernel/ids.ts";
import { errorFields } from "../kernel/log.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { evidenceContext } from "./evidence-context.ts";
import { EVIDENCE_STATES } from "./lifecycle.ts";
import { recoveryRefusals } from "./refusals.ts";
import { refuseTie } from "./impartial.ts";
import type { Reviewer } from "./reviewer-acts.ts";
import { findCase, listPending } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/** Cases in memory at a time, and looked at at a time: what bounds memory, and what other services are asked at once. */
const AT_ONCE = 100;
const SIDE_BY_SIDE = 4;

export interface Night {
  readonly cases: number;
  /** Cases that were weighed anew, since something in them is not as it was. */
  readonly weighed: number;
  /** Cases that could not be looked at; the next night tries again. */
  readonly failed: number;
}

/**
 * Looks again at every proof of every pending case that was not looked at for a night, and weighs anew where one has changed
 * or expired. Safe to run twice and to be cut off: what was looked at is noted page by page. A case that fails, because
 * of a service of somebody else's, does not stop the others.
 */
export async function recheckPending(runtime: RecoveryRuntime, now: Date): Promise<Night> {
  const night = { cases: 0, weighed: 0, failed: 0 };
  let after: CaseId | null = null;
  for (;;) {
    const page: readonly RecoveryCase[] = await listPending(runtime.db, after, AT_ONCE);
    const unchanged: FindingId[] = [];
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let one = page[next++]; one; one = page[next++]) {
        try {
          const done = await recheckCase(runtime, one, now);
          unchanged.push(...done.unchanged);
          night.weighed += Number(done.isWeighed);
        } catch (error) {
          night.failed += 1;
          runtime.log.warn("a case could not be checked again", { caseId: one.id, ...errorFields(error) });
        }
        night.cases += 1;
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
    await noteChecked(runtime, unchanged, now);
    after = page.at(-1)?.id ?? null;
    if (page.length < AT_ONCE) return night;
  }
}

/** What looking again at one proof gave. */
export interface SecondJudgement {
  readonly was: Verdict;
  readonly is: Verdict;
}

/**
 * A reviewer has one proof looked at again: at what it rests on, outside too, and by the kind as it is today; then the case
 * is weighed anew. Refuses one's own case, a case that is over, and a proof that is replaced or whose observation is erased.
 */
export async function recheckProof(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  reviewer: Reviewer,
  findingId: FindingId,
  now: Date,
): Promise<Result<SecondJudgement>> {
  const found = await findCase(runtime.db, caseId);
  const account = found?.accountId ? await findAccount(runtime.db, found.accountId) : null;
  if (!found || !account) return refuse(recoveryRefusals["no-such-case"]());
  const context = evidenceContext(runtime, found, account, now);
  const old = (await listFindings(runtime.db, caseId)).find(({ id }) => id === findingId);
  const observation = old && (await lookAtFinding(runtime, context, findingId));
  return onCase(runtime, caseId, now, async (tx, locked): Promise<Result<SecondJudgement>> => {
    const others = await refuseTie(tx, locked, reviewer);
    if (!others.ok) return others;
    if (!(EVIDENCE_STATES as readonly string[]).includes(locked.state)) return refuse(recoveryRefusals["too-late"]());
    const actor = { kind: "staff", id: reviewer.accountId } as const;
    const asked = { findingId, isObservedAgain: true, observation, actor };
    const judged = await recheckFinding(tx, runtime, context, asked);
    if (!judged.ok) return judged;
    const weighed = await evaluate(tx, runtime, locked);
    return weighed.ok ? ok({ was: old?.verdict ?? judged.value.verdict, is: judged.value.verdict }) : weighed;
  });
}

async function recheckCase(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  now: Date,
): Promise<{ readonly unchanged: readonly FindingId[]; readonly isWeighed: boolean }> {
  const account = recoveryCase.accountId && (await findAccount(runtime.db, recoveryCase.accountId));
  if (!account) return { unchanged: [], isWeighed: false };
  const context = evidenceContext(runtime, recoveryCase, account, now);
  const seen = await lookAgain(runtime, context);
  // While a wait runs, time alone takes nothing back: what was shown was shown in time. What has changed does.
  const isStale = seen.changed.length > 0 || (seen.hasExpired && recoveryCase.state !== "waiting");
  if (!isStale) return { unchanged: seen.unchanged, isWeighed: false };
  const done = await onCase(runtime, recoveryCase.id, now, async (tx, locked): Promise<Result<boolean>> => {
    if (!(EVIDENCE_STATES as readonly string[]).includes(locked.state)) return ok(false); // it ended meanwhile
    const changed = await recordChanges(tx, runtime, context, seen);
    audit(tx, runtime.random, {
      act: "recovery/weighed-again",
      actor: { kind: "clock" },
      accountId: account.id,
      caseId: locked.id,
      facts: { changed, hasExpired: seen.hasExpired },
    });
    const weighed = await evaluate(tx, runtime, locked);
    return weighed.ok ? ok(true) : weighed;
  });
  return { unchanged: seen.unchanged, isWeighed: done.ok && done.value };
}
