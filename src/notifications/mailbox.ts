import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { isId, type MailId } from "../kernel/ids.ts";

/*
 * Reads the folder of `.eml` files for the mailbox page of development. Text and links only: HTML of a mail is never
 * handed on.
 */

export interface MailboxEntry {
  readonly id: MailId;
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly at: Date;
}

export interface MailboxMail extends MailboxEntry {
  readonly messageId: string;
  readonly text: string;
  /** Every http or https URL of the text, each once, in order. */
  readonly links: readonly string[];
}

const MOST_LISTED = 200;
const isFile = /^(mail_[0-9a-z]+)\.eml$/;

/** The newest mails first, at most 200, all or one address's. An absent folder is an empty mailbox. */
export async function listMailbox(
  folder: string,
  filter: { readonly to?: string } = {},
): Promise<readonly MailboxEntry[]> {
  const wanted = filter.to?.toLowerCase();
  const ids = (await namesIn(folder)).toSorted().toReversed(); // ids begin with their time
  const found: MailboxEntry[] = [];
  for (const id of ids) {
    if (found.length === MOST_LISTED) break;
    const mail = await readMailbox(folder, id);
    if (!mail || (wanted !== undefined && mail.to.toLowerCase() !== wanted)) continue;
    found.push({ id: mail.id, to: mail.to, from: mail.from, subject: mail.subject, at: mail.at });
  }
  return found;
}

/** One mail, or null: for text that is no mail's id as for a mail that is not there. */
export async function readMailbox(folder: string, id: string): Promise<MailboxMail | null> {
  if (!isId("mail", id)) return null; // also keeps paths out
  let bytes: Buffer;
  try {
    bytes = await readFile(join(folder, `${id}.eml`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const parsed = await PostalMime.parse(bytes);
  const text = `${(parsed.text ?? "").replaceAll("\r\n", "\n").trimEnd()}\n`;
  return {
    id,
    to: parsed.to?.[0]?.address ?? "",
    from: parsed.from?.address ?? "",
    subject: parsed.subject ?? "",
    at: new Date(parsed.date ?? 0),
    messageId: parsed.messageId ?? "",
    text,
    links: [...new Set(text.match(/https?:\/\/[^\s<>"')\]]+/g) ?? [])],
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).flatMap((name) => isFile.exec(name)?.[1] ?? []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
