import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/* Tables in documents that cite tests: a file between back-ticks, then the names of its tests between quotes. */

const ROOT = join(import.meta.dirname, "../..");
export const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

export interface Citation {
  readonly path: string;
  readonly names: readonly string[];
}

/** The cells of a table's rows, without its head. */
export const rowsOf = (text: string): readonly (readonly string[])[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1)
    .map((line) => line.slice(2, -2).split(" | "));

export const citationsIn = (cell: string): readonly Citation[] =>
  [...cell.matchAll(/`([^`]+)`((?: “.+?”(?=,| “|$))*)/g)].map(([, path = "", names = ""]) => ({
    path,
    names: [...names.matchAll(/“(.+?)”(?= “|$)/g)].map(([, name = ""]) => name),
  }));

/** Whether the file has a test, a group or a case of a table with that very name. */
const hasTest = (source: string, name: string): boolean =>
  ['"', "`", "'"].some((quote) => source.includes(`${quote}${name}${quote}`)) ||
  source.includes(JSON.stringify(name)) ||
  source.includes(`\`${name.replaceAll("`", "\\`")}\``);

/** Fails where a cited file or test is not there. @param by what cites it, for the message */
export function assertCited(by: string, { path, names }: Citation): void {
  assert.match(path, /\.test\.ts$/, `${path}, cited by “${by}”`);
  assert(names.length > 0, `“${by}” says which test of ${path}`);
  assert(existsSync(join(ROOT, path)), `“${by}” cites ${path}, which is not there`);
  for (const name of names) assert(hasTest(read(path), name), `“${by}” cites “${name}”, which is not in ${path}`);
}
