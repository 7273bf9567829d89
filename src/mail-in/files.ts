/*
 * Which attached files are kept. The content decides what a file is, never its name or what the mail says; what it says is
 * held against it. Nothing is opened, unpacked or rendered: archives stay closed by not being taken.
 */

export const MOST_FILES = 10;
export const MOST_FILE_BYTES = 5 * 1024 * 1024;
const LONGEST_NAME = 80;

export interface Attached {
  readonly name: string | null;
  /** As the mail says. */
  readonly mediaType: string;
  readonly content: Buffer;
}

export type Sorted =
  | { readonly kind: "kept"; readonly name: string; readonly mediaType: string }
  | { readonly kind: "not-kept"; readonly name: string; readonly why: string };

interface Type {
  readonly mediaType: string;
  readonly ending: string;
  readonly begins: readonly (readonly [offset: number, bytes: string])[];
}

const PICTURES: readonly Type[] = [
  { mediaType: "image/png", ending: "png", begins: [[0, "\x89PNG\r\n\x1a\n"]] },
  { mediaType: "image/jpeg", ending: "jpg", begins: [[0, "\xff\xd8\xff"]] },
  { mediaType: "image/gif", ending: "gif", begins: [[0, "GIF8"]] },
  {
    mediaType: "image/webp",
    ending: "webp",
    begins: [
      [0, "RIFF"],
      [8, "WEBP"],
    ],
  },
  { mediaType: "application/pdf", ending: "pdf", begins: [[0, "%PDF-"]] },
];
const ARCHIVES = ["PK\x03\x04", "PK\x05\x06", "\x1f\x8b", "BZh", "\xfd7zXZ", "7z\xbc\xaf", "Rar!", "\x28\xb5\x2f\xfd"];
const PROGRAMS = ["MZ", "\x7fELF", "\xcf\xfa\xed\xfe", "\xfe\xed\xfa", "\xca\xfe\xba\xbe", "#!"];
/** What a mail may call anything. */
const SAYS_NOTHING = new Set(["application/octet-stream", "application/force-download", "binary/octet-stream", ""]);
const TEXTS = new Set(["text/plain", "message/rfc822", "text/x-log", "text/markdown", "application/pgp-signature"]);

/** Whether a file is kept, as what and under which name. Pure. */
export function sortFile({ name: given, mediaType, content }: Attached): Sorted {
  const name = plainName(given);
  const no = (why: string): Sorted => ({ kind: "not-kept", name, why });
  const said = mediaType.toLowerCase().split(";")[0]?.trim() ?? "";
  if (content.length === 0) return no("it is empty");
  if (content.length > MOST_FILE_BYTES) return no("it is larger than 5 MB");
  const begin = content.subarray(0, 16).toString("latin1");
  if (ARCHIVES.some((bytes) => begin.startsWith(bytes)))
    return no("archives and office documents are not taken; send pictures, PDF or plain text");
  const type = PICTURES.find(({ begins }) => begins.every(([offset, bytes]) => begin.startsWith(bytes, offset)));
  if (type) {
    if (said !== type.mediaType && !SAYS_NOTHING.has(said) && !(said === "image/jpg" && type.ending === "jpg"))
      return no(`it says that it is ${said || "nothing"} and is ${type.mediaType}`);
    return { kind: "kept", name: withEnding(name, type.ending), mediaType: type.mediaType };
  }
  if (PROGRAMS.some((bytes) => begin.startsWith(bytes))) return no("programs are not taken");
  if (!TEXTS.has(said) && !SAYS_NOTHING.has(said))
    return no(
      PICTURES.some((one) => one.mediaType === said)
        ? `it says that it is ${said} and is not`
        : "only pictures, PDF and plain text are taken",
    );
  if (!isText(content)) return no("only pictures, PDF and plain text are taken");
  const isMail = said === "message/rfc822" || /\.eml$/i.test(name);
  return {
    kind: "kept",
    name: withEnding(name, isMail ? "eml" : "txt"),
    mediaType: isMail ? "message/rfc822" : "text/plain",
  };
}

/** UTF-8 without the control characters that no text has. */
function isText(content: Buffer): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return false;
  }
  return !/(?![\t\n\v\f\r])\p{Cc}/u.test(text);
}

/** A name without folders and without what could hide its ending. */
function plainName(given: string | null): string {
  const bare = (given ?? "")
    .replace(/^.*[\\/]/s, "")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"*:<>?|]/gu, "")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  return bare === "" ? "file" : Array.from(bare).slice(0, LONGEST_NAME).join("");
}

/** The ending says what the content is. */
function withEnding(name: string, ending: string): string {
  const has = name.toLowerCase().endsWith(`.${ending}`) || (ending === "jpg" && /\.jpeg$/i.test(name));
  return has ? name : `${name}.${ending}`;
}
