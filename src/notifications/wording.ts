import { clockTime, weekdayAndDay } from "../kernel/calendar.ts";

// C0 and C1 controls, line and paragraph separators, zero-width and bidirectional controls (Trojan-source style).
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** A value fit for one line: controls become a space, so that it can neither start a header nor hide its direction. */
export const oneLine = (value: string): string =>
  value.toWellFormed().replace(UNPRINTABLE, " ").replace(/ {2,}/g, " ").trim();

/**
 * Words of somebody else (a browser's name, a token's name), fit to be quoted: one line, cut to `most` characters, and
 * with nothing that a mail program would turn into a link.
 */
export function quoted(value: string, most = 80): string {
  const line = oneLine(value);
  const symbols = Array.from(line);
  const cut = symbols.length > most ? `${symbols.slice(0, most - 1).join("")}…` : line;
  return unlinked(cut);
}

/** Words of somebody at the desk, who may have been given them: as they stand, but with nothing that becomes a link. */
export const unlinked = (text: string): string =>
  text.replaceAll("://", "[:]//").replace(/(?<=[\p{L}\p{N}])\.(?=\p{L}{2})/gu, "[.]");

/** `Monday 2 November 2026, 09:00 UTC` */
export const dateInWords = (at: Date): string => `${weekdayAndDay(at)} ${at.getUTCFullYear()}, ${clockTime(at)}`;
