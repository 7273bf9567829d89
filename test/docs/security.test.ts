import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

/* SECURITY.md says of every threat which test shows its defence. This keeps it true when tests move or change names. */

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

interface Row {
  readonly threat: string;
  readonly defence: string;
  readonly cited: readonly { readonly path: string; readonly names: readonly string[] }[];
}

/** The table of threats: in the third cell a file between back-ticks, then the names of its tests between quotes. */
function threats(): readonly Row[] {
  const section = /^## Threats[^\n]*\n([\s\S]*?)^## /m.exec(read("SECURITY.md"))?.[1];
  assert(section, "SECURITY.md has its table of threats");
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).map((line) => {
    const cells = line.slice(2, -2).split(" | ");
    assert.equal(cells.length, 3, `a row has three cells: ${line}`);
    const [threat = "", defence = "", tests = ""] = cells;
    const cited = [...tests.matchAll(/`([^`]+)`((?: “.+?”(?=,| “|$))*)/g)].map(([, path = "", names = ""]) => ({
      path,
      names: [...names.matchAll(/“(.+?)”(?= “|$)/g)].map(([, name = ""]) => name),
    }));
    return { threat, defence, cited };
  });
}

/** Whether the file has a test, a group or a case of a table with that very name. */
const hasTest = (source: string, name: string): boolean =>
  ['"', "`", "'"].some((quote) => source.includes(`${quote}${name}${quote}`)) ||
  source.includes(JSON.stringify(name)) ||
  source.includes(`\`${name.replaceAll("`", "\\`")}\``);

describe("SECURITY.md", () => {
  const rows = threats();

  test("every threat has a defence and a named test, and is there once", () => {
    assert(rows.length > 40, `${rows.length} threats`);
    assert.equal(new Set(rows.map((row) => row.threat)).size, rows.length);
    for (const { threat, defence, cited } of rows) {
      assert(threat.length > 10 && defence.length > 10, threat);
      assert(cited.length > 0, `“${threat}” cites no test`);
      for (const { path, names } of cited) {
        assert.match(path, /\.test\.ts$/, `${path} of “${threat}”`);
        assert(names.length > 0, `“${threat}” says which test of ${path}`);
      }
    }
  });

  test("every test it cites is there", () => {
    for (const { threat, cited } of rows) {
      for (const { path, names } of cited) {
        assert(existsSync(join(ROOT, path)), `“${threat}” cites ${path}, which is not there`);
        for (const name of names) assert(hasTest(read(path), name), `“${threat}” cites “${name}”, not in ${path}`);
      }
    }
  });

  test("the adversary's tests are all cited", () => {
    const all = rows.flatMap((row) => row.cited.map((one) => one.path));
    for (const path of ["browser", "thieves", "words"].map((what) => `test/adversary/attacks-${what}.test.ts`)) {
      assert(all.includes(path), `${path} is cited nowhere`);
      const named = rows.flatMap((row) => row.cited.filter((one) => one.path === path).flatMap((one) => one.names));
      const stories = [...read(path).matchAll(/\bstory\(\s*("(?:[^"\\]|\\.)*")/g)].map(([, name = '""']) =>
        JSON.parse(name),
      );
      for (const name of stories) assert(named.includes(name), `“${name}” of ${path} is cited nowhere`);
    }
  });
});
