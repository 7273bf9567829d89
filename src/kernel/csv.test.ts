import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { neutral, toCsv } from "./csv.ts";

/** Reads what RFC 4180 describes: the test's own reader. */
function readCsv(text: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  for (const [, cell = "", end] of text.matchAll(/"((?:[^"]|"")*)"(,|\r\n)/g)) {
    const isFirst = records.length === 0 || records.at(-1)?.at(-1) === END;
    if (isFirst) {
      records.at(-1)?.pop();
      records.push([]);
    }
    records.at(-1)?.push(cell.replaceAll('""', '"'));
    if (end === "\r\n") records.at(-1)?.push(END);
  }
  records.at(-1)?.pop();
  return records;
}
const END = "\u0000end of the record";

describe("tables for spreadsheets", () => {
  test("whatever is in the cells, the same cells are read", () => {
    const cell = fc.string({
      unit: fc.constantFrom('"', ",", "\r", "\n", "=", "'", "a", "＝", "\t", " ", "é", "\u{1f4a5}"),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }), (records) => {
        const expected = [["a", "b", "c"], ...records.map((cells) => cells.map(neutral))];
        assert.deepEqual(readCsv(toCsv(["a", "b", "c"], records)), expected);
      }),
    );
  });

  test("nothing is a formula, and plain words stay as they are", () => {
    for (const bad of [
      "=1+1",
      "+1",
      "-1",
      "@SUM(A1)",
      "\t=1",
      " =1",
      "＝1",
      "|calc",
      "%0A",
      "\r=1",
      "\n=cmd|'/c calc'!A1",
    ])
      assert.equal(neutral(bad), `'${bad}`);
    for (const good of ["", "alice", "192.0.2.7", "2026-11-02 09:00", "a=b", "'quoted'"])
      assert.equal(neutral(good), good);
  });

  test("a record that does not fit its header is a bug", () => {
    assert.throws(() => toCsv(["a", "b"], [["1"]]), /as many cells/);
  });
});
