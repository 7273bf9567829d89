import type { Kysely } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, BatchId, CaseId, MailId } from "../../kernel/ids.ts";

export type BatchAct = "assign" | "still-needed";

interface BatchTables {
  recovery_batches: { id: BatchId; act: BatchAct; done_by: AccountId; done_at: Date; undone_at: Date | null };
  recovery_batch_cases: {
    batch_id: BatchId;
    case_id: CaseId;
    was_assigned_to: AccountId | null;
    assigned_to: AccountId | null;
    mail_id: MailId | null;
  };
}
const own = (reader: Reader): Kysely<BatchTables> => reader.as<BatchTables>();

/** What was done to one case of a batch. */
export interface BatchItem {
  readonly caseId: CaseId;
  readonly wasAssignedTo: AccountId | null;
  readonly assignedTo: AccountId | null;
  readonly mailId: MailId | null;
}

export interface Batch {
  readonly id: BatchId;
  readonly act: BatchAct;
  readonly doneAt: Date;
  readonly isUndone: boolean;
  readonly items: readonly BatchItem[];
}

export async function insertBatch(
  tx: Tx,
  batch: { readonly id: BatchId; readonly act: BatchAct; readonly doneBy: AccountId },
  items: readonly BatchItem[],
): Promise<void> {
  await own(tx)
    .insertInto("recovery_batches")
    .values({ id: batch.id, act: batch.act, done_by: batch.doneBy, done_at: tx.now, undone_at: null })
    .execute();
  await own(tx)
    .insertInto("recovery_batch_cases")
    .values(
      items.map(({ caseId, wasAssignedTo, assignedTo, mailId }) => ({
        batch_id: batch.id,
        case_id: caseId,
        was_assigned_to: wasAssignedTo,
        assigned_to: assignedTo,
        mail_id: mailId,
      })),
    )
    .execute();
}

/** A batch of this person's; null where it is somebody else's or not there. */
export async function findBatch(reader: Reader, id: BatchId, doneBy: AccountId): Promise<Batch | null> {
  const row = await own(reader)
    .selectFrom("recovery_batches")
    .selectAll()
    .where("id", "=", id)
    .where("done_by", "=", doneBy)
    .executeTakeFirst();
  if (!row) return null;
  const items = await own(reader)
    .selectFrom("recovery_batch_cases")
    .select(["case_id as caseId", "was_assigned_to as wasAssignedTo", "assigned_to as assignedTo", "mail_id as mailId"])
    .where("batch_id", "=", id)
    .orderBy("case_id")
    .execute();
  return { id, act: row.act, doneAt: row.done_at, isUndone: row.undone_at !== null, items };
}

/** Marks a batch as taken back, once. @returns false where it was before, is somebody else's, or is older than `since` */
export async function spendBatch(tx: Tx, id: BatchId, doneBy: AccountId, since: Date): Promise<boolean> {
  const result = await own(tx)
    .updateTable("recovery_batches")
    .set({ undone_at: tx.now })
    .where("id", "=", id)
    .where("done_by", "=", doneBy)
    .where("undone_at", "is", null)
    .where("done_at", ">", since)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Of some cases those that were asked since a moment whether they are still needed, and not taken back. */
export async function listAskedSince(
  reader: Reader,
  caseIds: readonly CaseId[],
  since: Date,
): Promise<ReadonlySet<CaseId>> {
  if (caseIds.length === 0) return new Set();
  const rows = await own(reader)
    .selectFrom("recovery_batch_cases")
    .innerJoin("recovery_batches", "recovery_batches.id", "recovery_batch_cases.batch_id")
    .select("recovery_batch_cases.case_id")
    .where("recovery_batch_cases.case_id", "in", [...caseIds])
    .where("recovery_batches.act", "=", "still-needed")
    .where("recovery_batches.undone_at", "is", null)
    .where("recovery_batches.done_at", ">", since)
    .execute();
  return new Set(rows.map((row) => row.case_id));
}
