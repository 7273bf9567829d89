import { redacted } from "../../evidence/index.ts";
import type { Keyring } from "../../kernel/crypto/keyring.ts";
import { openText, sealText, type SealedColumn } from "../../kernel/db/sealed.ts";
import type { CaseId } from "../../kernel/ids.ts";
import type { Runtime } from "../../kernel/runtime.ts";

/*
 * What people write in a case is sealed at rest, bound to its case and its column: a copy of the database tells nobody what
 * somebody wrote about themselves.
 */

const contextOf = (column: string, caseId: string): string => `case/${caseId}/${column}`;

const column = (table: string, name: string, boundTo: "id" | "case_id"): SealedColumn => ({
  table,
  column: name,
  kind: "text",
  purpose: "case-data",
  boundTo,
  context: (caseId) => contextOf(name, caseId),
});

export const sealedCaseColumns: readonly SealedColumn[] = [
  column("recovery_cases", "story", "id"),
  column("recovery_messages", "body", "case_id"),
  column("recovery_requests", "question", "case_id"),
  column("recovery_requests", "answer", "case_id"),
  column("recovery_reviews", "reason", "case_id"),
];

type Written = "story" | "body" | "question" | "answer" | "reason";

/**
 * Seals a text for its column. What acts take in they have looked through already (`typed.ts`), with its consequences;
 * here it is done once more, so that no way into a case can ever keep a secret.
 */
export const sealWritten = (runtime: Pick<Runtime, "keys" | "random">, caseId: CaseId, what: Written, text: string) =>
  sealText(runtime, "case-data", redacted(text), contextOf(what, caseId));

export const openWritten = (keys: Keyring, caseId: CaseId, what: Written, stored: string): string =>
  openText(keys, "case-data", stored, contextOf(what, caseId));
