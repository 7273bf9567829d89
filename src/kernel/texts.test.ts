import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { clockTime, exactTime, weekdayAndDay } from "./calendar.ts";
import { canonicalJson } from "./canonical-json.ts";
import { editDistance, isSlipOf } from "./edit-distance.ts";

describe("canonical JSON", () => {
  test("is JSON of the same value, however the members were ordered", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
        assert.equal(canonicalJson(reversed(value)), text);
      }),
    );
  });

  test("sorts by code unit at every depth, keeps lists, leaves undefined out", () => {
    assert.equal(
      canonicalJson({ b: [3, 1, { z: 1, a: null }], B: true, é: 1, gone: undefined }),
      '{"B":true,"b":[3,1,{"a":null,"z":1}],"é":1}',
    );
  });
});

/** The same value with the members of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

describe("slips of the hand", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["alice", "alice", 0],
    ["", "abc", 3],
    ["alice", "alcie", 1],
    ["alice", "alic", 1],
    ["alice", "allice", 1],
    ["alice", "alixe", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3], // restricted: a swapped pair is not edited again
    ["😀a", "a😀", 1],
  ];
  for (const [a, b, distance] of table)
    test(`${a || "nothing"} to ${b || "nothing"}: ${distance}`, () => assert.equal(editDistance(a, b), distance));

  test("counts alike both ways, is 0 only for the same, and at most the longer length", () => {
    const words = fc.string({ maxLength: 8, unit: fc.constantFrom("a", "b", "c") });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert(distance <= Math.max(a.length, b.length));
        assert(distance >= Math.abs(a.length - b.length));
      }),
    );
  });

  test("a short word allows none, a long one two", () => {
    assert(!isSlipOf("bob", "bub"));
    assert(isSlipOf("alex", "aelx"));
    assert(!isSlipOf("alex", "aelxs"));
    assert(isSlipOf("numpylib", "nupmylbi"));
    assert(!isSlipOf("numpylib", "xupmylbi"));
  });
});

test("days and times are in UTC, whatever the machine's zone", () => {
  const late = new Date("2026-11-26T23:59:30.250Z");
  assert.equal(weekdayAndDay(late), "Thursday 26 November");
  assert.equal(clockTime(late), "23:59 UTC");
  assert.equal(exactTime(late), "2026-11-26T23:59:30Z");
});
