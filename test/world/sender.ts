import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { createTransport } from "nodemailer";
import { transact } from "../../src/kernel/db/transact.ts";
import type { MailId } from "../../src/kernel/ids.ts";
import { ok } from "../../src/kernel/result.ts";
import { listInbound, type Verdicts } from "../../src/mail-in/index.ts";
import { insertInbound } from "../../src/mail-in/store.ts";
import { makeReplyAddresses } from "../../src/notifications/index.ts";
import { findCaseByNumber } from "../../src/recovery/index.ts";
import type { Zone } from "./name-server.ts";
import type { World } from "./world.ts";

/* People who write to us: a domain with SPF, DKIM and DMARC, and a mail program that signs. */

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "der" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The records of a domain whose mail is signed, and which asks that unsigned mail be refused, or says nothing of it. */
export const domainZone = (domain: string, policy: "reject" | "none" | null = "reject"): Zone => ({
  [domain]: { txt: ["v=spf1 ip4:192.0.2.25 -all"] },
  [`mail._domainkey.${domain}`]: { txt: [`v=DKIM1; k=rsa; p=${publicKey.toString("base64")}`] },
  ...(policy ? { [`_dmarc.${domain}`]: { txt: [`v=DMARC1; p=${policy}`] } } : {}),
});

export const MAIL_IN = { MAIL_IN_PORT: "0", MAIL_IN_ADDRESS: "recovery@index.example" };
export const SUPPORT = MAIL_IN.MAIL_IN_ADDRESS;

/** The address to which a mail of ours is answered. */
export const replyAddress = (world: World, mail: { readonly id: MailId; readonly at: Date }): string =>
  makeReplyAddresses({ name: "recovery", domain: "index.example" }, world.runtime.keys).addressFor(mail.id, mail.at);

export interface Written {
  readonly from: string;
  readonly to: string;
  readonly subject?: string;
  readonly text?: string;
  readonly html?: string;
  /** False for a forger, who has no key. */
  readonly isSigned?: boolean;
  readonly envelopeFrom?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly attachments?: readonly {
    readonly filename: string;
    readonly contentType: string;
    readonly content: Buffer | string;
  }[];
  readonly messageId?: string;
  readonly date?: Date;
}

/** Hands a mail in. @returns what the receiver answered, the code first */
export async function write(port: number, mail: Written): Promise<string> {
  const { from, to, isSigned = true, envelopeFrom = from, attachments = [], ...rest } = mail;
  const mailer = createTransport({ host: "127.0.0.1", port, secure: false, ignoreTLS: true });
  try {
    const sent = await mailer.sendMail({
      ...rest,
      headers: { ...rest.headers },
      from,
      to,
      attachments: [...attachments],
      envelope: { from: envelopeFrom, to: [to] },
      ...(isSigned
        ? {
            dkim: {
              domainName: from.slice(from.lastIndexOf("@") + 1).replace(">", ""),
              keySelector: "mail",
              privateKey,
            },
          }
        : {}),
    });
    return sent.response ?? "";
  } catch (error) {
    return error instanceof Error && "response" in error ? String(error.response) : String(error);
  } finally {
    mailer.close();
  }
}

/** A file that came with a mail to a case, as the receiver keeps it. @returns its id */
export async function fileByMail(world: World, number: string): Promise<string> {
  const found = await findCaseByNumber(world.runtime.db, number);
  assert(found);
  const verdicts: Verdicts = {
    spf: { result: "none", domain: "" },
    dkim: [],
    dmarc: { result: "none", policy: null },
  };
  const files = [{ name: "note.txt", mediaType: "text/plain", content: Buffer.from("a note") }];
  await transact(world.runtime.db, { now: world.time.now(), bookkeeping: "as the receiver keeps it" }, async (tx) => {
    const mail = { caseId: found.id, messageId: null, sender: "bob@bob.example", digest: Buffer.alloc(32), size: 1 };
    await insertInbound(tx, world.runtime, { ...mail, verdicts, files });
    return ok();
  });
  return (await listInbound(world.runtime.db, world.runtime.keys, found.id))[0]?.files[0]?.id ?? "";
}
