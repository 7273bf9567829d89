/*
 * Tables for spreadsheets (RFC 4180): every cell in quotes, quotes doubled, CRLF between records. A cell that a
 * spreadsheet would take for a formula is made text by an apostrophe in front (OWASP, CSV injection): much of what is
 * exported is anybody's words.
 */

/** Signs that begin a formula, the full-width ones included, also after white space that a spreadsheet drops. */
const FORMULA = /^[\s\0]*[=+\-@＝＋－＠|%]|^[\t\r\n]/;

/** A cell as text, with nothing that a spreadsheet would compute. */
export const neutral = (cell: string): string => (FORMULA.test(cell) ? `'${cell}` : cell);

const quoted = (cell: string): string => `"${neutral(cell).replaceAll('"', '""')}"`;

/** Records as CSV, the header first. Pure. Throws where a record has not as many cells as the header: a bug. */
export function toCsv(header: readonly string[], records: readonly (readonly string[])[]): string {
  const lines = [header, ...records].map((cells) => {
    if (cells.length !== header.length) throw new Error("A record has not as many cells as the header.");
    return `${cells.map(quoted).join(",")}\r\n`;
  });
  return lines.join("");
}
