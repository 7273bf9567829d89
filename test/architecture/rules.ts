import { BY_FILE, CORE, LEVELS, NOT_CORE, PURE_MODULES } from "./lists.ts";
import { type Import, isTest, type SourceFile, sliceOf } from "./source.ts";

/*
 * The rules of ARCHITECTURE.md as functions: files in, violations out, one sentence each. An empty answer is a tree that
 * keeps the rule.
 */

type Files = readonly SourceFile[];

const production = (files: Files): Files => files.filter(({ path }) => path.startsWith("src/") && !isTest(path));

/** Folders of src have a level; imports go down, or stay in the slice. */
export function levelViolations(files: Files): string[] {
  return production(files).flatMap(({ path, imports }) => {
    const from = sliceOf(path) ?? "";
    const level = LEVELS[from];
    if (level === undefined) return [`${path}: src/${from} has no level`];
    return imports.flatMap(({ target }) => {
      if (target === null) return [];
      const to = sliceOf(target);
      if (to === null) return [`${path} imports ${target}, outside src`];
      const toLevel = LEVELS[to];
      return to === from || (toLevel !== undefined && toLevel < level)
        ? []
        : [`${path} (level ${level}) imports ${target} (level ${toLevel})`];
    });
  });
}

/** From another slice only its index.ts; of the kernel's html, only its index. Nothing imports a test. */
export function doorViolations(files: Files): string[] {
  return production(files).flatMap(({ path, imports }) =>
    imports.flatMap(({ target }) => {
      const to = target && sliceOf(target);
      if (!target || !to) return [];
      if (isTest(target)) return [`${path} imports the test ${target}`];
      const isHtmlInside = target.startsWith("src/kernel/html/") && !path.startsWith("src/kernel/html/");
      if (isHtmlInside && target !== "src/kernel/html/index.ts")
        return [`${path} imports ${target}, past html/index.ts`];
      const isOwn = to === sliceOf(path);
      return isOwn || BY_FILE.has(to) || target === `src/${to}/index.ts`
        ? []
        : [`${path} imports ${target}, past its index.ts`];
    }),
  );
}

const toPattern = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", "[^/]+")}$`);
const CORE_PATTERNS = CORE.map(toPattern);

export const isCore = (path: string): boolean =>
  !isTest(path) && !(path in NOT_CORE) && CORE_PATTERNS.some((pattern) => pattern.test(path));

/**
 * A core file, with everything it loads at run time, uses modules that compute and touch nothing, and is synchronous.
 * Types are erased, so what they name does not count.
 */
export function coreViolations(files: Files): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return production(files)
    .filter(({ path }) => isCore(path))
    .flatMap((file) => [
      ...impureModules(file, byPath).map((what) => `${file.path} is core and loads ${what}`),
      ...(/\b(?:async|await)\b/.test(withoutTexts(file.code)) ? [`${file.path} is core and is not synchronous`] : []),
    ]);
}

function impureModules(start: SourceFile, byPath: ReadonlyMap<string, SourceFile>): string[] {
  const seen = new Set([start.path]);
  const queue = [start];
  const found: string[] = [];
  for (let file = queue.pop(); file; file = queue.pop()) {
    for (const one of file.imports) {
      if (one.isTypeOnly) continue;
      if (one.target === null) {
        if (!PURE_MODULES.has(one.specifier))
          found.push(file === start ? one.specifier : `${one.specifier}, through ${file.path}`);
        continue;
      }
      for (const target of behindIndex(one, file.path, byPath)) {
        const next = byPath.get(target);
        if (!next) found.push(`${target}, which is not there`);
        else if (!seen.has(target)) {
          seen.add(target);
          queue.push(next);
        }
      }
    }
  }
  return found;
}

/**
 * The files an import means: itself, or, where it names things of another slice's index.ts, the files that have them. A
 * pure function stays pure though its slice has a store beside it.
 */
function behindIndex(
  { target, names }: Import,
  from: string,
  byPath: ReadonlyMap<string, SourceFile>,
): readonly string[] {
  const index = target === null ? undefined : byPath.get(target);
  if (target === null || !index || !target.endsWith("/index.ts") || sliceOf(target) === sliceOf(from))
    return target === null ? [] : [target];
  const wanted = names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "));
  return wanted.map((name) => {
    const plain = name.split(" as ")[0] ?? name;
    const source = index.imports.find((one) =>
      one.names.split(",").some((each) => each.trim().split(" as ").at(-1) === plain),
    );
    return source?.target ?? target;
  });
}

/** Code with the contents of its strings and templates blanked. */
const withoutTexts = (code: string): string => code.replace(/"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, '""');

/** Places where a pattern stands, but for the folder src/bin and the files that have a reason. */
function uses(files: Files, pattern: RegExp, allowed: Readonly<Record<string, string>>, what: string): string[] {
  return production(files)
    .filter(({ path }) => !path.startsWith("src/bin/") && !(path in allowed))
    .flatMap(({ path, code }) =>
      code
        .split("\n")
        .flatMap((line, index) =>
          pattern.test(line) ? [`${path}:${index + 1} ${what}: ${line.trim().slice(0, 80)}`] : [],
        ),
    );
}

export const clockViolations = (files: Files, allowed: Readonly<Record<string, string>>): string[] =>
  uses(files, /\bnew Date\(\s*\)|\bDate\.now\(/, allowed, "reads the clock");

export const chanceViolations = (files: Files, allowed: Readonly<Record<string, string>>): string[] =>
  uses(
    files,
    /\bMath\.random\b|\brandomBytes\b|\brandomUUID\b|\brandomInt\b|\bgetRandomValues\b/,
    allowed,
    "draws chance",
  );

export const environmentViolations = (files: Files, allowed: Readonly<Record<string, string>>): string[] =>
  uses(files, /\bprocess\.(?:env|argv)\b/, allowed, "reads the process's surroundings");

/** Every table and view that a migration makes. */
export const tablesOf = (migrations: readonly string[]): readonly string[] =>
  migrations.flatMap((text) => [...text.matchAll(/^create (?:table|view) (\w+)/gim)].map((match) => match[1] ?? ""));

const KYSELY =
  /\.(?:selectFrom|insertInto|updateTable|deleteFrom|mergeInto|innerJoin|leftJoin|rightJoin|fullJoin|from|using)\(\s*\[?\s*"(\w+)/g;
const SQL_TEXT = /\bsql(?:<[^`]*?>)?`((?:\\.|[^`\\])*)`/g;
const SQL_TABLE = /\b(?:from|into|join|update|table|using|truncate)\s+(?:only\s+)?"?(\w+)/gi;
const TABLE_TYPES = /\binterface \w*Tables\b[^{]*\{([\s\S]*?)\n\}/g;
const MEMBER = /^ {2}(\w+):/gm;

/** The tables that a file names: in a kysely call, in SQL, or in the type of a slice's handle. */
export function tablesNamed(code: string): ReadonlySet<string> {
  const firsts = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
  return new Set([
    ...firsts(code, KYSELY),
    ...firsts(code, SQL_TEXT).flatMap((text) => firsts(text, SQL_TABLE)),
    ...firsts(code, TABLE_TYPES).flatMap((body) => firsts(body, MEMBER)),
  ]);
}

/** A table belongs to exactly one slice. */
export function tableViolations(files: Files, tables: readonly string[]): string[] {
  const owners = new Map(tables.map((table) => [table, new Set<string>()]));
  for (const { path, code } of production(files)) {
    for (const name of tablesNamed(code)) owners.get(name)?.add(sliceOf(path) ?? path);
  }
  return [...owners].flatMap(([table, slices]) =>
    slices.size === 1
      ? []
      : [slices.size === 0 ? `${table} is used by nobody` : `${table} is named by ${[...slices].join(" and ")}`],
  );
}

/** Only one file may spend a secret. */
export function oneTimeViolations(files: Files): string[] {
  return production(files)
    .filter(({ path, code }) => path !== "src/kernel/one-time.ts" && /one_time_(?:secrets|counters)/.test(code))
    .map(({ path }) => `${path} names a one-time table`);
}

const UNFINISHED = new RegExp(
  `\\b(?:${["TO", "FIX"].map((start) => start + (start === "TO" ? "DO" : "ME")).join("|")})\\b`,
);

/** Marks of unfinished work, in any text of the repository. */
export const unfinishedViolations = (files: Files): string[] =>
  files.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => (UNFINISHED.test(line) ? [`${path}:${index + 1}`] : [])),
  );

/** Ways to put a string into a page as it is: on the server a second maker of Html, in the browser the known doors. */
export function rawHtmlViolations(files: Files): string[] {
  return files
    .filter(({ path }) => path.startsWith("src/") && !isTest(path))
    .flatMap(({ path, code }) => [
      ...(path !== "src/kernel/html/template.ts" && /\b(?:new Html\b|makeHtml\b)/.test(code)
        ? [`${path} makes Html`]
        : []),
      ...(/\.(?:innerHTML|outerHTML)\s*\+?=[^=]|insertAdjacentHTML|document\.write\(|createContextualFragment|DOMParser/.test(
        code,
      )
        ? [`${path} turns a string into markup`]
        : []),
    ]);
}
