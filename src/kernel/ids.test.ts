import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { testRandom } from "../../test/world/runtime.ts";
import { isId, newId } from "./ids.ts";
import { systemRandom } from "./random.ts";

const moments = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59Z"), noInvalidDate: true });

describe("ids", () => {
  test("have the shape that isId asks for, and no other prefix's", () => {
    fc.assert(
      fc.property(moments, (now) => {
        const id = newId("acc", now, systemRandom);
        assert.match(id, /^acc_[0-9a-z]{26}$/);
        assert(isId("acc", id));
        assert(!isId("adr", id));
      }),
    );
  });

  test("of one kind sort by age, to the millisecond", () => {
    fc.assert(
      fc.property(moments, fc.integer({ min: 1, max: 1e9 }), (earlier, later) => {
        const after = new Date(earlier.getTime() + later);
        assert(newId("case", earlier, systemRandom) < newId("case", after, systemRandom));
      }),
    );
  });

  test("of one millisecond differ", () => {
    const now = new Date("2026-11-02T09:00:00Z");
    const random = testRandom("ids");
    const made = new Set(Array.from({ length: 1000 }, () => newId("mail", now, random)));
    assert.equal(made.size, 1000);
  });

  test("untrusted text without that shape is none", () => {
    const good = newId("acc", new Date(0), systemRandom);
    const bad = [
      "",
      "acc_",
      "acc",
      good.slice(0, -1),
      `${good}0`,
      good.toUpperCase(),
      good.replace("acc_", "acc-"),
      good.replace("acc_", "case_"),
      ` ${good}`,
      `${good.slice(0, -1)}\n`,
      `${good.slice(0, -1)}i`,
      `${good.slice(0, -1)}u`,
    ];
    for (const text of bad) assert(!isId("acc", text), JSON.stringify(text));
  });
});

test("the system's generator gives as many bytes as asked for, and others each time", () => {
  for (const count of [0, 1, 16, 32, 100]) assert.equal(systemRandom.bytes(count).length, count);
  assert.notDeepEqual(systemRandom.bytes(32), systemRandom.bytes(32));
});
