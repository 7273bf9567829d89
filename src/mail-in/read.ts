import PostalMime, { type Email } from "postal-mime";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { type HeaderField, isAutomatic, isInLoop } from "./automatic.ts";
import { type Attached, MOST_FILES, sortFile } from "./files.ts";
import { mailInRefusals } from "./refusals.ts";
import type { KeptFile, ReceivedMail } from "./types.ts";
import { printable, textOfHtml, withoutQuotes } from "./words.ts";

/* Reads one mail from a stranger. Nothing in it is believed, fetched, run or rendered. */

export const MOST_CHARACTERS = 20_000;
const MOST_HEADER_BYTES = 256 * 1024;
const MOST_DEPTH = 20;
const LONGEST_SUBJECT = 200;

export interface ReadMail {
  /** The one address of the one From field. */
  readonly from: string;
  /** Subject and words, without what was quoted. May be empty. */
  readonly subject: string;
  readonly words: string;
  readonly isAutomatic: boolean;
  readonly files: readonly KeptFile[];
  /** Files that were not kept: name and why. */
  readonly notKept: readonly string[];
}

/**
 * Refuses what has not exactly one sender (RFC 9989 §10.5: which one would be shown?), more than ten files, more than 20,000
 * characters of its own, a mail that goes in a circle, and what cannot be read at all.
 */
export async function readMail({ bytes, envelopeFrom }: ReceivedMail): Promise<Result<ReadMail>> {
  const mail = await parsed(bytes);
  if (!mail) return refuse(mailInRefusals.unreadable());
  if (isInLoop(mail.headers)) return refuse(mailInRefusals.loop());
  const from = soleSender(mail);
  if (from === null) return refuse(mailInRefusals.unreadable());
  const attached = attachedTo(mail);
  if (attached.length > MOST_FILES) return refuse(mailInRefusals["too-many-files"]());
  const sorted = attached.map((one) => ({ ...sortFile(one), content: one.content }));
  const text = mail.text?.trim() ? mail.text : textOfHtml(mail.html ?? "");
  const words = printable(withoutQuotes(text));
  if (words.length > MOST_CHARACTERS) return refuse(mailInRefusals["too-long"]());
  return ok({
    from,
    subject: printable(mail.subject ?? "")
      .replaceAll("\n", " ")
      .trim()
      .slice(0, LONGEST_SUBJECT),
    words,
    isAutomatic: isAutomatic(envelopeFrom, mail.headers),
    files: sorted.flatMap((one) =>
      one.kind === "kept" ? [{ name: one.name, mediaType: one.mediaType, content: one.content }] : [],
    ),
    notKept: sorted.flatMap((one) => (one.kind === "not-kept" ? [`${one.name}: ${one.why}.`] : [])),
  });
}

/** Mails within the mail stay closed; depth and headers are bounded, so that a small message cannot grow. */
async function parsed(bytes: Buffer): Promise<Email | null> {
  try {
    return await PostalMime.parse(bytes, {
      maxRfc822NestingDepth: 0,
      forceRfc822Attachments: true,
      maxNestingDepth: MOST_DEPTH,
      maxHeadersSize: MOST_HEADER_BYTES,
    });
  } catch {
    return null;
  }
}

/** The parser gives the first of several addresses: the fields themselves say whether there are more. */
function soleSender({ from, headers }: Email): string | null {
  const fields = headers.filter(({ key }: HeaderField) => key === "from");
  const address = from && "address" in from ? from.address : undefined;
  const isSole = fields.length === 1 && fields[0]?.value.replace(/"(?:[^"\\]|\\.)*"/g, "").split("@").length === 2;
  return isSole && address && address.length <= 320 && !/[\s<>,;]/.test(address) ? address : null;
}

const attachedTo = (mail: Email): readonly Attached[] =>
  mail.attachments.map(({ filename, mimeType, content }) => ({
    name: filename,
    mediaType: mimeType,
    content: typeof content === "string" ? Buffer.from(content) : Buffer.from(content as ArrayBuffer), // parts are given as they were decoded
  }));
