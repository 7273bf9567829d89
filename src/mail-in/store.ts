import type { Kysely } from "kysely";
import { sql } from "kysely";
import { z } from "zod";
import type { Keyring } from "../kernel/crypto/keyring.ts";
import type { Reader } from "../kernel/db/database.ts";
import { openText, type SealedColumn, sealText } from "../kernel/db/sealed.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type CaseId, type InboundFileId, type InboundMailId, type MessageId, newId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { InboundFile, InboundMail, KeptFile, Verdicts } from "./types.ts";

interface MailInTables {
  inbound_mails: {
    id: InboundMailId;
    digest: Buffer;
    case_id: CaseId;
    message_id: MessageId | null;
    sender: string;
    verdicts: unknown;
    size: number;
    received_at: Date;
  };
  inbound_files: {
    id: InboundFileId;
    mail_id: InboundMailId;
    case_id: CaseId;
    name: string;
    media_type: string;
    size: number;
    content: Buffer;
  };
}

const own = (reader: Reader): Kysely<MailInTables> => reader.as<MailInTables>();

const column = (table: string, name: string, kind: SealedColumn["kind"]): SealedColumn => ({
  table,
  column: name,
  kind,
  purpose: "case-data",
  boundTo: "case_id",
  context: (caseId) => contextOf(caseId, name),
});
const contextOf = (caseId: string, name: string): string => `mail-in/${caseId}/${name}`;

/** What people sent is sealed at rest, bound to its case. */
export const sealedMailColumns: readonly SealedColumn[] = [
  column("inbound_mails", "sender", "text"),
  column("inbound_files", "name", "text"),
  column("inbound_files", "content", "bytes"),
];

const VERDICTS = z.object({
  spf: z.object({ result: z.string(), domain: z.string() }),
  dkim: z.array(z.object({ result: z.string(), domain: z.string(), isAligned: z.boolean() })),
  dmarc: z.object({ result: z.string(), policy: z.enum(["none", "quarantine", "reject"]).nullable() }),
});

export interface NewInboundMail {
  readonly digest: Buffer;
  readonly caseId: CaseId;
  readonly messageId: MessageId | null;
  readonly sender: string;
  readonly verdicts: Verdicts;
  readonly size: number;
  readonly files: readonly KeptFile[];
}

/** Keeps a mail and its files. @returns false where this very mail was kept before */
export async function insertInbound(tx: Tx, runtime: Runtime, mail: NewInboundMail): Promise<boolean> {
  const { caseId } = mail;
  const id = newId("inm", tx.now, runtime.random);
  const inserted = await own(tx)
    .insertInto("inbound_mails")
    .values({
      id,
      digest: mail.digest,
      case_id: caseId,
      message_id: mail.messageId,
      sender: sealText(runtime, "case-data", mail.sender, contextOf(caseId, "sender")),
      verdicts: sql`${JSON.stringify(mail.verdicts)}::jsonb`,
      size: mail.size,
      received_at: tx.now,
    })
    .onConflict((conflict) => conflict.column("digest").doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) === 0n) return false;
  for (const { name, mediaType, content } of mail.files) {
    await own(tx)
      .insertInto("inbound_files")
      .values({
        id: newId("inf", tx.now, runtime.random),
        mail_id: id,
        case_id: caseId,
        name: sealText(runtime, "case-data", name, contextOf(caseId, "name")),
        media_type: mediaType,
        size: content.length,
        content: runtime.keys.seal("case-data", content, contextOf(caseId, "content"), runtime.random),
      })
      .execute();
  }
  return true;
}

/** Whether a mail with this digest was kept. */
export async function isKept(reader: Reader, digest: Buffer): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("inbound_mails")
    .select("id")
    .where("digest", "=", digest)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many files a case has, and their bytes. */
export async function filesOfCase(
  reader: Reader,
  caseId: CaseId,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const row = await own(reader)
    .selectFrom("inbound_files")
    .select((eb) => [eb.fn.countAll<string>().as("count"), eb.fn.sum<string | null>("size").as("bytes")])
    .where("case_id", "=", caseId)
    .executeTakeFirst();
  return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) };
}

/** Every mail of a case with what came with it, the oldest first. */
export async function listInbound(reader: Reader, keys: Keyring, caseId: CaseId): Promise<readonly InboundMail[]> {
  const mails = await own(reader)
    .selectFrom("inbound_mails")
    .selectAll()
    .where("case_id", "=", caseId)
    .orderBy("id")
    .execute();
  if (mails.length === 0) return [];
  const files = await own(reader)
    .selectFrom("inbound_files")
    .select(["id", "mail_id", "name", "media_type", "size"])
    .where("case_id", "=", caseId)
    .orderBy("id")
    .execute();
  return mails.map((mail) => ({
    id: mail.id,
    caseId,
    messageId: mail.message_id,
    sender: openText(keys, "case-data", mail.sender, contextOf(caseId, "sender")),
    verdicts: VERDICTS.parse(mail.verdicts),
    receivedAt: mail.received_at,
    files: files
      .filter((file) => file.mail_id === mail.id)
      .map(
        (file): InboundFile => ({
          id: file.id,
          name: openText(keys, "case-data", file.name, contextOf(caseId, "name")),
          mediaType: file.media_type,
          size: file.size,
        }),
      ),
  }));
}

/** A file of a case with its content; null where there is none. */
export async function readInboundFile(
  reader: Reader,
  keys: Keyring,
  caseId: CaseId,
  id: InboundFileId,
): Promise<KeptFile | null> {
  const row = await own(reader)
    .selectFrom("inbound_files")
    .selectAll()
    .where("case_id", "=", caseId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row
    ? {
        name: openText(keys, "case-data", row.name, contextOf(caseId, "name")),
        mediaType: row.media_type,
        content: keys.open("case-data", row.content, contextOf(caseId, "content")),
      }
    : null;
}

/** Erases what came by mail in these cases. */
export async function eraseInbound(tx: Tx, caseIds: readonly CaseId[]): Promise<void> {
  if (caseIds.length > 0)
    await own(tx)
      .deleteFrom("inbound_mails")
      .where("case_id", "in", [...caseIds])
      .execute();
}
