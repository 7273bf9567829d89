import { type Kysely, sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type {
  AccountId,
  CaseId,
  MailId,
  MessageId,
  NoticeId,
  OneTimeId,
  RequestedId,
  ReviewId,
} from "../../kernel/ids.ts";
import type { Keyring } from "../../kernel/crypto/keyring.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import type { Decision } from "../policy/index.ts";
import type { CaseMessage, InformationRequest, Notice, NoticeMoment, NoticeRelation, Review } from "../types.ts";
import { openWritten, sealWritten } from "./sealed.ts";

interface ThreadTables {
  recovery_messages: {
    id: MessageId;
    case_id: CaseId;
    author_kind: CaseMessage["authorKind"];
    author_id: string | null;
    is_internal: boolean;
    body: string;
    written_at: Date;
  };
  recovery_requests: {
    id: RequestedId;
    case_id: CaseId;
    question: string;
    asked_by: AccountId;
    asked_at: Date;
    answered_at: Date | null;
    answer: string | null;
  };
  recovery_reviews: {
    id: ReviewId;
    case_id: CaseId;
    round: number;
    reviewer_id: AccountId;
    verdict: Review["verdict"];
    reason: string;
    decided_at: Date;
    decision: Decision | null;
  };
  recovery_notices: {
    id: NoticeId;
    case_id: CaseId;
    moment: NoticeMoment;
    relation: NoticeRelation;
    recipient: string;
    mail_id: MailId | null;
    objection_id: OneTimeId | null;
    told_at: Date;
  };
}

const own = (reader: Reader): Kysely<ThreadTables> => reader.as<ThreadTables>();

export async function insertMessage(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  message: Omit<CaseMessage, "writtenAt">,
): Promise<void> {
  await own(tx)
    .insertInto("recovery_messages")
    .values({
      id: message.id,
      case_id: caseId,
      author_kind: message.authorKind,
      author_id: message.authorId,
      is_internal: message.isInternal,
      body: sealWritten(runtime, caseId, "body", message.body),
      written_at: tx.now,
    })
    .execute();
}

/** The thread, oldest first. The claimant is never given the internal notes. */
export async function listMessages(
  reader: Reader,
  keys: Keyring,
  caseId: CaseId,
  audience: "claimant" | "staff",
): Promise<readonly CaseMessage[]> {
  let query = own(reader).selectFrom("recovery_messages").selectAll().where("case_id", "=", caseId);
  if (audience === "claimant") query = query.where("is_internal", "=", false);
  const rows = await query.orderBy("id").execute();
  return rows.map((row) => ({
    id: row.id,
    authorKind: row.author_kind,
    authorId: row.author_id,
    isInternal: row.is_internal,
    body: openWritten(keys, caseId, "body", row.body),
    writtenAt: row.written_at,
  }));
}

export async function insertRequest(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  row: Pick<InformationRequest, "id" | "question" | "askedBy">,
): Promise<void> {
  await own(tx)
    .insertInto("recovery_requests")
    .values({
      id: row.id,
      case_id: caseId,
      question: sealWritten(runtime, caseId, "question", row.question),
      asked_by: row.askedBy,
      asked_at: tx.now,
      answered_at: null,
      answer: null,
    })
    .execute();
}

/** Answers the questions that are still open. @returns how many there were */
export async function answerRequests(tx: Tx, runtime: Runtime, caseId: CaseId, answer: string): Promise<number> {
  const result = await own(tx)
    .updateTable("recovery_requests")
    .set({ answered_at: tx.now, answer: sealWritten(runtime, caseId, "answer", answer) })
    .where("case_id", "=", caseId)
    .where("answered_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

export async function listRequests(
  reader: Reader,
  keys: Keyring,
  caseId: CaseId,
): Promise<readonly InformationRequest[]> {
  const rows = await own(reader)
    .selectFrom("recovery_requests")
    .selectAll()
    .where("case_id", "=", caseId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    question: openWritten(keys, caseId, "question", row.question),
    askedBy: row.asked_by,
    askedAt: row.asked_at,
    answeredAt: row.answered_at,
    answer: row.answer === null ? null : openWritten(keys, caseId, "answer", row.answer),
  }));
}

/** @returns false where that round has its verdict, or this reviewer gave one before */
export async function insertReview(
  tx: Tx,
  runtime: Runtime,
  caseId: CaseId,
  review: Omit<Review, "decidedAt"> & { readonly decision: Decision | null },
): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("recovery_reviews")
    .values({
      id: review.id,
      case_id: caseId,
      round: review.round,
      reviewer_id: review.reviewerId,
      verdict: review.verdict,
      reason: sealWritten(runtime, caseId, "reason", review.reason),
      decided_at: tx.now,
      decision: review.decision === null ? null : sql<Decision>`${JSON.stringify(review.decision)}::jsonb`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

export async function listReviews(reader: Reader, keys: Keyring, caseId: CaseId): Promise<readonly Review[]> {
  const rows = await own(reader)
    .selectFrom("recovery_reviews")
    .selectAll()
    .where("case_id", "=", caseId)
    .orderBy("round")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    round: row.round,
    reviewerId: row.reviewer_id,
    verdict: row.verdict,
    reason: openWritten(keys, caseId, "reason", row.reason),
    decidedAt: row.decided_at,
  }));
}

/** @returns false where this recipient was told at this moment before */
export async function insertNotice(tx: Tx, caseId: CaseId, notice: Omit<Notice, "toldAt">): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("recovery_notices")
    .values({
      id: notice.id,
      case_id: caseId,
      moment: notice.moment,
      relation: notice.relation,
      recipient: notice.recipient,
      mail_id: notice.mailId,
      objection_id: notice.objectionId,
      told_at: tx.now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

export async function listNotices(reader: Reader, caseId: CaseId): Promise<readonly Notice[]> {
  const rows = await own(reader)
    .selectFrom("recovery_notices")
    .selectAll()
    .where("case_id", "=", caseId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    moment: row.moment,
    relation: row.relation,
    recipient: row.recipient,
    mailId: row.mail_id,
    objectionId: row.objection_id,
    toldAt: row.told_at,
  }));
}
