import { redacted } from "../evidence/index.ts";
import { openText, sealText, type SealedColumn } from "../kernel/db/sealed.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Keyring } from "../kernel/crypto/keyring.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { own } from "./store.ts";

/** Text areas of the case page that keep what is being written. */
export const DRAFT_FIELDS = [
  "question",
  "note",
  "approve-reason",
  "refuse-reason",
  "resume-reason",
  "report-incident-reason",
  "keep-reason",
  "reverse-reason",
] as const;
export type DraftField = (typeof DRAFT_FIELDS)[number];
export const LONGEST_DRAFT = 4000;

const contextOf = (caseId: string): string => `desk/${caseId}/draft`;

export const sealedDeskColumns: readonly SealedColumn[] = [
  { table: "desk_drafts", column: "body", kind: "text", purpose: "case-data", boundTo: "case_id", context: contextOf },
];

/** Keeps what somebody is writing, in place of what was kept before; an empty text forgets it. */
export async function keepDraft(
  runtime: Runtime,
  draft: { readonly caseId: CaseId; readonly accountId: AccountId; readonly field: DraftField; readonly text: string },
  now: Date,
): Promise<void> {
  const { caseId, accountId, field, text } = draft;
  await transact(runtime.db, { now, bookkeeping: "a draft is not said to anybody yet" }, async (tx) => {
    if (text.trim() === "") {
      await own(tx)
        .deleteFrom("desk_drafts")
        .where("case_id", "=", caseId)
        .where("account_id", "=", accountId)
        .where("field", "=", field)
        .execute();
      return ok();
    }
    const body = sealText(runtime, "case-data", redacted(text), contextOf(caseId));
    await own(tx)
      .insertInto("desk_drafts")
      .values({ case_id: caseId, account_id: accountId, field, body, saved_at: now })
      .onConflict((conflict) =>
        conflict.columns(["case_id", "account_id", "field"]).doUpdateSet({ body, saved_at: now }),
      )
      .execute();
    return ok();
  });
}

/** What a person was writing in a case, by field. */
export async function readDrafts(
  reader: Reader,
  keys: Keyring,
  caseId: CaseId,
  accountId: AccountId,
): Promise<ReadonlyMap<string, string>> {
  const rows = await own(reader)
    .selectFrom("desk_drafts")
    .select(["field", "body"])
    .where("case_id", "=", caseId)
    .where("account_id", "=", accountId)
    .execute();
  return new Map(rows.map(({ field, body }) => [field, openText(keys, "case-data", body, contextOf(caseId))]));
}
