import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { step } from "../kernel/lifecycle.ts";
import type { Result } from "../kernel/result.ts";
import {
  type CaseActor,
  type CaseEvent,
  type CaseState,
  caseLifecycle,
  ENDED_STATES,
  OPEN_STATES,
} from "./lifecycle.ts";

const { transitions } = caseLifecycle;
const STATES = Object.keys(caseLifecycle.states) as readonly CaseState[]; // its keys are the states
const EVENTS = [...new Set(transitions.map((one): CaseEvent => one.on))];
const ACTORS: readonly CaseActor[] = ["claimant", "subscriber", "objector", "reviewer", "machine", "clock"];

const leavesOf = (state: CaseState) => transitions.filter((one) => (one.from as readonly CaseState[]).includes(state));

function reachable(from: CaseState): ReadonlySet<CaseState> {
  const seen = new Set([from]);
  for (const state of seen) for (const { to } of leavesOf(state)) seen.add(to);
  return seen;
}

describe("the states of a case", () => {
  test("all can be reached, none is stuck, and each is either before its account, open, or ended", () => {
    assert.deepEqual([...reachable("unconfirmed")].toSorted(), [...STATES].toSorted());
    for (const state of STATES) {
      const ends = [...reachable(state)].some((one) => (ENDED_STATES as readonly CaseState[]).includes(one));
      assert(ends, `${state} can come to an end`);
      const kinds = [OPEN_STATES, ENDED_STATES, ["unconfirmed"] as const].filter((list) =>
        (list as readonly CaseState[]).includes(state),
      );
      assert.equal(kinds.length, 1, state);
    }
  });

  test("a restoration that somebody objected to is decided by people alone, and by no single one", () => {
    for (const state of ["disputed", "disputed-second"] as const)
      for (const { by } of leavesOf(state)) assert.deepEqual([...by], ["reviewer"], state);
    assert(leavesOf("disputed").every(({ to }) => to === "disputed-second"));
    assert.deepEqual([...new Set(leavesOf("disputed-second").map(({ to }) => to))].toSorted(), [
      "disputed-second",
      "restored",
      "reversed",
    ]);
    assert.deepEqual(leavesOf("reversed"), [], "what was taken back is over; a new case begins anew");
  });

  test("whoever does whatever in whatever order: none is restored without a wait, or two people after an objection", () => {
    const choices = fc.array(fc.nat(), { minLength: 40, maxLength: 80 });
    let restorations = 0;
    fc.assert(
      fc.property(choices, (chosen) => {
        let state: CaseState = "unconfirmed";
        const path: CaseState[] = [state];
        for (const choice of chosen) {
          const leaves = leavesOf(state);
          const leave = leaves[choice % leaves.length];
          if (!leave) return;
          const next: Result<CaseState> = step(caseLifecycle, state, leave.on, leave.by[0] ?? "claimant");
          assert(next.ok);
          state = next.value;
          path.push(state);
          if (state !== "restored") continue;
          restorations += 1;
          const before = path.at(-2);
          assert(before === "ready" || before === "disputed-second");
          assert(path.includes("waiting"));
        }
      }),
      { numRuns: 500 },
    );
    assert(restorations > 0, "the walk gets so far");
  });

  test("what no transition allows, nobody can do", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...STATES),
        fc.constantFrom(...EVENTS),
        fc.constantFrom(...ACTORS),
        (state, event, actor) => {
          const allowed = leavesOf(state).find(({ on }) => on === event);
          assert.equal(step(caseLifecycle, state, event, actor).ok, allowed?.by.some((one) => one === actor) ?? false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
