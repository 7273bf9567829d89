import { type Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId, MailId } from "../kernel/ids.ts";

interface AccountDataTables {
  outbox_mails: {
    id: MailId;
    message: string;
    to_address: string;
    subject: string;
    account_id: AccountId | null;
    case_id: CaseId | null;
    queued_at: Date;
    state: string;
    attempts: number;
    accepted_at: Date | null;
    accepted_by: string | null;
    last_answer: string | null;
    bounced_at: Date | null;
    bounce_answer: string | null;
  };
}

const own = (reader: Reader): Kysely<AccountDataTables> => reader.as<AccountDataTables>();

/** The delivery log of an account in pages: at most `limit` after an id, the oldest first. */
export function pageMails(reader: Reader, accountId: AccountId, after: MailId | null, limit: number) {
  let query = own(reader)
    .selectFrom("outbox_mails")
    .select(["id", "message", "to_address as to", "subject", "queued_at as queuedAt", "state", "attempts"])
    .select(["accepted_at as acceptedAt", "accepted_by as acceptedBy", "last_answer as lastAnswer"])
    .select(["bounced_at as bouncedAt", "bounce_answer as bounceAnswer"])
    .where("account_id", "=", accountId);
  if (after !== null) query = query.where("id", ">", after);
  return query.orderBy("id").limit(limit).execute();
}

/** Deletes the mails of an account and of the cases about it, also those not sent yet. Returns how many. */
export async function eraseMails(tx: Tx, accountId: AccountId, caseIds: readonly CaseId[]): Promise<number> {
  const result = await own(tx)
    .deleteFrom("outbox_mails")
    .where((is) =>
      is.or([is("account_id", "=", accountId), ...(caseIds.length > 0 ? [is("case_id", "in", [...caseIds])] : [])]),
    )
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Deletes lines of the delivery log that were queued before a moment and are done with. Returns how many. */
export async function deleteOldMails(tx: Tx, before: Date, message?: string): Promise<number> {
  let query = own(tx)
    .deleteFrom("outbox_mails")
    .where("queued_at", "<", before)
    .where("state", "in", ["sent", "failed"]);
  if (message !== undefined) query = query.where("message", "=", message);
  const result = await query.executeTakeFirst();
  return Number(result.numDeletedRows);
}
