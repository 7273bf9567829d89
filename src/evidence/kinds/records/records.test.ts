import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SAMPLE_CONTEXT } from "../../sample-context.ts";
import { claimedItems, compareItems, FIELDS, type Records, type RecordsClaim } from "./compare.ts";
import { editDistance, isSlipOf } from "../../../kernel/edit-distance.ts";
import { records } from "./records.ts";

describe("edit distance", () => {
  const table: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["", "abc", 3],
    ["wheel", "wheel", 0],
    ["wheel", "whel", 1],
    ["wheel", "wheeel", 1],
    ["wheel", "wheal", 1],
    ["wheel", "hweel", 1],
    ["wheelhouse", "hweelhuose", 2],
    ["ca", "abc", 3], // the restricted distance; the unrestricted one is 2
    ["kitten", "sitting", 3],
  ];
  for (const [a, b, distance] of table)
    test(`“${a}” and “${b}”: ${distance}`, () => assert.equal(editDistance(a, b), distance));

  test("is a distance: zero only for the same, the same both ways, at most the longer length", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance === 0, a === b);
        assert.equal(editDistance(b, a), distance);
        assert.ok(distance <= Math.max([...a].length, [...b].length));
        assert.ok(distance >= Math.abs([...a].length - [...b].length));
      }),
    );
  });

  test("two neighbours swapped are one slip wherever they stand", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 2, maxLength: 12, unit: "grapheme-ascii" }), fc.nat(), (text, pick) => {
        const at = pick % (text.length - 1);
        const swapped = text.slice(0, at) + (text[at + 1] ?? "") + (text[at] ?? "") + text.slice(at + 2);
        assert.ok(editDistance(text, swapped) <= 1);
      }),
    );
  });

  test("short words have no slips, longer ones more", () => {
    assert.equal(isSlipOf("abc", "abd"), false);
    assert.equal(isSlipOf("anvil", "anvli"), true);
    assert.equal(isSlipOf("anvil", "anlvi"), false);
    assert.equal(isSlipOf("wheelhouse", "hweelhuose"), true);
  });
});

const NOTHING: RecordsClaim = {
  projects: [],
  organisations: [],
  addresses: [],
  tokenNames: [],
  firstUpload: null,
  lastUpload: null,
  accountMade: null,
  lastSignIn: null,
  environment: [],
};
const hidden = (value: string) => ({ value, isPublic: false });
const open = (value: string) => ({ value, isPublic: true });
const ON_RECORD: Records = {
  projects: [open("Wheel_House"), open("anvil")],
  firstUpload: [open("2024-03"), open("2025-01")],
  lastUpload: [open("2026-09")],
  accountMade: [open("2024-01")],
  organisations: [hidden("Forge Guild")],
  addresses: [hidden("alice@example.org"), hidden("alice.old@example.net")],
  tokenNames: [],
  lastSignIn: [hidden("2026-10")],
  environment: [hidden("Firefox"), hidden("Linux")],
};
const compare = (claim: Partial<RecordsClaim>) => compareItems(claimedItems({ ...NOTHING, ...claim }), ON_RECORD);

describe("comparing with the records", () => {
  const table: readonly (readonly [Partial<RecordsClaim>, string, boolean])[] = [
    [{ projects: ["wheel-house"] }, "match", true],
    [{ projects: ["wheelhouse"] }, "close", true],
    [{ projects: ["numpy"] }, "differs", true],
    [{ firstUpload: "2025-01" }, "match", true],
    [{ firstUpload: "2024-06" }, "close", true],
    [{ firstUpload: "2024-07" }, "differs", true],
    [{ firstUpload: "2023-12" }, "close", true], // over the turn of the year
    [{ organisations: ["forge guild"] }, "match", false],
    [{ addresses: ["Alice@Example.org"] }, "match", false],
    [{ addresses: ["alcie@example.org"] }, "close", false],
    [{ addresses: ["mallory@example.com"] }, "differs", false],
    [{ tokenNames: ["laptop"] }, "not on record", false],
    [{ lastSignIn: "2026-08" }, "close", false],
    [{ environment: ["linux"] }, "match", false],
    [{ environment: ["Fierfox"] }, "close", false],
    [{ environment: ["Windows"] }, "differs", false],
  ];
  for (const [claim, verdict, isPublic] of table) {
    test(`${JSON.stringify(claim)}: ${verdict}`, () => {
      const [field] = compare(claim);
      assert.equal(field?.verdict, verdict);
      assert.equal(field?.isPublic, isPublic);
    });
  }

  test("an address that was not named in full is shown masked", () => {
    for (const { onRecord } of compare({ addresses: ["alcie@example.org", "mallory@example.com"] })) {
      assert.doesNotMatch(onRecord ?? "", /alice/);
      assert.match(onRecord ?? "", /•/);
    }
  });

  test("the same item twice is one", () => assert.equal(compare({ projects: ["anvil", "anvil"] }).length, 1));

  test("an account with nothing on record gives a claimant neither right nor wrong", () => {
    const none = Object.fromEntries(FIELDS.map((field) => [field, []])) as unknown as Records; // every field, each empty
    const fields = compareItems(claimedItems({ ...NOTHING, projects: ["anvil"], lastSignIn: "2026-01" }), none);
    assert.deepEqual([...new Set(fields.map(({ verdict }) => verdict))], ["not on record"]);
    assert.equal(records.assess({ fields: [...fields] }, SAMPLE_CONTEXT).verdict, "inconclusive");
  });
});

describe("judging the comparison", () => {
  test("public facts alone are worth nothing, however many", () => {
    const fields = compare({
      projects: ["wheel-house", "anvil"],
      firstUpload: "2024-03",
      lastUpload: "2026-09",
      accountMade: "2024-01",
    });
    const assessed = records.assess({ fields: [...fields] }, SAMPLE_CONTEXT);
    assert.equal(assessed.verdict, "inconclusive");
    assert.equal(assessed.isPublic, true);
  });

  test("the reviewer sees every claim beside its record, with its mark", () => {
    const { reviewerText } = records.assess(
      { fields: [...compare({ projects: ["wheelhouse"], addresses: ["mallory@example.com"] })] },
      SAMPLE_CONTEXT,
    );
    assert.match(reviewerText, /Project “wheelhouse”: close, on record: Wheel_House \(public\)\./);
    assert.match(reviewerText, /Address “mallory@example\.com”: differs, on record: .*•.* \(private\)\./);
  });

  test("a browser and a system are one sort of fact: together with another they support, alone they do not", () => {
    const judged = (claim: Partial<RecordsClaim>) =>
      records.assess({ fields: [...compare(claim)] }, SAMPLE_CONTEXT).verdict;
    assert.equal(judged({ environment: ["Firefox", "Linux"] }), "inconclusive");
    assert.equal(judged({ environment: ["Firefox", "Linux"], lastSignIn: "2026-10" }), "supports");
    assert.equal(judged({ environment: ["Safari", "Windows"], lastSignIn: "2026-10" }), "contradicts");
  });

  test("one more matching private name never turns support into contradiction", () => {
    const item = fc.constantFrom(
      ...compare({
        projects: ["anvil", "numpy"],
        lastSignIn: "2026-10",
        lastUpload: "2020-01",
        addresses: ["mallory@example.com"],
      }),
    );
    const [more] = compare({ addresses: ["alice@example.org"] });
    assert.ok(more);
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (fields) => {
        const before = records.assess({ fields }, SAMPLE_CONTEXT).verdict;
        const after = records.assess({ fields: [...fields, more] }, SAMPLE_CONTEXT).verdict;
        assert.ok(before === "contradicts" || after !== "contradicts");
      }),
    );
  });
});

describe("the form", () => {
  const parse = (typed: unknown) => records.claim.safeParse(typed);
  test("takes lists by line or comma, and empty months", () => {
    const parsed = parse({ projects: "anvil, wheel-house\n\n numpy ", firstUpload: "", lastSignIn: "2026-10" });
    assert.ok(parsed.success);
    assert.deepEqual(parsed.data.projects, ["anvil", "wheel-house", "numpy"]);
    assert.equal(parsed.data.firstUpload, null);
    assert.equal(parsed.data.lastSignIn, "2026-10");
  });
  for (const bad of [
    {},
    { projects: " , " },
    { firstUpload: "2024-13" },
    { firstUpload: "May 2024" },
    { projects: "x".repeat(255) },
    { projects: Array(21).fill("a") },
    { projects: ["a\u0000b"] },
    { unknown: "x" },
    "text",
    null,
  ]) {
    test(`refuses ${JSON.stringify(bad).slice(0, 40)}`, () => assert.equal(parse(bad).success, false));
  }
});
