import { codesIn } from "../../authenticators/index.ts";
import { parseApiToken } from "../../registry/index.ts";

/*
 * Finds what nobody should send: private keys, tokens, recovery codes, secrets of authenticator apps, and links of ours
 * that open something. Pure. Every pattern reads a text once, from left to right, whatever is in it.
 */

export type SecretKind = "private-key" | "api-token" | "recovery-code" | "foreign-token" | "app-secret" | "own-link";

export interface FoundSecret {
  readonly kind: SecretKind;
  /** As it stood in the text, without the marks of quoting. */
  readonly value: string;
}

export interface Scanned {
  /** The text with each secret cut out and its place marked; the very same text where there is none. */
  readonly clean: string;
  readonly found: readonly FoundSecret[];
}

/** What stands in the text in place of a secret. */
const MARKS: Readonly<Record<SecretKind, string>> = {
  "private-key": "[a private key was here]",
  "api-token": "[an API token was here]",
  "recovery-code": "[a recovery code was here]",
  "foreign-token": "[a token was here]",
  "app-secret": "[the secret of an authenticator app was here]",
  "own-link": "[a private link was here]",
};

interface Span extends FoundSecret {
  readonly from: number;
  readonly to: number;
}

// Writing programs make longer dashes of several short ones. A row of them is looked at from its first alone.
const DASH = "[-\u2010-\u2015\u2212]";
const DASHES = `${DASH}{2,8}`;
const BEGIN = new RegExp(`(?<!${DASH})${DASHES} ?BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?${DASHES}`, "g");
const END = new RegExp(`(?<!${DASH})${DASHES} ?END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)? ?${DASHES}`, "g");
/** Lines of base 64 or of headers that follow the beginning of a key whose end is missing, and a last, shorter piece. */
const BODY = /(?:[\s>|]*(?:[A-Za-z-]{3,30}: [^\n]*|[A-Za-z0-9+/=]{20,}))*(?:[\s>|]*[A-Za-z0-9+/]{1,70}={1,2})?/y;
/** What precedes the end of a key whose beginning is missing; looked at from the end backwards. */
const TAIL = /^[\s>|]*[A-Za-z0-9+/=]{20,}[ \t]*$/;

/** Keys between their first and last line, and halves of them. */
function keyBlocks(text: string): readonly Span[] {
  const begins = [...text.matchAll(BEGIN)];
  const ends = [...text.matchAll(END)];
  const spans: Span[] = [];
  const span = (from: number, to: number) =>
    spans.push({ kind: "private-key", value: unquoted(text.slice(from, to)), from, to });
  let nextEnd = 0;
  let covered = 0;
  for (const [at, begin] of begins.entries()) {
    const from = begin.index;
    const after = from + begin[0].length;
    const limit = begins[at + 1]?.index ?? text.length;
    while ((ends[nextEnd]?.index ?? Infinity) < after) {
      covered = halfBefore(text, ends[nextEnd], covered, span);
      nextEnd += 1;
    }
    const end = ends[nextEnd];
    if (end && end.index < limit) {
      covered = end.index + end[0].length;
      span(from, covered);
      nextEnd += 1;
    } else {
      BODY.lastIndex = after;
      covered = Math.min(limit, after + (BODY.exec(text)?.[0].length ?? 0));
      span(from, covered);
    }
  }
  for (const end of ends.slice(nextEnd)) covered = halfBefore(text, end, covered, span);
  return spans;
}

function halfBefore(
  text: string,
  end: RegExpExecArray | undefined,
  covered: number,
  span: (from: number, to: number) => void,
): number {
  if (!end) return covered;
  let from = text.lastIndexOf("\n", end.index - 1) + 1;
  while (from > covered) {
    const before = text.lastIndexOf("\n", from - 2) + 1;
    if (before < covered || !TAIL.test(text.slice(before, from).trimEnd())) break;
    from = before;
  }
  const to = end.index + end[0].length;
  span(Math.max(covered, Math.min(from, end.index)), to);
  return to;
}

/** A key that was quoted in a mail, as it was. */
const unquoted = (text: string): string => text.replace(/^[ \t]*(?:[>|][ \t]?)+/gm, "");

const isOurToken = (text: string): boolean => parseApiToken(text).ok;
const isCode = (text: string): boolean => codesIn(/^lkrc/i.test(text) ? text : `lkrc-${text}`).length > 0;

/** A pattern, and what must be true besides of what it matches. */
interface Rule {
  readonly kind: SecretKind;
  readonly pattern: RegExp;
  readonly holds?: (text: string) => boolean;
}

const LONE = "(?<![A-Za-z0-9_-])";
const HALVES =
  "(?:restore|reset|recovery/open|objection|not-me|undo-address|keep-account|confirm-address|first-administrator)";

const RULES: readonly Rule[] = [
  // OpenSSH's own container without its armour, and PuTTY's file.
  { kind: "private-key", pattern: /b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]*(?:[\s>|]+[A-Za-z0-9+/=]{20,})*/g },
  { kind: "private-key", pattern: /PuTTY-User-Key-File-\d: [^]*?(?:\nPrivate-(?:MAC|Hash): *[0-9a-f]+|$)/g },
  { kind: "private-key", pattern: /AGE-SECRET-KEY-1[A-Z0-9]{40,}/gi },
  { kind: "api-token", pattern: /lks_[0-9A-Za-z]{34,60}/g, holds: isOurToken },
  { kind: "foreign-token", pattern: /lks_[0-9A-Za-z]{20,60}/g, holds: (text) => !isOurToken(text) },
  { kind: "recovery-code", pattern: /lkrc[\s-]*(?:[0-9a-z][\s-]*){24}[0-9a-z](?![0-9a-z])/gi, holds: isCode },
  {
    kind: "recovery-code", // with a typing mistake: it is a code all the same
    pattern: /lkrc[\s-]?[0-9a-z]{5}(?:[\s-]?[0-9a-z]{5}){3,4}(?![0-9a-z])/gi,
    holds: (text) => /\d/.test(text),
  },
  { kind: "recovery-code", pattern: /(?<![0-9a-z-])[0-9a-z]{5}(?:-[0-9a-z]{5}){4}(?![0-9a-z-])/gi, holds: isCode },
  { kind: "app-secret", pattern: /otpauth:\/\/[a-z]+\/[^\s<>"']+/gi },
  { kind: "own-link", pattern: new RegExp(`(?<=/)${HALVES}/[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}(?:pypi|testpypi)-[A-Za-z0-9_-]{50,}`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\\w{50,})`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}(?:glpat|gldt|glrt)-[A-Za-z0-9_-]{20,}`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}(?:npm|hf|dckr_pat)_[A-Za-z0-9_-]{27,}`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}cio[A-Za-z0-9]{32}(?![A-Za-z0-9])`, "g") },
  { kind: "foreign-token", pattern: new RegExp(`${LONE}(?:xox[abeprs]-[A-Za-z0-9-]{20,}|[sr]k_live_\\w{20,})`, "g") },
  {
    kind: "foreign-token", // JSON Web Tokens (RFC 7519)
    pattern: new RegExp(`${LONE}eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{20,}`, "g"),
  },
];

/** Finds every secret in a text, and gives the text without them. Scanning what it gives finds nothing more. */
export function scanText(text: string): Scanned {
  const spans: Span[] = [...keyBlocks(text)];
  for (const { kind, pattern, holds } of RULES) {
    for (const match of text.matchAll(pattern)) {
      if (holds && !holds(match[0])) continue;
      spans.push({ kind, value: unquoted(match[0]), from: match.index, to: match.index + match[0].length });
    }
  }
  if (spans.length === 0) return { clean: text, found: [] };
  const found: FoundSecret[] = [];
  let clean = "";
  let at = 0;
  for (const span of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    if (span.from < at) {
      // Inside one that was cut out already, or reaching beyond it.
      at = Math.max(at, span.to);
      continue;
    }
    clean += text.slice(at, span.from) + MARKS[span.kind];
    found.push({ kind: span.kind, value: span.value });
    at = span.to;
  }
  return { clean: clean + text.slice(at), found };
}

/** The text without secrets. */
export const redacted = (text: string): string => scanText(text).clean;
