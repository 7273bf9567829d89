import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareVersions, formatVersion, newestVersion, normalizeVersion, parseVersion } from "./versions.ts";

// PEP 440, "Summary of permitted suffixes and relative ordering", and the examples around it, in order.
const ORDERED = [
  "0.9",
  "1.dev0",
  "1.0.dev456",
  "1.0a1",
  "1.0a2.dev456",
  "1.0a12.dev456",
  "1.0a12",
  "1.0b1.dev456",
  "1.0b2",
  "1.0b2.post345.dev456",
  "1.0b2.post345",
  "1.0rc1.dev456",
  "1.0rc1",
  "1.0",
  "1.0.post456.dev34",
  "1.0.post456",
  "1.0.15",
  "1.1.dev1",
  "1.10",
  "2012.4",
  "1!0.1",
];

const version = (text: string) => {
  const parsed = parseVersion(text);
  assert.ok(parsed, text);
  return parsed;
};

test("versions are ordered as PEP 440 orders them", () => {
  for (const [at, text] of ORDERED.entries()) {
    for (const [other, later] of ORDERED.entries()) {
      assert.equal(
        Math.sign(compareVersions(version(text), version(later))),
        Math.sign(at - other),
        `${text} and ${later}`,
      );
    }
  }
  assert.equal(compareVersions(version("1.0"), version("1.0.0")), 0);
});

test("versions have one spelling", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["1.1RC1", "1.1rc1"],
    ["00.01", "0.1"],
    ["1.1.a1", "1.1a1"],
    ["1.1-alpha.1", "1.1a1"],
    ["1.1beta2", "1.1b2"],
    ["1.1c3", "1.1rc3"],
    ["1.2a", "1.2a0"],
    ["1.2-post2", "1.2.post2"],
    ["1.0-r4", "1.0.post4"],
    ["1.0-1", "1.0.post1"],
    ["1.2.post", "1.2.post0"],
    ["1.2-dev2", "1.2.dev2"],
    ["v1.0", "1.0"],
    [" 1.0 \n", "1.0"],
    ["1.0+ubuntu-1", "1.0+ubuntu.1"],
    ["1.0_1", "1.0.post1"], // a wheel's file name cannot have the `-`
    ["1.0.", null],
    ["", null],
    ["abc", null],
    ["1.0 1", null],
    ["1..0", null],
    ["1.0a1a1", null],
    [`1.${"0".repeat(200)}`, null],
  ];
  for (const [typed, normal] of cases) assert.equal(normalizeVersion(typed), normal, typed);
});

test("a normal spelling stays as it is", () => {
  const number = fc.bigInt({ min: 0n, max: 10n ** 20n });
  const any = fc.record(
    {
      epoch: fc.oneof(fc.constant(0n), number),
      release: fc.array(number, { minLength: 1, maxLength: 4 }),
      pre: fc.option(fc.record({ phase: fc.constantFrom("a", "b", "rc"), number }, { noNullPrototype: true })),
      post: fc.option(number),
      dev: fc.option(number),
      local: fc.constant(null),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(any, (made) => {
      const text = formatVersion(made);
      fc.pre(text.length <= 128);
      assert.deepEqual(parseVersion(text), made);
    }),
  );
});

test("the newest version is the highest release, or the highest of all where there are only pre-releases", () => {
  assert.equal(newestVersion(["1.0", "1.10", "1.9", "2.0a1"]), "1.10");
  assert.equal(newestVersion(["2.0a1", "2.0.dev1"]), "2.0a1");
  assert.equal(newestVersion([]), null);
});
