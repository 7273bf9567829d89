import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { Reader } from "../kernel/db/database.ts";
import type { SealedColumn } from "../kernel/db/sealed.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type MailRequestId, newId } from "../kernel/ids.ts";
import { defineJob, defineJobKind, enqueue } from "../kernel/jobs/index.ts";
import { errorFields } from "../kernel/log.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { answerUsernames } from "./account-finder.ts";
import { answerReset } from "./reset.ts";

/*
 * Questions that are answered by mail and never on the screen. The request writes one row, whatever was typed, so that
 * it takes the same time for names and addresses that exist and for those that do not (ASVS 5.0 6.3.8); a worker looks
 * it up afterwards. What was typed may be anything, a password by mistake too: it is sealed, and gone once answered.
 */

export type MailRequestKind = "reset" | "usernames";

/** What somebody typed into one of the two forms, and from where. */
export interface MailRequest {
  readonly kind: MailRequestKind;
  readonly typed: string;
  readonly source: Source;
}

interface MailRequestTables {
  mail_requests: {
    id: MailRequestId;
    kind: MailRequestKind;
    sealed: Buffer;
    ip: string;
    user_agent: string;
    asked_at: Date;
  };
}
type Row = MailRequestTables["mail_requests"];

const own = (reader: Reader): Kysely<MailRequestTables> => reader.as<MailRequestTables>();
const context = (id: string): string => `mail-request/${id}`;

/** What is sealed here, for a rotation of keys. */
export const sealedMailRequestColumns: readonly SealedColumn[] = [
  { table: "mail_requests", column: "sealed", kind: "bytes", purpose: "mail-request", boundTo: "id", context },
];

/** Older questions are not answered: whoever asked has given up, or asked again. */
const LONGEST_WAIT_MS = 60 * 60_000;

const wakeUp = defineJobKind({
  name: "sign-in-answer-by-mail",
  schema: z.object({}),
  retryLimit: 3,
  retryBackoff: true,
});

/** Takes a question. Does the same for every text and tells nothing. */
export async function askByMail(runtime: Runtime, request: MailRequest, now: Date): Promise<Result<undefined>> {
  const id = newId("mrq", now, runtime.random);
  const sealed = runtime.keys.seal("mail-request", Buffer.from(request.typed, "utf8"), context(id), runtime.random);
  return transact(runtime.db, { now, bookkeeping: "a question, answered by a worker" }, async (tx) => {
    await own(tx)
      .insertInto("mail_requests")
      .values({
        id,
        kind: request.kind,
        sealed,
        ip: request.source.ip,
        user_agent: request.source.userAgent,
        asked_at: now,
      })
      .execute();
    await enqueue(tx, wakeUp, {});
    return ok();
  });
}

/** Answers every waiting question; one that cannot be answered does not keep the others waiting. */
export async function answerMailRequests(runtime: Runtime): Promise<void> {
  const waiting = await own(runtime.db).selectFrom("mail_requests").select("id").orderBy("id").execute();
  for (const { id } of waiting) {
    try {
      await answerOne(runtime, id);
    } catch (error) {
      runtime.log.error("question not answered", errorFields(error));
    }
  }
}

async function answerOne(runtime: Runtime, id: MailRequestId): Promise<void> {
  const now = runtime.clock.now();
  await transact(runtime.db, { now, bookkeeping: "a question that has no answer" }, async (tx) => {
    const row = await take(tx, id);
    if (!row || now.getTime() - row.asked_at.getTime() > LONGEST_WAIT_MS) return ok();
    const typed = runtime.keys.open("mail-request", row.sealed, context(id)).toString("utf8");
    const source: Source = { ip: row.ip, userAgent: row.user_agent };
    await (row.kind === "reset" ? answerReset : answerUsernames)(tx, runtime, { typed, source });
    return ok();
  });
}

/** Whoever deletes the row answers it; another worker passes it over. */
async function take(tx: Tx, id: MailRequestId): Promise<Row | null> {
  const { rows } = await sql<Row>`
    delete from mail_requests where id = (
      select id from mail_requests where id = ${id} for update skip locked
    ) returning *`.execute(own(tx));
  return rows[0] ?? null;
}

/** The job that answers; once a minute it also finds what a lost wake-up missed. */
export const answerMailRequestsJob = defineJob({ ...wakeUp, every: "* * * * *", run: answerMailRequests });
