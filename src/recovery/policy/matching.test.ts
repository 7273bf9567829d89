import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Edge, heaviestMatching } from "./matching.ts";

const total = (edges: readonly Edge[]) => edges.reduce((sum, { weight }) => sum + weight, 0);

/** Every choice, tried: the slow truth the fast answer is held against. */
function best(edges: readonly Edge[], atMost: (group: string) => number): number {
  const [first, ...rest] = edges;
  if (!first) return 0;
  const without = best(rest, atMost);
  const left = atMost(first.group) - 1;
  const with_ = rest.filter((edge) => edge.root !== first.root && (left > 0 || edge.group !== first.group));
  return Math.max(without, first.weight + best(with_, (group) => (group === first.group ? left : atMost(group))));
}

const anyEdges = fc.array(
  fc.record({
    kind: fc.constant("any"),
    group: fc.constantFrom("a", "b", "c", "two"),
    root: fc.constantFrom("r", "s", "t", "u"),
    weight: fc.integer({ min: 0, max: 10 }),
  }),
  { maxLength: 11 },
);
const atMost = (group: string) => (group === "two" ? 2 : 1);

describe("the heaviest choice of findings", () => {
  test("inside one root the largest counts", () => {
    const edges = [
      { kind: "a", group: "a", root: "r", weight: 3 },
      { kind: "b", group: "b", root: "r", weight: 5 },
    ];
    assert.equal(total(heaviestMatching(edges, atMost)), 5);
  });

  test("a group counts once on however many roots, and another takes the root left over", () => {
    const edges = [
      { kind: "a", group: "a", root: "r", weight: 8 },
      { kind: "a", group: "a", root: "s", weight: 8 },
      { kind: "b", group: "b", root: "r", weight: 7 },
    ];
    assert.equal(total(heaviestMatching(edges, atMost)), 15);
  });

  test("it is the best of all choices, uses no root twice and no group beyond its cap", () => {
    fc.assert(
      fc.property(anyEdges, (edges) => {
        const chosen = heaviestMatching(edges, atMost);
        assert.equal(total(chosen), best(edges, atMost));
        assert.equal(new Set(chosen.map(({ root }) => root)).size, chosen.length);
        for (const group of ["a", "b", "c", "two"]) {
          assert.ok(chosen.filter((edge) => edge.group === group).length <= atMost(group));
        }
      }),
      { numRuns: 500 },
    );
  });
});
