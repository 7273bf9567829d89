import type { Source } from "../kernel/http/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { CaseId } from "../kernel/ids.ts";
import { digestToken, peekUsable } from "../kernel/one-time.ts";
import { refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { challengePurpose } from "./challenge.ts";
import { type Conclude, proveWith, type TryLimits } from "./prove.ts";
import { evidenceRefusals } from "./refusals.ts";
import type { EvidenceContext, StoredFinding } from "./types.ts";

/** Kinds whose proof is a request from elsewhere that carries a token. */
export type AnsweredElsewhere = "api-token" | "trusted-publisher";

export interface TokenAnswer {
  readonly kind: AnsweredElsewhere;
  /** From the path of the request. */
  readonly challenge: string;
  /** From the Authorization header. */
  readonly presented: Secret<string>;
  readonly source: Source;
  readonly now: Date;
  readonly limits?: TryLimits;
  /** The case as the kinds may know it; null where it takes no more proofs. */
  readonly contextOf: (caseId: CaseId) => Promise<EvidenceContext | null>;
}

/**
 * A request with a token at a challenge URL. The challenge names the case; nobody is signed in. Refuses an unknown,
 * spent, expired or replaced challenge, a case that takes no more proofs, what the kind refuses, and too many tries. The
 * token is never stored or logged.
 */
export async function answerWithToken<T>(
  runtime: Runtime,
  answer: TokenAnswer,
  conclude: Conclude<T>,
): Promise<Result<T>> {
  const purpose = challengePurpose(answer.kind);
  const found = await peekUsable(runtime.db, { purpose, digests: [digestToken(answer.challenge)] }, answer.now);
  if (!found.ok) return found;
  const context = await answer.contextOf(found.value.subject as CaseId); // the subject was written by startChallenge
  if (!context) return refuse(evidenceRefusals["not-now"]());
  const challenge = { id: found.value.id, value: answer.challenge, expiresAt: found.value.expiresAt ?? answer.now };
  const { source, limits } = answer;
  const options = { source, challenge, ...(limits ? { limits } : {}) };
  return proveWith(
    runtime,
    { ...context, now: answer.now },
    answer.kind,
    { token: answer.presented.reveal() },
    options,
    conclude,
  );
}

/** `answerWithToken` in a transaction of its own. */
export const proveWithToken = (runtime: Runtime, answer: TokenAnswer): Promise<Result<StoredFinding>> =>
  answerWithToken(runtime, answer, (_caseId, record) => transact(runtime.db, { now: answer.now }, record));
