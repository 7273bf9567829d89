import { findAccount } from "../accounts/index.ts";
import {
  type BoardCard,
  boardFor,
  carriedTo,
  type CarriedProof,
  declineKind,
  findCarried,
  findKind,
  currentChallenge,
  type Instructions,
  loadBoardFacts,
  startCarry,
  takeBackDecline,
  unavailableKinds,
} from "../evidence/index.ts";
import type { Source } from "../kernel/http/index.ts";
import type { CaseId } from "../kernel/ids.ts";
import { oneTimeRefusals } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evidenceContext } from "./evidence-context.ts";
import { EVIDENCE_STATES } from "./lifecycle.ts";
import { claimantHelp, claimantSetAside, helpInNumbers, progressInWords } from "./policy/index.ts";
import { openForProof, proveInCase } from "./prove.ts";
import type { RecoveryCase } from "./types.ts";

/* The proof board of a case: what evidence has, ordered and judged by the policy, as far as its claimant may know it. */

export interface CaseBoard {
  readonly cards: readonly BoardCard[];
  /** How far they have come, in words; null before anything was weighed. */
  readonly progress: string | null;
  /** The policy's kinds that are no way for this claimant. */
  readonly unavailable: readonly string[];
  /** Codes that carry a challenge to another machine, by kind. */
  readonly carried: ReadonlyMap<string, CarriedProof>;
  /** Whether anything can still be shown. */
  readonly isOpen: boolean;
}

/** The board, where the case has one: an account, a proven contact address, and a state in which proofs matter. */
export async function caseBoard(
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  now: Date,
): Promise<CaseBoard | null> {
  const isOpen = (EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state);
  if ((!isOpen && recoveryCase.state !== "ready") || !recoveryCase.accountId || !recoveryCase.contactConfirmedAt)
    return null;
  const { decision } = recoveryCase;
  const { policy, db } = runtime;
  const context = evidenceContext(runtime, recoveryCase, await findAccount(db, recoveryCase.accountId), now);
  const facts = await loadBoardFacts(db, runtime, context, policy.limits);
  const unavailable = unavailableKinds(facts);
  const help = decision ? claimantHelp(policy, decision, unavailable).map(helpInNumbers) : [];
  const aside = decision ? [...claimantSetAside(policy, decision)] : [];
  const setAside = new Map(aside.map(([kind, { words }]) => [kind, `It ${words}`] as const));
  const cards = boardFor({ ...facts, help, setAside });
  const carried = new Map<string, CarriedProof>();
  for (const { kindId, instructions } of cards) {
    const code = instructions.command === undefined ? null : await carriedTo(db, runtime, context, kindId);
    if (code) carried.set(kindId, code);
  }
  return { cards, progress: decision ? progressInWords(policy, decision) : null, unavailable, carried, isOpen };
}

/** "I cannot do this", or that they can after all. Refuses a case that takes no more proofs. */
export async function sayCannot(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  said: { readonly kind: string; readonly can: boolean; readonly now: Date },
): Promise<Result<undefined>> {
  const opened = await openForProof(runtime, caseId, said.now);
  if (!opened.ok) return opened;
  const { context } = opened.value;
  return onCase(runtime, caseId, said.now, (tx) =>
    (said.can ? takeBackDecline : declineKind)(tx, runtime, context, said.kind),
  );
}

/** Makes a short code by which another machine shows the command of a kind. */
export async function carryProof(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  kind: string,
  now: Date,
): Promise<Result<CarriedProof>> {
  const opened = await openForProof(runtime, caseId, now);
  if (!opened.ok) return opened;
  return onCase(runtime, caseId, now, (tx) => startCarry(tx, runtime, opened.value.context, kind));
}

export interface Carried {
  /** As it is shown, however it was typed. */
  readonly code: string;
  readonly kindId: string;
  readonly title: string;
  readonly instructions: Instructions;
  readonly until: Date;
}

/**
 * What another machine shows for a code: one command, and nothing of the case. Refuses every code that leads nowhere with
 * one answer, whatever the reason.
 */
export async function openCarried(runtime: RecoveryRuntime, typed: string, now: Date): Promise<Result<Carried>> {
  const found = await findCarried(runtime.db, runtime, typed, now);
  if (!found.ok) return found;
  const { caseId, kindId } = found.value;
  const opened = await openForProof(runtime, caseId, now);
  const challenge = await currentChallenge(runtime.db, runtime, { caseId, now }, kindId);
  const kind = findKind(kindId);
  if (!opened.ok || !challenge || !kind) return refuse(oneTimeRefusals.unknown());
  const instructions = kind.instructions({ ...opened.value.context, challenge });
  return ok({ code: found.value.code, kindId, title: kind.title, instructions, until: challenge.expiresAt });
}

/**
 * An answer that was pasted on another machine. What it shows is told on the case page alone. Refuses as `openCarried`
 * and as every proof does.
 */
export async function answerCarried(
  runtime: RecoveryRuntime,
  typed: string,
  answer: {
    readonly kindId: string;
    readonly claim: unknown;
    readonly source: Source;
    readonly now: Date;
  },
): Promise<Result<undefined>> {
  const { kindId, claim, source, now } = answer;
  const found = await findCarried(runtime.db, runtime, typed, now);
  if (!found.ok) return found;
  if (found.value.kindId !== kindId) return refuse(oneTimeRefusals.unknown());
  const done = await proveInCase(runtime, found.value.caseId, kindId, claim, { source, now });
  return done.ok ? ok() : done;
}
