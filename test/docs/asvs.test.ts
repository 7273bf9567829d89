import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertCited, citationsIn, read, rowsOf } from "./citations.ts";

/** The requirements of each section of OWASP ASVS 5.0.0, by the level at which each is first asked for. */
const LEVELS: Readonly<Record<string, string>> = {
  "6.1": "122",
  "6.2": "111111112222",
  "6.3": "11223333",
  "6.4": "112233",
  "6.5": "22222333",
  "6.6": "2223",
  "6.7": "33",
  "6.8": "2222",
  "7.1": "222",
  "7.2": "1111",
  "7.3": "22",
  "7.4": "11222",
  "7.5": "223",
  "7.6": "22",
  "8.1": "1233",
  "8.2": "1123",
  "8.3": "133",
  "8.4": "23",
};

const VERDICTS = ["met", "in part", "not met", "does not apply"];

describe("docs/asvs.md", () => {
  const text = read("docs/asvs.md");
  const rows = text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => rowsOf(section));

  test("has every requirement of V6, V7 and V8 with its level, once and in order", () => {
    const all = Object.entries(LEVELS).flatMap(([section, levels]) =>
      [...levels].map((level, at) => `${section}.${at + 1} at level ${level}`),
    );
    assert.equal(all.length, 79);
    assert.deepEqual(
      rows.map(([number, level]) => `${number} at level ${level}`),
      all,
    );
  });

  test("says of each whether it is met, how, and by which test or for which reason", () => {
    for (const [number = "", , asks = "", verdict = "", how = "", shown = "", ...more] of rows) {
      assert.equal(more.length, 0, `${number} has six cells`);
      assert(asks.length > 10 && how.length > 10, number);
      assert(VERDICTS.includes(verdict), `${number}: ${verdict}`);
      const cited = citationsIn(shown);
      assert(cited.length > 0 || /^reason: .{10}/.test(shown), `${number} names a test or a reason`);
      for (const one of cited) assertCited(number, one);
    }
  });
});
