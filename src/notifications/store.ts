import { type Selectable, sql } from "kysely";
import type { Database, Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId, MailId } from "../kernel/ids.ts";
import type { Bounced, BounceKind } from "./bounce-rules.ts";
import type { MailRecord, MailState, Undelivered } from "./types.ts";

interface OutboxTables {
  outbox_mails: {
    id: MailId;
    message: string;
    to_address: string;
    subject: string;
    text_body: string;
    html_body: string;
    account_id: AccountId | null;
    case_id: CaseId | null;
    queued_at: Date;
    state: MailState;
    attempts: number;
    next_attempt_at: Date;
    leased_until: Date | null;
    accepted_at: Date | null;
    accepted_by: string | null;
    last_answer: string | null;
    bounced_at: Date | null;
    bounce_kind: BounceKind | null;
    bounce_status: string | null;
    bounce_answer: string | null;
  };
}

export type MailRow = Selectable<OutboxTables["outbox_mails"]>;

export type NewMail = Pick<
  MailRow,
  "id" | "message" | "to_address" | "subject" | "text_body" | "html_body" | "account_id" | "case_id" | "next_attempt_at"
>;

export async function insertMail(tx: Tx, mail: NewMail): Promise<void> {
  await tx
    .as<OutboxTables>()
    .insertInto("outbox_mails")
    .values({
      ...mail,
      queued_at: tx.now,
      state: "queued",
      attempts: 0,
      leased_until: null,
      accepted_at: null,
      accepted_by: null,
      last_answer: null,
      bounced_at: null,
      bounce_kind: null,
      bounce_status: null,
      bounce_answer: null,
    })
    .execute();
}

/**
 * Leases due mails to one worker: queued ones, and those whose worker has not come back in time. The attempt is counted
 * with the lease, before anything is sent. No two callers are given the same mail while a lease runs.
 */
export async function leaseDue(tx: Tx, most: number, leasedUntil: Date): Promise<readonly MailRow[]> {
  const { rows } = await sql<MailRow>`
    update outbox_mails set state = 'sending', leased_until = ${leasedUntil}, attempts = attempts + 1
    where id in (
      select id from outbox_mails
      where (state = 'queued' and next_attempt_at <= ${tx.now}) or (state = 'sending' and leased_until <= ${tx.now})
      order by next_attempt_at, id limit ${most}
      for update skip locked
    )
    returning *`.execute(tx.as<OutboxTables>());
  return rows;
}

/** Takes back a mail that nobody has begun to send. @returns false where it is too late for that */
export async function cancelMail(tx: Tx, id: MailId): Promise<boolean> {
  const result = await tx
    .as<OutboxTables>()
    .deleteFrom("outbox_mails")
    .where("id", "=", id)
    .where("state", "=", "queued")
    .where("attempts", "=", 0)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export interface Settlement {
  readonly state: Exclude<MailState, "sending">;
  readonly answer: string;
  readonly acceptedBy?: string;
  readonly nextAttemptAt?: Date;
}

/**
 * Writes what became of a leased attempt. Nothing happens when the lease has passed to another worker: the number of
 * attempts tells one lease from the next. Bodies go once a mail is done with: they carry one-time links.
 */
export async function settle(tx: Tx, mail: MailRow, settlement: Settlement): Promise<boolean> {
  const isDone = settlement.state !== "queued";
  const result = await tx
    .as<OutboxTables>()
    .updateTable("outbox_mails")
    .set({
      state: settlement.state,
      leased_until: null,
      last_answer: settlement.answer,
      ...(settlement.state === "sent" ? { accepted_at: tx.now, accepted_by: settlement.acceptedBy ?? null } : {}),
      ...(settlement.nextAttemptAt ? { next_attempt_at: settlement.nextAttemptAt } : {}),
      ...(isDone ? { text_body: "", html_body: "" } : {}),
    })
    .where("id", "=", mail.id)
    .where("state", "=", "sending")
    .where("attempts", "=", mail.attempts)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export interface BounceNote {
  readonly kind: BounceKind;
  readonly status: string | null;
  readonly answer: string;
}

/**
 * Writes against a mail that it came back. Each mail comes back once; a hard bounce takes the place of a soft one.
 * @returns null where nothing changed: the same again, a mail that was never tried, or one that is not there
 */
export async function noteBounce(
  tx: Tx,
  id: MailId,
  { kind, status, answer }: BounceNote,
): Promise<Undelivered | null> {
  const row = await tx
    .as<OutboxTables>()
    .updateTable("outbox_mails")
    .set({ bounced_at: tx.now, bounce_kind: kind, bounce_status: status, bounce_answer: answer })
    .where("id", "=", id)
    .where("attempts", ">", 0)
    .where((is) =>
      kind === "hard"
        ? is.or([is("bounce_kind", "is", null), is("bounce_kind", "=", "soft")])
        : is("bounce_kind", "is", null),
    )
    .returning(["account_id", "to_address"])
    .executeTakeFirst();
  return row ? { mailId: id, accountId: row.account_id, toAddress: row.to_address, kind } : null;
}

/** What came back of an account's mails to one address that were written after a moment. */
export async function listBounces(
  reader: Reader,
  filter: { readonly accountId: AccountId; readonly address: string; readonly writtenAfter: Date },
): Promise<readonly Bounced[]> {
  const rows = await reader
    .as<OutboxTables>()
    .selectFrom("outbox_mails")
    .select(["bounced_at", "bounce_kind"])
    .where("account_id", "=", filter.accountId)
    .where((is) => is(is.fn("lower", ["to_address"]), "=", filter.address.toLowerCase()))
    .where("queued_at", ">", filter.writtenAfter)
    .where("bounced_at", "is not", null)
    .orderBy("bounced_at", "desc")
    .limit(MOST_LISTED)
    .execute();
  return rows.flatMap(({ bounced_at: at, bounce_kind: kind }) => (at && kind ? [{ at, kind }] : []));
}

/** Which account's delivery log a mail stands in; null for none, and for a mail that is not there. */
export async function accountOfMail(reader: Reader, id: MailId): Promise<AccountId | null> {
  const row = await reader
    .as<OutboxTables>()
    .selectFrom("outbox_mails")
    .select("account_id")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.account_id ?? null;
}

export interface MailFilter {
  readonly accountId?: AccountId;
  readonly caseId?: CaseId;
  /** Case-insensitive, whole address. */
  readonly address?: string;
  readonly id?: MailId;
  readonly state?: MailState;
  /** At most this many, newest first. */
  readonly limit?: number;
}

const MOST_LISTED = 200;

/** The delivery log: newest first, without what the mails say. */
export async function listMails(reader: Reader, filter: MailFilter): Promise<readonly MailRecord[]> {
  let query = reader
    .as<OutboxTables>()
    .selectFrom("outbox_mails")
    .select(["id", "message", "to_address", "subject", "account_id", "case_id", "queued_at", "state", "attempts"])
    .select(["next_attempt_at", "accepted_at", "accepted_by", "last_answer"])
    .select(["bounced_at", "bounce_kind", "bounce_status", "bounce_answer"])
    .orderBy("queued_at", "desc")
    .orderBy("id", "desc")
    .limit(Math.min(filter.limit ?? MOST_LISTED, MOST_LISTED));
  if (filter.accountId) query = query.where("account_id", "=", filter.accountId);
  if (filter.caseId) query = query.where("case_id", "=", filter.caseId);
  if (filter.id) query = query.where("id", "=", filter.id);
  if (filter.state) query = query.where("state", "=", filter.state);
  if (filter.address)
    query = query.where((is) => is(is.fn("lower", ["to_address"]), "=", filter.address?.toLowerCase()));
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    message: row.message,
    toAddress: row.to_address,
    subject: row.subject,
    accountId: row.account_id,
    caseId: row.case_id,
    queuedAt: row.queued_at,
    state: row.state,
    attempts: row.attempts,
    nextAttemptAt: row.next_attempt_at,
    acceptedAt: row.accepted_at,
    acceptedBy: row.accepted_by,
    lastAnswer: row.last_answer,
    bounce:
      row.bounced_at && row.bounce_kind
        ? { at: row.bounced_at, kind: row.bounce_kind, status: row.bounce_status, answer: row.bounce_answer ?? "" }
        : null,
  }));
}

/** How many mails wait, and since when the oldest of them; for readiness, figures, and the end of a test. */
export async function outboxDepth(db: Database): Promise<{ readonly waiting: number; readonly oldest: Date | null }> {
  const row = await db
    .as<OutboxTables>()
    .selectFrom("outbox_mails")
    .select((is) => [is.fn.countAll<bigint>().as("waiting"), is.fn.min("queued_at").as("oldest")])
    .where("state", "in", ["queued", "sending"])
    .executeTakeFirstOrThrow();
  return { waiting: Number(row.waiting), oldest: row.oldest };
}
