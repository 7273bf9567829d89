import { type Account, findAccount } from "../accounts/index.ts";
import {
  type Answered,
  answerVouch,
  type AnsweredElsewhere,
  answerWithToken,
  type AskedFor,
  askToVouch,
  type Conclude,
  findKind,
  proveWith,
  requestMailboxCode,
  type Said,
  startChallenge as issueChallenge,
} from "../evidence/index.ts";
import type { Source } from "../kernel/http/index.ts";
import type { CaseId, VouchId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Secret } from "../kernel/secret.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { evaluate } from "./evaluate.ts";
import { evidenceContext } from "./evidence-context.ts";
import { EVIDENCE_STATES } from "./lifecycle.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase } from "./store/cases.ts";
import { takeInCase } from "./typed.ts";
import type { RecoveryCase } from "./types.ts";

/** The case with its account, where a proof may still be given. */
export async function openForProof(runtime: RecoveryRuntime, caseId: CaseId, now: Date) {
  const recoveryCase = await findCase(runtime.db, caseId);
  if (!recoveryCase) return refuse(recoveryRefusals["no-such-case"]());
  if (!(EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state))
    return refuse(recoveryRefusals["too-late"]());
  const account = recoveryCase.accountId && (await findAccount(runtime.db, recoveryCase.accountId));
  if (!account) return refuse(recoveryRefusals["not-confirmed"]());
  return ok({ recoveryCase, context: evidenceContext(runtime, recoveryCase, account, now) });
}

/** Records the finding under the case's lock and weighs the case anew in the same transaction. */
export const concludeIn =
  (runtime: RecoveryRuntime, now: Date): Conclude<RecoveryCase> =>
  (caseId, record) =>
    onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<RecoveryCase>> => {
      if (!(EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state))
        return refuse(recoveryRefusals["too-late"]());
      const finding = await record(tx);
      return finding.ok ? evaluate(tx, runtime, recoveryCase) : finding;
    });

/**
 * Refuses a claim with a secret in any of its fields, after ending what is ours: a private key where a signature belongs, a
 * token where a password does. Nothing of such a claim is kept or looked at.
 */
async function refuseSecrets(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  kind: string,
  claim: unknown,
  now: Date,
): Promise<Result<undefined>> {
  const asked = findKind(kind)?.secretFields ?? [];
  const fields = typeof claim === "object" && claim !== null ? Object.entries(claim) : [];
  const texts = Object.fromEntries(
    fields.filter((entry): entry is [string, string] => typeof entry[1] === "string" && !asked.includes(entry[0])),
  );
  const { told } = await takeInCase(runtime, caseId, "claimant", texts, now);
  return told === null ? ok() : refuse(recoveryRefusals["secret-pasted"]({ detail: told }));
}

/** Takes a proof of one kind from the claimant; what it shows counts at once. Refuses one with a secret in it. */
export async function proveInCase(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  kind: string,
  claim: unknown,
  at: { readonly source: Source; readonly now: Date },
): Promise<Result<RecoveryCase>> {
  const opened = await openForProof(runtime, caseId, at.now);
  if (!opened.ok) return opened;
  const free = await refuseSecrets(runtime, caseId, kind, claim, at.now);
  if (!free.ok) return free;
  const { limits } = runtime.policy;
  return proveWith(
    runtime,
    opened.value.context,
    kind,
    claim,
    { source: at.source, limits },
    concludeIn(runtime, at.now),
  );
}

/** Issues the challenge that a kind needs, in place of one that runs. */
export async function startChallenge(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  kind: string,
  now: Date,
): Promise<Result<undefined>> {
  const opened = await openForProof(runtime, caseId, now);
  if (!opened.ok) return opened;
  return onCase(runtime, caseId, now, async (tx) => {
    const issued = await issueChallenge(tx, runtime, opened.value.context, kind);
    return issued.ok ? ok() : issued;
  });
}

/** Sends a code to an address if it is the account's; the answer is the same if it is not. */
export async function askMailboxCode(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  address: string,
  at: { readonly source: Source; readonly now: Date },
): Promise<Result<unknown>> {
  const opened = await openForProof(runtime, caseId, at.now);
  if (!opened.ok) return opened;
  const free = await refuseSecrets(runtime, caseId, "mailbox", { address }, at.now);
  if (!free.ok) return free;
  const { recoveryCase, context } = opened.value;
  return requestMailboxCode(runtime, context, {
    address,
    contactAddress: recoveryCase.contactAddress,
    source: at.source,
  });
}

/** A request with a token at a challenge URL; whoever makes it need not be at the case page. */
export function proveByToken(
  runtime: RecoveryRuntime,
  answer: {
    readonly kind: AnsweredElsewhere;
    readonly challenge: string;
    readonly presented: Secret<string>;
    readonly source: Source;
    readonly now: Date;
  },
): Promise<Result<RecoveryCase>> {
  const contextOf = async (caseId: CaseId) => {
    const opened = await openForProof(runtime, caseId, answer.now);
    return opened.ok ? opened.value.context : null;
  };
  return answerWithToken(
    runtime,
    { ...answer, limits: runtime.policy.limits, contextOf },
    concludeIn(runtime, answer.now),
  );
}

/**
 * Writes to somebody who can speak for the account; the answer is the same if there is nobody. Refuses before the contact
 * address is confirmed: nobody is written to for a claimant who cannot be reached.
 */
export async function askSomebodyToVouch(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  asking: { readonly kind: AskedFor; readonly name: string | null },
  at: { readonly source: Source; readonly now: Date },
): Promise<Result<undefined>> {
  const opened = await openForProof(runtime, caseId, at.now);
  if (!opened.ok) return opened;
  if (!opened.value.recoveryCase.contactConfirmedAt) return refuse(recoveryRefusals["not-confirmed"]());
  return askToVouch(runtime, opened.value.context, { ...asking, source: at.source });
}

/** The answer of somebody who was asked to speak for a claimant; it counts at once. Refuses as `answerVouch`. */
export function answerInCase(
  runtime: RecoveryRuntime,
  person: Account,
  answer: { readonly id: VouchId; readonly said: Said },
  now: Date,
): Promise<Result<Answered>> {
  const contextOf = async (caseId: CaseId) => {
    const opened = await openForProof(runtime, caseId, now);
    return opened.ok ? opened.value.context : null;
  };
  return answerVouch(runtime, { ...answer, person, now, contextOf }, concludeIn(runtime, now));
}
