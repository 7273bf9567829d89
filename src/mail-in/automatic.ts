/*
 * Mail that no person wrote. Answering it would make a loop (RFC 3834 §2), and there is nothing in it for a case.
 */

export interface HeaderField {
  /** In small letters. */
  readonly key: string;
  readonly value: string;
}

/** More hops than mail ever takes: it goes in a circle (RFC 5321 §6.3 speaks of a hundred). */
const MOST_HOPS = 50;

export const isInLoop = (headers: readonly HeaderField[]): boolean =>
  headers.filter(({ key }) => key === "received").length > MOST_HOPS;

/**
 * Whether a program sent it: a report or an absence note (empty envelope sender, Auto-Submitted), a list, a bulk mail, or
 * another installation like this one.
 */
export function isAutomatic(envelopeFrom: string, headers: readonly HeaderField[]): boolean {
  const value = (name: string) =>
    headers
      .find(({ key }) => key === name)
      ?.value.trim()
      .toLowerCase();
  const submitted = value("auto-submitted");
  return (
    envelopeFrom === "" ||
    (submitted !== undefined && !submitted.startsWith("no")) ||
    ["bulk", "junk", "list", "auto_reply"].includes(value("precedence") ?? "") ||
    ["list-id", "list-unsubscribe", "x-autoreply", "x-autorespond", "x-loop"].some(
      (name) => value(name) !== undefined,
    ) ||
    /^(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)(?:[+@]|$)/i.test(envelopeFrom)
  );
}
