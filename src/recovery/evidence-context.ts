import type { Account } from "../accounts/index.ts";
import type { EvidenceContext } from "../evidence/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { RecoveryCase } from "./types.ts";

/** What the evidence kinds may know of a case. */
export const evidenceContext = (
  runtime: Runtime,
  recoveryCase: RecoveryCase,
  account: Account | null,
  now: Date,
): EvidenceContext => ({
  caseId: recoveryCase.id,
  caseNumber: recoveryCase.number,
  accountId: account?.id ?? null,
  username: account?.username ?? recoveryCase.claimedName,
  openedAt: recoveryCase.openedAt,
  publicUrl: runtime.publicUrl,
  indexName: runtime.indexName,
  now,
});
