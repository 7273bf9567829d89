import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertCited, citationsIn, read, rowsOf } from "./citations.ts";

/** How many requirements each section of OWASP ASVS 5.0.0 has. */
const SECTIONS: Readonly<Record<string, number>> = {
  "6.1": 3,
  "6.2": 12,
  "6.3": 8,
  "6.4": 6,
  "6.5": 8,
  "6.6": 4,
  "6.7": 2,
  "6.8": 4,
  "7.1": 3,
  "7.2": 4,
  "7.3": 2,
  "7.4": 5,
  "7.5": 3,
  "7.6": 2,
  "8.1": 4,
  "8.2": 4,
  "8.3": 3,
  "8.4": 2,
};

const VERDICTS = ["met", "in part", "not met", "does not apply"];

describe("docs/asvs.md", () => {
  const text = read("docs/asvs.md");
  const rows = text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => rowsOf(section));

  test("has every requirement of V6, V7 and V8, once and in order", () => {
    const all = Object.entries(SECTIONS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, at) => `${section}.${at + 1}`),
    );
    assert.equal(all.length, 79);
    assert.deepEqual(
      rows.map(([number]) => number),
      all,
    );
  });

  test("says of each whether it is met, how, and by which test or for which reason", () => {
    for (const [number = "", level = "", asks = "", verdict = "", how = "", shown = "", ...more] of rows) {
      assert.equal(more.length, 0, `${number} has six cells`);
      assert.match(level, /^[123]$/, number);
      assert(asks.length > 10 && how.length > 10, number);
      assert(VERDICTS.includes(verdict), `${number}: ${verdict}`);
      const cited = citationsIn(shown);
      assert(cited.length > 0 || /^reason: .{10}/.test(shown), `${number} names a test or a reason`);
      for (const one of cited) assertCited(number, one);
    }
  });
});
