import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { caseLifecycle, type CaseState, ENDED_STATES } from "./lifecycle.ts";
import { DESK_STATES, isOverdue, remindersDue } from "./overdue.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const now = new Date("2026-11-02T09:00:00.000Z");
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);

describe("no case waits without somebody or something that moves it", () => {
  const states = Object.keys(caseLifecycle.states) as CaseState[]; // the keys of states are the states
  const waitsForDesk: readonly CaseState[] = [...DESK_STATES.frozen, ...DESK_STATES.review];

  test("what waits for the desk is counted in its digest, and nothing else is", () => {
    const byLifecycle = states.filter((state) => caseLifecycle.states[state].next === "reviewer");
    assert.deepEqual([...waitsForDesk].sort(), byLifecycle.sort());
  });
  test("what waits for its claimant or for the clock is ended by the clock", () => {
    for (const state of states) {
      const { next } = caseLifecycle.states[state];
      if (next !== "claimant" && next !== "clock") continue;
      const ends = caseLifecycle.transitions.filter(
        (one) => (one.from as readonly string[]).includes(state) && (one.by as readonly string[]).includes("clock"),
      );
      assert(ends.length > 0, `nothing but a person moves ${state}`);
    }
  });
  test("from every state there is a way to an end, and a closed case that may be wrong can be taken up again", () => {
    const reaches = (from: CaseState): ReadonlySet<string> => {
      const seen = new Set<string>([from]);
      for (const state of seen)
        for (const one of caseLifecycle.transitions)
          if ((one.from as readonly string[]).includes(state)) seen.add(one.to);
      return seen;
    };
    for (const state of states)
      assert(
        ENDED_STATES.some((ended) => reaches(state).has(ended)),
        state,
      );
    for (const state of ["expired", "refused"] as const) assert(reaches(state).has("restored"), state);
  });
});

describe("overdue", () => {
  test("is a day for a frozen account and three for a claimant; what others are to do is not the desk's", () => {
    assert(!isOverdue({ state: "contested", stateSince: ago(24 * HOUR) }, now));
    assert(isOverdue({ state: "contested", stateSince: ago(24 * HOUR + 1) }, now));
    assert(!isOverdue({ state: "review", stateSince: ago(72 * HOUR) }, now));
    assert(isOverdue({ state: "second-review", stateSince: ago(72 * HOUR + 1) }, now));
    for (const state of ["collecting", "waiting", "ready", "restored"] as const)
      assert(!isOverdue({ state, stateSince: ago(400 * DAY) }, now));
  });
});

describe("reminders", () => {
  test("come when a quarter and a twentieth of the time is left, and none at the end", () => {
    const closes = new Date(now.getTime() + 30 * DAY);
    const after = (days: number) => remindersDue(now, closes, new Date(now.getTime() + days * DAY));
    assert.deepEqual([0, 22, 22.5, 28, 28.5, 29.9, 30, 40].map(after), [0, 0, 1, 1, 2, 2, 0, 0]);
  });
  test("never go back while time goes on, and never pass two", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e10 }), fc.double({ min: 0, max: 1, noNaN: true }), (span, part) => {
        const closes = new Date(now.getTime() + span);
        const at = (share: number) =>
          remindersDue(now, closes, new Date(now.getTime() + Math.floor(span * share * 0.9999)));
        assert(at(part) <= 2 && at(part * 0.5) <= at(part));
      }),
    );
  });
});
