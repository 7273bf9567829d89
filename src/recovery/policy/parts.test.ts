import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Decision, decide } from "./decide.ts";
import { decideByParts, partsOf, type Thing } from "./parts.ts";
import type { Impact } from "./tier.ts";
import { anyRipe, caseOf, defaultPolicy, facts, mailbox, nothingOwned, password, supports } from "./test-support.ts";
import { type Finding, weigh } from "./weigh.ts";

const project = (id: string, more: Partial<Thing> = {}): Thing => ({
  id,
  kind: "project",
  isOwner: true,
  dependents: 0,
  downloads30d: 0,
  ...more,
});

/** What the registry counts over everything together. */
function wholeOf(things: readonly Thing[], more: Partial<Impact> = {}): Impact {
  const projects = things.filter(({ kind }) => kind === "project");
  return {
    ...nothingOwned,
    ownedProjects: projects.filter(({ isOwner }) => isOwner).length,
    roles: projects.filter(({ isOwner }) => !isOwner).length,
    ownedOrganisations: things.filter(({ kind, isOwner }) => kind === "organisation" && isOwner).length,
    dependents: Math.max(0, ...things.map(({ dependents }) => dependents)),
    downloads30d: Math.max(0, ...things.map(({ downloads30d }) => downloads30d)),
    ...more,
  };
}

const { silence, isFrozen, isTakeoverAlleged } = caseOf(1, weigh(defaultPolicy, [], facts));
const byParts = (things: readonly Thing[], findings: readonly Finding[], more: Partial<Impact> = {}): Decision =>
  decideByParts(defaultPolicy, {
    impact: wholeOf(things, more),
    things,
    findings,
    weighingFacts: facts,
    silence,
    isFrozen,
    isTakeoverAlleged,
  });
const plain = (things: readonly Thing[], findings: readonly Finding[], more: Partial<Impact> = {}): Decision =>
  decide(defaultPolicy, {
    impact: wholeOf(things, more),
    weighing: weigh(defaultPolicy, findings, facts),
    silence,
    isFrozen,
    isTakeoverAlleged,
  });

const vouchFor = (person: string, ...limitedTo: readonly string[]): Finding =>
  supports("vouch", `person:${person}`, { limitedTo });
const RANK = { machine: 0, "one-reviewer": 1, "two-reviewers": 2, insufficient: 3, incident: 3 } as const;
const outcome = ({ route, tier, waitMs, holdMs, approvalsNeeded }: Decision) => ({
  route,
  tier,
  waitMs,
  holdMs,
  approvalsNeeded,
});

describe("a vouch speaks for what both share", () => {
  const [shared, own] = [project("shared"), project("own")];

  test("mailbox and vouch are enough where everything is shared, and not where something is not", () => {
    assert.equal(byParts([shared], [mailbox, vouchFor("bob", "shared")]).route, "machine");
    assert.equal(byParts([shared, own], [mailbox, vouchFor("bob", "shared")]).route, "insufficient");
    assert.equal(byParts([shared, own], [mailbox, vouchFor("bob", "shared"), vouchFor("eve", "own")]).route, "machine");
  });

  test("an organisation of one's own, and work on the index itself, is what nobody shares", () => {
    const organisation = project("org", { kind: "organisation" });
    assert.equal(byParts([shared, organisation], [mailbox, vouchFor("bob", "shared")]).route, "insufficient");
    const staff = byParts([shared], [mailbox, vouchFor("bob", "shared")], { isStaff: true });
    assert.deepEqual([staff.route, staff.tier], ["insufficient", 3]);
  });

  test("without knowing what is decided about, a limited finding does not count at all", () => {
    const weighing = weigh(defaultPolicy, [vouchFor("bob", "shared")], facts);
    assert.deepEqual([weighing.counted.length, weighing.setAside[0]?.code], [0, "not-shared"]);
    assert.equal(byParts([], [mailbox, vouchFor("bob", "shared")], { liveTokens: 1 }).route, "insufficient");
  });

  test("what is large stays large: the tier, the wait and the hold are the highest of all parts", () => {
    const large = project("large", { downloads30d: 10_000_000 });
    const decision = byParts([large, own], [mailbox, password, vouchFor("bob", "own")]);
    const alone = byParts([large], [mailbox, password]);
    assert.equal(decision.tier, 3);
    assert.deepEqual([decision.waitMs >= alone.waitMs, decision.holdMs >= alone.holdMs], [true, true]);
  });

  test("each thing is in one part, and together they are everything", () => {
    const things = [shared, own, project("third", { isOwner: false })];
    const parts = partsOf(wholeOf(things), things, [vouchFor("bob", "shared"), vouchFor("eve", "shared", "third")]);
    assert.deepEqual(parts.flatMap(({ reaches }) => reaches).toSorted(), ["own", "shared", "third"]);
    assert.deepEqual(
      parts.map(({ impact }) => impact.ownedProjects + impact.roles),
      [1, 1, 1],
    );
  });
});

describe("for any account, findings and vouches", () => {
  const anyThings = fc
    .array(
      fc.record({
        isOwner: fc.boolean(),
        dependents: fc.constantFrom(0, 5, 20, 500),
        downloads30d: fc.constantFrom(0, 100, 50_000, 10_000_000),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((list) => list.map((one, at) => project(`prj_${at}`, one)));
  const anyFindings = fc.array(anyRipe, { maxLength: 5 });
  const anyVouches = (things: readonly Thing[]) =>
    fc
      .array(fc.subarray(things.map(({ id }) => id)), { maxLength: 3 })
      .map((sets) => sets.map((set, at) => vouchFor(`p${at}`, ...set)));

  test("without vouches it is what it always was", () => {
    fc.assert(
      fc.property(anyThings, anyFindings, (things, findings) => {
        assert.deepEqual(byParts(things, findings), plain(things, findings));
      }),
    );
  });

  test("a vouch never makes anything easier that it does not speak for", () => {
    fc.assert(
      fc.property(
        anyThings.chain((things) => fc.tuple(fc.constant(things), anyFindings, anyVouches(things))),
        ([things, findings, vouches]) => {
          const decision = byParts(things, [...findings, ...vouches]);
          for (const thing of things) {
            const speaking = vouches.filter(({ limitedTo }) => limitedTo?.includes(thing.id));
            const alone = plain([thing], [...findings, ...speaking.map(({ root }) => supports("vouch", root))]);
            assert(RANK[decision.route] >= RANK[alone.route], `${thing.id}: ${decision.route} for ${alone.route}`);
            assert(decision.tier >= alone.tier);
            if (decision.route !== "insufficient") assert(decision.waitMs >= alone.waitMs, "the wait");
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test("a vouch for everything is a proof like any other, and any vouch helps or changes nothing", () => {
    fc.assert(
      fc.property(anyThings, anyFindings, fc.nat(5), (things, findings, count) => {
        const all = things.map(({ id }) => id);
        const before = byParts(things, findings);
        const full = byParts(things, [...findings, vouchFor("bob", ...all)]);
        assert.deepEqual(outcome(full), outcome(plain(things, [...findings, supports("vouch", "person:bob")])));
        const some = byParts(things, [...findings, vouchFor("bob", ...all.slice(0, count))]);
        assert(RANK[some.route] <= RANK[before.route]);
        assert(RANK[full.route] <= RANK[some.route]);
      }),
      { numRuns: 300 },
    );
  });
});
