import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

/*
 * The source tree as text, for the rules. Nothing is parsed into a syntax tree: comments are blanked, string contents
 * are kept, and imports are found by their keywords, which is enough for code that a formatter keeps in one shape.
 */

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with every comment blanked; line numbers stay. */
  readonly code: string;
  readonly imports: readonly Import[];
}

export interface Import {
  readonly specifier: string;
  /** For a relative import: the path from the root; null for a package or a module of Node. */
  readonly target: string | null;
  /** What is taken from it: `a, type B`, or `* as c`. */
  readonly names: string;
  /** Erased before it runs, so it brings no effect with it. */
  readonly isTypeOnly: boolean;
}

const ROOT = join(import.meta.dirname, "../..");
const IMPORT =
  /\b(?:import|export)\s+(type\s+)?([^"';]*?)\s*from\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"\s*\)|\bimport\s*"([^"]+)"/g;

/** Every file with one of these endings under the folders, sorted by path. */
export function readTree(folders: readonly string[], endings: readonly string[] = [".ts"]): readonly SourceFile[] {
  return folders
    .flatMap((folder) => readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .toSorted()
    .map((path) => toSource(path, readText(path)));
}

export const readText = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** A file as the rules see it; also made by hand, to show that a rule finds what it is for. */
export function toSource(path: string, text: string): SourceFile {
  const code = path.endsWith(".ts") || path.endsWith(".js") ? blankComments(text) : text;
  return { path, text, code, imports: path.endsWith(".ts") ? importsOf(path, code) : [] };
}

function importsOf(path: string, code: string): readonly Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const [, typeWord, names = "", from, dynamic, bare] = match;
    const specifier = from ?? dynamic ?? bare ?? "";
    const target = specifier.startsWith(".") ? posix.normalize(posix.join(dirname(path), specifier)) : null;
    return { specifier, target, names: names.replace(/[{}]/g, " ").trim(), isTypeOnly: typeWord !== undefined };
  });
}

/** The slice a file belongs to: the folder under src, or null. */
export const sliceOf = (path: string): string | null => /^src\/([^/]+)\//.exec(path)?.[1] ?? null;

/** Tests, and what only tests use, whatever folder they lie in. */
export const isTest = (path: string): boolean =>
  path.startsWith("test/") || path.endsWith(".test.ts") || path.endsWith("/test-support.ts");

const BEFORE_REGEX = /(?:^|[=(,:;!&|?{}[\n]|=>|\breturn|\btypeof|\bcase)\s*$/;

/** Replaces comments by blanks, and leaves strings, templates and regular expressions as they are. */
export function blankComments(text: string): string {
  let out = "";
  let at = 0;
  const copy = (until: number) => {
    out += text.slice(at, until);
    at = until;
  };
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    const one = two[0] ?? "";
    if (two === "//") at = blank(until(text, at, "\n"));
    else if (two === "/*") at = blank(until(text, at + 2, "*/") + 2);
    else if (one === '"' || one === "'") copy(endOfQuoted(text, at, one));
    else if (one === "`") copy(endOfTemplate(text, at));
    else if (one === "/" && BEFORE_REGEX.test(out.slice(-12))) copy(endOfRegex(text, at));
    else copy(at + 1);
  }
  return out;

  function blank(end: number): number {
    out += text.slice(at, end).replace(/[^\n]/g, " ");
    return end;
  }
}

function until(text: string, from: number, mark: string): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === quote || text[at] === "\n") return at + 1;
  }
  return text.length;
}

/** The end of a template, with the templates and strings inside its holes. */
function endOfTemplate(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") return at + 1;
    else if (text.startsWith("${", at)) at = endOfHole(text, at + 2) - 1;
  }
  return text.length;
}

function endOfHole(text: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < text.length && depth > 0) {
    const sign = text[at] ?? "";
    if (sign === "`") at = endOfTemplate(text, at);
    else if (sign === '"' || sign === "'") at = endOfQuoted(text, at, sign);
    else {
      if (sign === "{") depth += 1;
      if (sign === "}") depth -= 1;
      at += 1;
    }
  }
  return at;
}

function endOfRegex(text: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "[") isInClass = true;
    else if (text[at] === "]") isInClass = false;
    else if (text[at] === "/" && !isInClass) return at + 1;
  }
  return start + 1;
}

/** Folders directly in a folder, sorted by name. */
export const foldersIn = (path: string): readonly string[] =>
  readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted();

/** What the drawn tree of ARCHITECTURE.md says: folders at the top, levels in src, folders of test, kinds of a slice. */
export function treeOf(page: string) {
  const block = /## The tree\s+```\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
  const lines = block.split("\n");
  const top = lines.flatMap((line) => /^([a-z-]+)\//.exec(line)?.[1] ?? []).toSorted();
  const rows = [...block.matchAll(/^ {2}([a-z-]+)\/ +(\d+) /gm)];
  const levels = Object.fromEntries(
    rows.map(([, name = "", level]) => [name, Number(level)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  const underTest = block.slice(block.indexOf("\ntest/")).split("\n").slice(2);
  const own = underTest.slice(
    0,
    underTest.findIndex((line) => !line.startsWith("  ")),
  );
  const inTest = own.flatMap((line) => [...(/^ {2}((?:[a-z-]+\/ *)+)/.exec(line)?.[1]?.matchAll(/[a-z-]+/g) ?? [])]);
  const kinds = Object.fromEntries(
    [...block.matchAll(/^ {2}([a-z-]+)\/.*\bkinds\/\{([^}]+)\}/gm)].map(([, slice = "", list = ""]) => [
      slice,
      list.split(",").toSorted(),
    ]),
  );
  return { top, levels, inTest: inTest.map(([name]) => name).toSorted(), kinds };
}
