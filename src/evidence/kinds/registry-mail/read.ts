import PostalMime, { type Address, type Email } from "postal-mime";
import { isId, type MailId } from "../../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import { evidenceRefusals } from "../../refusals.ts";

/*
 * Reads a mail that somebody kept. It comes from a stranger: nothing of it is believed before its signature was checked,
 * and nothing that two programs could read differently is taken at all.
 */

export const MOST_BYTES = 1024 * 1024;
const MOST_HEADER_BYTES = 64 * 1024;
const MOST_FIELDS = 300;
/** What goes through a few servers and lists has three or four. Each costs a check. */
const MOST_SIGNATURES = 10;
/** What the signature must cover, and what may stand there once only. */
export const COVERED = ["from", "to", "subject", "date", "message-id"] as const;
const ONCE: ReadonlySet<string> = new Set([...COVERED, "sender", "reply-to", "cc", "mime-version", "content-type"]);

export interface KeptMail {
  /** With the line ends that signatures are made over (RFC 5322 §2.1). */
  readonly bytes: Buffer;
  readonly messageId: string;
  /** The mail's own id, where its Message-ID is one of ours. */
  readonly mailId: MailId | null;
  readonly from: string;
  readonly to: string;
  readonly date: Date;
}

/**
 * Reads one message as a mail program saved it, one character a byte. Line ends of any kind, and the first line of a
 * mailbox file, are put right; nothing else is. Refuses what has no header, too many or broken fields, fields of which
 * there must be one and are several, more than ten signatures, and a mail without one sender, addressee, date and id.
 */
export async function readKeptMail(text: string): Promise<Result<KeptMail>> {
  const whole = text
    .replace(/^\uFEFF|^\u00EF\u00BB\u00BF/, "")
    .replace(/^\s*From [^\r\n]*\r?\n/, "")
    .replace(/^[\r\n]+/, "")
    .replace(/\r\n|\r|\n/g, "\r\n");
  const end = whole.indexOf("\r\n\r\n");
  if (end < 0 || end > MOST_HEADER_BYTES) return refuse(evidenceRefusals["mail-unreadable"]());
  const names = fieldNames(whole.slice(0, end));
  if (names === null || names.length > MOST_FIELDS) return refuse(evidenceRefusals["mail-unreadable"]());
  if (COVERED.some((name) => !names.includes(name))) return refuse(evidenceRefusals["mail-unreadable"]());
  const several = names.filter((name, at) => ONCE.has(name) && names.indexOf(name) !== at);
  if (several.length > 0) return refuse(evidenceRefusals["mail-doubled"]());
  const signatures = names.filter((name) => name === "dkim-signature").length;
  if (signatures > MOST_SIGNATURES) return refuse(evidenceRefusals["mail-many-signatures"]());
  if (signatures === 0) return refuse(evidenceRefusals["mail-not-ours"]());
  const bytes = Buffer.from(whole, "latin1");
  const header = await parsed(bytes.subarray(0, end + 4));
  const from = header ? soleAddress(header.from ? [header.from] : []) : null;
  const to = header ? soleAddress(header.to ?? []) : null;
  const date = new Date(header?.date ?? Number.NaN);
  const messageId = header?.messageId ?? "";
  if (from === null || to === null || Number.isNaN(date.getTime()) || !/^<[^<>\s]{3,250}>$/.test(messageId))
    return refuse(evidenceRefusals["mail-unreadable"]());
  const id = messageId.slice(1, messageId.lastIndexOf("@"));
  const isOurs = isId("mail", id) && domainOf(messageId.slice(1, -1)) === domainOf(from);
  return ok({ bytes, messageId, mailId: isOurs ? id : null, from, to, date });
}

/** What a mail says, as far as it can be read; for looking whether a secret is in it. Never throws. */
export async function textOfMail(text: string): Promise<string> {
  const mail = await parsed(Buffer.from(text, "latin1"));
  return mail ? [mail.text ?? "", mail.html ?? ""].join("\n") : "";
}

/** Part in part is bounded, so that a small message cannot grow. Null for what is no mail at all. */
async function parsed(bytes: Buffer): Promise<Email | null> {
  try {
    return await PostalMime.parse(bytes, {
      maxRfc822NestingDepth: 0,
      maxNestingDepth: 20,
      maxHeadersSize: MOST_HEADER_BYTES * 2,
    });
  } catch {
    return null;
  }
}

/** The names of all fields in small letters, in order; null where a line is no field and continues none (RFC 5322 §2.2). */
function fieldNames(header: string): readonly string[] | null {
  const names: string[] = [];
  for (const line of header.split("\r\n")) {
    if (/^[ \t]/.test(line) && names.length > 0) continue;
    const name = /^([!-9;-~]{1,100})[ \t]*:/.exec(line)?.[1];
    if (name === undefined) return null;
    names.push(name.toLowerCase());
  }
  return names;
}

/** The one address of a field; null for none, several, and groups. */
function soleAddress(addresses: readonly Address[]): string | null {
  const [first] = addresses;
  return addresses.length === 1 && first?.address !== undefined && first.address !== "" ? first.address : null;
}

export const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1).toLowerCase();
