import { renderHtml } from "./letter-html.ts";
import { renderText } from "./letter-text.ts";
import { oneLine } from "./wording.ts";

/*
 * A mail as data. Text and HTML are made from the same blocks, so that neither can say what the other does not
 * (K-23: no link is needed to learn the facts). Links lead to this installation only, and never to a sign-in page.
 */

export type Block =
  | { readonly kind: "paragraph"; readonly text: string }
  | { readonly kind: "facts"; readonly rows: readonly (readonly [label: string, value: string | Date])[] }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "link"; readonly label: string; readonly url: string }
  | { readonly kind: "code"; readonly label: string; readonly code: string }
  | { readonly kind: "date"; readonly label: string; readonly at: Date }
  | { readonly kind: "callout"; readonly tone: "note" | "important"; readonly text: string };

export interface Letter {
  /** What happened, in a few words that never change: no personal data, no numbers but a case number. */
  readonly subject: string;
  /** The line that mail programs show beside the subject. */
  readonly preheader?: string;
  readonly blocks: readonly Block[];
  /** Whether its reader may answer it by mail, where mail is taken in at all. */
  readonly isAnswerable?: boolean;
}

export interface Installation {
  /** The name people know the index by. */
  readonly indexName: string;
  /** Where people reach it; every link in a mail must be of this origin. */
  readonly publicUrl: URL;
  /** Absent where no mail is taken in. */
  readonly supportAddress?: string | undefined;
}

export interface RenderedLetter {
  readonly subject: string;
  /** Lines of at most 72 characters, URLs excepted; line feeds between them. */
  readonly text: string;
  readonly html: string;
}

export const paragraph = (text: string): Block => ({ kind: "paragraph", text });
export const facts = (...rows: readonly (readonly [string, string | Date])[]): Block => ({ kind: "facts", rows });
export const list = (...items: readonly string[]): Block => ({ kind: "list", items });
export const link = (label: string, url: string): Block => ({ kind: "link", label, url });
export const code = (label: string, shown: string): Block => ({ kind: "code", label, code: shown });
export const date = (label: string, at: Date): Block => ({ kind: "date", label, at });
export const note = (text: string): Block => ({ kind: "callout", tone: "note", text });
export const important = (text: string): Block => ({ kind: "callout", tone: "important", text });

/** Longer words of a reviewer or claimant, as they were parted by empty lines. */
export const paragraphs = (text: string): readonly Block[] =>
  text
    .split(/\r?\n\s*\r?\n/)
    .filter((part) => part.trim() !== "")
    .map(paragraph);

/** The block every security mail carries where the caller has made a link for it. */
export const notMe = (url: string | undefined): readonly Block[] =>
  url === undefined ? [] : [link("This was not me: lock my account", url)];

const SIGN_IN = /^\/(?:sign-?in|log-?in)(?:\/|$)/i;

/** A link as it may stand in a mail. Throws on another origin and on a sign-in page: both are bugs of the composer. */
function checkedUrl(url: string, installation: Installation): string {
  const parsed = new URL(url);
  if (parsed.origin !== installation.publicUrl.origin || parsed.username !== "" || parsed.password !== "") {
    throw new Error("A mail may link to this installation only.");
  }
  if (SIGN_IN.test(parsed.pathname)) throw new Error("A mail never links to a sign-in page.");
  return parsed.href;
}

function cleanBlock(block: Block, installation: Installation): Block {
  switch (block.kind) {
    case "paragraph":
    case "callout":
      return { ...block, text: oneLine(block.text) };
    case "facts":
      return {
        kind: "facts",
        rows: block.rows.map(([label, value]) => [oneLine(label), value instanceof Date ? value : oneLine(value)]),
      };
    case "list":
      return { kind: "list", items: block.items.map(oneLine) };
    case "link":
      return { kind: "link", label: oneLine(block.label), url: checkedUrl(block.url, installation) };
    case "code":
      return { kind: "code", label: oneLine(block.label), code: oneLine(block.code) };
    case "date":
      return { ...block, label: oneLine(block.label) };
  }
}

const MAY_ANSWER = note(
  "You can also simply answer this mail, from the mailbox it came to. Files may be attached: pictures, PDF and plain text. " +
    "Please never send a password, a code or a token.",
);

/** What stands at the end of every mail (product §13: how to tell our mails from a phisher's). */
export const footerLines = ({ indexName, publicUrl }: Installation): readonly string[] => [
  `This mail is from ${oneLine(indexName)}, about the security of an account there (${publicUrl.host}).`,
  "Our mails never contain a link that signs you in, and we never ask you to send or tell us a password or a code.",
  `If this was not you, or you doubt that this mail is ours, do not answer it: type ${publicUrl.host} into your ` +
    "browser yourself and choose “I cannot get in” or “Something is wrong with my account”.",
];

/**
 * Makes the subject, text and HTML of a mail. Every value is reduced to printable characters on one line and escaped
 * where it stands, so that no value can add a header, a tag or a line of its own.
 * Throws when a link is not of the installation's origin or leads to a sign-in page.
 */
export function renderLetter(letter: Letter, installation: Installation): RenderedLetter {
  const clean: Letter = {
    subject: oneLine(letter.subject),
    ...(letter.preheader === undefined ? {} : { preheader: oneLine(letter.preheader) }),
    blocks: [
      ...letter.blocks,
      ...(letter.isAnswerable === true && installation.supportAddress !== undefined ? [MAY_ANSWER] : []),
    ].map((block) => cleanBlock(block, installation)),
  };
  const indexName = oneLine(installation.indexName);
  const footer = footerLines(installation);
  return {
    subject: `[${indexName}] ${clean.subject}`,
    text: renderText(clean, indexName, footer),
    html: renderHtml(clean, indexName, footer),
  };
}
