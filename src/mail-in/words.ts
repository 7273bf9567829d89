/*
 * The words of a mail: what its writer wrote, without what they quote. Our own mails, quoted back, carry links and codes
 * that open the case page; nobody at the desk may see them.
 */

/** Where mail programs begin the mail that is answered. */
const QUOTE_BEGINS: readonly RegExp[] = [
  /^-{2,}\s*(?:original message|forwarded message|original-nachricht|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{2,}$/i,
  /^_{20,}$/,
  /^on\b.{5,200}\bwrote:$/i,
  /^am\b.{5,200}\bschrieb\b.{0,100}:$/i,
  /^le\b.{5,200}\ba écrit\s*:$/i,
  /^el\b.{5,200}\bescribió:$/i,
  /^\S.{0,200}<\S+@\S+>.{0,20}(?:wrote|schrieb|a écrit|escribió)\s*:$/i,
];
/** The header block that Outlook puts before what is answered: two of its lines in a row. */
const OUTLOOK = /^\*?(?:from|von|de|sent|gesendet|envoyé|enviado)\*?:\s\S/i;

/**
 * What was written, without quotations: lines that begin with `>` go, and everything after the line that announces the
 * mail which is answered. A mail that has nothing else keeps nothing.
 */
export function withoutQuotes(text: string): string {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const kept: string[] = [];
  for (const [at, line] of lines.entries()) {
    const bare = line.trim();
    const twoLines = `${bare} ${lines[at + 1]?.trim() ?? ""}`.trim(); // "On … <a@b>" may be broken before "wrote:"
    if (QUOTE_BEGINS.some((begins) => begins.test(bare))) break;
    if (/^(?:on|am|le|el)\b/i.test(bare) && QUOTE_BEGINS.some((begins) => begins.test(twoLines))) break;
    if (OUTLOOK.test(bare) && OUTLOOK.test(lines[at + 1]?.trim() ?? "")) break;
    if (!/^\s*>/.test(line)) kept.push(line.trimEnd());
  }
  return kept
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/**
 * The words of a mail that has HTML only. Nothing of it is ever rendered: tags go, with all that is in scripts, styles and
 * the quoted mail, and what remains is text.
 */
export function textOfHtml(source: string): string {
  return source
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/<(script|style|head|title|blockquote|template|noscript)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, "\n")
    .replace(/<(?:br|hr)\b[^>]*>|<\/(?:p|div|li|tr|h[1-6]|ul|ol|table|pre)\s*>/gi, "\n")
    .replace(/<[^>]*>?/g, "")
    .replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name: string | undefined) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      const symbol = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal); // one of the two matched
      return symbol >= 32 && symbol <= 0x10ffff && (symbol < 0xd800 || symbol > 0xdfff)
        ? String.fromCodePoint(symbol)
        : " ";
    })
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n");
}

/** Letters, marks and line breaks alone: what could hide or turn words round goes. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (symbol) => (symbol === "\n" ? "\n" : symbol === "\t" ? " " : ""));
