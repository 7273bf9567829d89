import { createHash } from "node:crypto";
import { makeShortCode } from "../../../kernel/crypto/short-code.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { CaseId, OneTimeId } from "../../../kernel/ids.ts";
import { peek, revokeSecrets, spend, storeSecret } from "../../../kernel/one-time.ts";
import { ok, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";

const PURPOSE = "evidence-mailbox-code";
/** SP 800-63B-4 §4.2.1.2 allows a code sent by mail 24 h; half an hour lets slow mail arrive. */
const MINUTES = 30;

export type CodeState = "right" | "replaced" | "expired" | "spent" | "wrong";

// A code is bound to the case and the address: the subject names both without containing the address.
const subjectOf = (caseId: CaseId, folded: string): string =>
  `${caseId} ${createHash("sha256").update(folded).digest("base64url").slice(0, 22)}`;

const digestsOf = (runtime: Pick<Runtime, "keys">, caseId: CaseId, folded: string, code: string): readonly Buffer[] =>
  runtime.keys.macs("short-code", `${PURPOSE}\n${caseId}\n${folded}\n${code}`);

const presented = (runtime: Pick<Runtime, "keys">, caseId: CaseId, folded: string, code: string) => ({
  purpose: PURPOSE,
  subject: subjectOf(caseId, folded),
  digests: digestsOf(runtime, caseId, folded, code),
});

/** Makes the code for an address in a case; it replaces the one before. It is made whether or not a mail follows. */
export async function issueMailboxCode(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  folded: string,
): Promise<{ readonly code: Secret<string>; readonly expiresAt: Date }> {
  const code = makeShortCode(runtime.random);
  const { purpose, subject, digests } = presented(runtime, caseId, folded, code);
  await revokeSecrets(tx, purpose, subject, "a newer code was sent");
  const expiresAt = new Date(tx.now.getTime() + MINUTES * 60_000);
  const [digest = Buffer.alloc(0)] = digests;
  await storeSecret(tx, runtime.random, { purpose, subject, digest, expiresAt });
  return { code: secret(code), expiresAt };
}

/** What a typed code is, without spending it. */
export async function lookAtCode(
  reader: Reader,
  runtime: Runtime,
  where: { readonly caseId: CaseId; readonly folded: string; readonly code: string; readonly now: Date },
): Promise<CodeState> {
  const found = await peek(reader, presented(runtime, where.caseId, where.folded, where.code));
  if (!found) return "wrong";
  if (found.revokedAt) return "replaced";
  if (found.spentAt) return "spent";
  return found.expiresAt && found.expiresAt <= where.now ? "expired" : "right";
}

/** Spends the code: of any number at the same time one succeeds. Refuses spent, replaced and expired ones. */
export async function spendMailboxCode(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  folded: string,
  code: string,
): Promise<Result<OneTimeId>> {
  const spent = await spend(tx, presented(runtime, caseId, folded, code));
  return spent.ok ? ok(spent.value.id) : spent;
}
