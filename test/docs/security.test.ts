import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertCited, type Citation, citationsIn, read, rowsOf } from "./citations.ts";

/* SECURITY.md says of every threat which test shows its defence. This keeps it true when tests move or change names. */

interface Row {
  readonly threat: string;
  readonly defence: string;
  readonly cited: readonly Citation[];
}

/** The table of threats. */
function threats(): readonly Row[] {
  const section = /^## Threats[^\n]*\n([\s\S]*?)^## /m.exec(read("SECURITY.md"))?.[1];
  assert(section, "SECURITY.md has its table of threats");
  return rowsOf(section).map((cells) => {
    assert.equal(cells.length, 3, `a row has three cells: ${cells.join(" | ")}`);
    const [threat = "", defence = "", tests = ""] = cells;
    return { threat, defence, cited: citationsIn(tests) };
  });
}

describe("SECURITY.md", () => {
  const rows = threats();

  test("every threat has a defence and a named test, and is there once", () => {
    assert(rows.length > 40, `${rows.length} threats`);
    assert.equal(new Set(rows.map((row) => row.threat)).size, rows.length);
    for (const { threat, defence, cited } of rows) {
      assert(threat.length > 10 && defence.length > 10, threat);
      assert(cited.length > 0, `“${threat}” cites no test`);
    }
  });

  test("every test it cites is there", () => {
    for (const { threat, cited } of rows) {
      for (const one of cited) assertCited(threat, one);
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
