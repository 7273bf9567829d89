import PostalMime from "postal-mime";
import type { FailedDelivery } from "./bounce-rules.ts";
import { oneLine } from "./wording.ts";

/*
 * Reads what a mail server sends back: a delivery status notification (RFC 3464), in ASCII or not (RFC 6533). The
 * original in it is never looked at: it is ours, or it is a forger's.
 */

export interface BounceReport {
  /** Where the report went, as its headers tell: the outermost first. Untrusted, as everything here. */
  readonly recipients: readonly string[];
  /** The failure it tells of; null for a report of a delay or a success, and for what is no report at all. */
  readonly failure: FailedDelivery | null;
}

/** What local delivery writes at the top (Postfix, Exim, sendmail), then the addressee as its sender wrote it. */
const RECIPIENT_HEADERS = ["x-original-to", "delivered-to", "envelope-to", "to"];
const MOST_RECIPIENTS = 8;
const MOST_GROUPS = 50;
const MOST_REPORT_BYTES = 64 * 1024;
const LONGEST_ANSWER = 300;
const STATUS_TYPES = new Set(["message/delivery-status", "message/global-delivery-status"]);

/**
 * Reads one message. Never throws for what is in it: a message that cannot be read is no report.
 * @param bytes at most as many as the caller allows; parts within parts are read 20 deep
 */
export async function readDeliveryReport(bytes: Uint8Array): Promise<BounceReport> {
  let mail;
  try {
    // Nested messages stay closed; depth and headers are bounded, so that a small message cannot grow in memory.
    mail = await PostalMime.parse(bytes, { maxRfc822NestingDepth: 0, maxNestingDepth: 20, maxHeadersSize: 256 * 1024 });
  } catch {
    return { recipients: [], failure: null };
  }
  const recipients = RECIPIENT_HEADERS.flatMap((name) =>
    mail.headers.filter(({ key }) => key === name).map(({ value }) => bareAddress(value)),
  );
  const part = mail.attachments.find(({ mimeType }) => STATUS_TYPES.has(mimeType));
  const content = part?.content;
  const text =
    content === undefined || typeof content === "string"
      ? (content ?? "")
      : new TextDecoder().decode(content.slice(0, MOST_REPORT_BYTES));
  return { recipients: recipients.slice(0, MOST_RECIPIENTS), failure: readDeliveryStatus(text) };
}

const bareAddress = (value: string): string => (/<([^<>]*)>/.exec(value)?.[1] ?? value).trim();

/**
 * The failure that a `message/delivery-status` part tells of (RFC 3464 §2): a group of fields about the message, then
 * one about each recipient. Null unless some recipient failed and none was reached: a mail that an alias handed to two
 * and that reached one has arrived. Pure.
 */
export function readDeliveryStatus(text: string): FailedDelivery | null {
  const groups = text
    .slice(0, MOST_REPORT_BYTES)
    .replaceAll("\r\n", "\n")
    .replace(/\n[ \t]+/g, " ")
    .split(/\n{2,}/)
    .map(fieldsOf)
    .filter((fields) => fields.has("action"))
    .slice(0, MOST_GROUPS);
  const actions = groups.map((fields) => fields.get("action")?.toLowerCase());
  const failed = groups[actions.indexOf("failed")];
  if (!failed || actions.some((action) => ["delivered", "relayed", "expanded"].includes(action ?? ""))) return null;
  const status = /^[245]\.\d{1,3}\.\d{1,3}/.exec(failed.get("status") ?? "")?.[0] ?? null;
  const answer = (failed.get("diagnostic-code") ?? "").replace(/^\s*smtp\s*;\s*/i, "");
  return { status, answer: oneLine(answer).slice(0, LONGEST_ANSWER) };
}

/** Fields of a group, the first of a name, without comments of the kind `(user unknown)` at the start. */
function fieldsOf(group: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of group.split("\n")) {
    const [, name, value] = /^([A-Za-z0-9-]{1,64}):[ \t]*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !fields.has(name.toLowerCase()))
      fields.set(name.toLowerCase(), value.replace(/^\([^()]*\)\s*/, "").trim());
  }
  return fields;
}
