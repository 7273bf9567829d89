import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Deed, FURTHEST_DAYS, isInside, momentsOf, runOf, windowOf } from "./window.ts";

const DAY = 24 * 3600_000;
const UNTIL = new Date("2026-11-23T12:00:00Z");
const at = (days: number): Date => new Date(UNTIL.getTime() + days * DAY);
const WINDOW = { from: at(-10), until: UNTIL };

const deed = (days: number, isOurs: boolean, before: string, after: string): Deed<string> => ({
  at: at(days),
  isOurs,
  before,
  after,
});

/** Deeds as a log has them: in order, and each begins where the one before it ended. */
const logs = fc
  .array(
    fc.record({
      days: fc.integer({ min: -200, max: 100 }),
      isOurs: fc.boolean(),
      after: fc.constantFrom("a", "b", "c"),
    }),
    {
      maxLength: 12,
    },
  )
  .map((acts) => {
    let state = "a";
    return acts
      .toSorted((one, other) => one.days - other.days)
      .map(({ days, isOurs, after }) => {
        const made = deed(days / 10, isOurs, state, after);
        state = after;
        return made;
      });
  });

describe("what an account did to one thing", () => {
  test("goes back to how it was before the first of its acts after which nobody else acted", () => {
    assert.deepEqual(runOf([deed(-3, true, "none", "owner")], WINDOW), {
      at: at(-3),
      before: "none",
      after: "owner",
      isTouchedSince: false,
    });
    assert.equal(runOf([deed(-3, true, "none", "owner"), deed(-2, false, "owner", "maintainer")], WINDOW), null);
    assert.equal(
      runOf([deed(-4, false, "owner", "none"), deed(-3, true, "none", "owner")], WINDOW)?.before,
      "none",
      "what a co-owner did first stays done",
    );
    assert.equal(runOf([deed(-30, true, "none", "owner")], WINDOW), null, "before the moment");
    assert.equal(runOf([deed(1, true, "none", "owner")], WINDOW), null, "after the giving back");
    assert.equal(runOf([deed(-3, true, "a", "b"), deed(-2, true, "b", "a")], WINDOW), null, "to and fro");
  });

  test("in any log: only own acts in the window, whose state before nobody else made later", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const run = runOf(log, WINDOW);
        const inside = log.filter((one) => isInside(one, WINDOW));
        if (run === null) {
          const own = inside.slice(inside.findLastIndex((one) => !one.isOurs) + 1);
          assert(own.length === 0 || own[0]?.before === own.at(-1)?.after);
          return;
        }
        const first = log.findIndex(
          (one) => isInside(one, WINDOW) && one.at.getTime() === run.at.getTime() && one.isOurs,
        );
        assert(first >= 0);
        const lastOfOthers = inside.findLast((one) => !one.isOurs);
        if (lastOfOthers) {
          assert(run.at >= lastOfOthers.at, "nobody else acted in the window after it began");
          assert.equal(run.before, lastOfOthers.after, "it goes back to what the other left");
        }
        assert.equal(run.after, inside.at(-1)?.after);
        assert.equal(
          run.isTouchedSince,
          log.some((one) => one.at >= UNTIL),
        );
      }),
    );
  });

  test("acts of others alone, and acts outside, are never listed", () => {
    fc.assert(
      fc.property(logs, (log) => {
        assert.equal(
          runOf(
            log.map((one) => ({ ...one, isOurs: false })),
            WINDOW,
          ),
          null,
        );
        assert.equal(
          runOf(
            log.filter((one) => !isInside(one, WINDOW)),
            WINDOW,
          ),
          null,
        );
      }),
    );
  });
});

describe("the moment", () => {
  const sign = { act: "recovery/account-locked", at: at(-2) };

  test("is offered a week before the first sign, or just before it", () => {
    const moments = momentsOf(sign, at(-9), UNTIL);
    assert.deepEqual(windowOf({ kind: "settled" }, moments, UNTIL), { from: at(-9), until: UNTIL });
    const justBefore = windowOf({ kind: "just-before" }, moments, UNTIL);
    assert(justBefore && justBefore.from < sign.at && sign.at.getTime() - justBefore.from.getTime() < 1000);
  });

  test("whatever is chosen lies before the giving back and not too far back, or is refused", () => {
    const date = fc.date({ noInvalidDate: false, min: at(-400), max: at(100) });
    const choices = fc.oneof(
      fc.constant({ kind: "settled" } as const),
      fc.constant({ kind: "just-before" } as const),
      date.map((day) => ({ kind: "day", day }) as const),
    );
    const days = fc.integer({ min: 0, max: 300 });
    fc.assert(
      fc.property(choices, days, days, (choice, ago, more) => {
        const moments = momentsOf({ ...sign, at: at(-ago) }, at(-ago - more), UNTIL);
        const window = windowOf(choice, moments, UNTIL);
        if (!window) {
          const isOffered = choice.kind === "just-before" || (choice.kind === "settled" && ago + more > 0);
          assert(!isOffered, "what is offered can be had");
          return;
        }
        assert(window.from < window.until);
        assert(window.until.getTime() - window.from.getTime() <= (FURTHEST_DAYS + 1) * DAY);
      }),
    );
  });
});
