import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isWaiting, laterOf, nextToTest, PUT_OFF_MS, reminderFor, staleAt, standingOf, YEAR_MS } from "./due.ts";
import type { Reminded, Way } from "./types.ts";

const DAY_MS = 86_400_000;
const START = new Date("2026-11-02T09:00:00Z");
const at = (days: number): Date => new Date(START.getTime() + days * DAY_MS);
const NEVER: Reminded = { lastSentAt: null, putOffUntil: null };

const way = (id: string, since: number, lastTested: number | null): Way => ({
  id,
  kind: "mailbox",
  label: id,
  since: at(since),
  lastTestedAt: lastTested === null ? null : at(lastTested),
});

const anyWay = fc
  .tuple(fc.integer({ min: -1500, max: 0 }), fc.option(fc.integer({ min: 0, max: 1500 })))
  .map(([since, later]) => way(`adr_${since}_${later}`, since, later === null ? null : Math.min(since + later, 0)));

describe("how a way stands", () => {
  test("tested for a year to the moment, then not; never tested is never tested, whatever its age", () => {
    const tested = way("a", -1000, 0);
    assert.equal(standingOf(tested, at(0)), "tested");
    assert.equal(standingOf(tested, new Date(at(365).getTime() - 1)), "tested");
    assert.equal(standingOf(tested, at(365)), "stale");
    assert.equal(standingOf(way("b", 0, null), at(0)), "untested");
    assert.equal(standingOf(way("b", -1000, null), at(0)), "untested");
  });

  test("what was never tested comes first, then what was tested longest ago, and nothing that is good", () => {
    const [never, old, older, good] = [
      way("never", 0, null),
      way("old", -900, -400),
      way("older", -900, -800),
      way("good", -900, -1),
    ];
    assert.equal(nextToTest([good, old, older, never], at(0)), never);
    assert.equal(nextToTest([good, old, older], at(0)), older);
    assert.equal(nextToTest([good], at(0)), null);
    assert.equal(nextToTest([], at(0)), null);
  });

  test("whoever was asked has 30 days; then it is the owner's turn again", () => {
    const asked = { ...way("asked", -900, -500), askedAt: at(-29) };
    assert.equal(isWaiting(asked, at(0)), true);
    assert.equal(nextToTest([asked], at(0)), null);
    assert.equal(isWaiting(asked, at(1)), false);
    assert.equal(nextToTest([asked], at(1)), asked);
    assert.equal(isWaiting({ ...asked, lastTestedAt: at(-1) }, at(0)), false, "the old test is still good");
    assert.equal(isWaiting(way("not asked", -900, null), at(0)), false);
  });

  test("of two dates the later, and the one that is there", () => {
    assert.deepEqual(laterOf(at(1), at(2)), at(2));
    assert.deepEqual(laterOf(at(2), at(1)), at(2));
    assert.deepEqual(laterOf(null, at(1)), at(1));
    assert.deepEqual(laterOf(at(1), null), at(1));
    assert.equal(laterOf(null, null), null);
  });
});

describe("the reminder", () => {
  test("goes out a year after a way was last tested or came, and not before", () => {
    const ways = [way("a", -1000, -100), way("b", -364, null)];
    assert.deepEqual(reminderFor(ways, NEVER, at(0)), { isSent: false, stale: [], nextAt: at(1) });
    const due = reminderFor(ways, NEVER, at(1));
    assert(due.isSent);
    assert.deepEqual(
      due.stale.map((one) => one.id),
      ["b"],
    );
    assert.deepEqual(due.nextAt, at(366));
  });

  test("comes once a year, or after 30 days when it was put off", () => {
    const ways = [way("a", -1000, null)];
    assert.equal(reminderFor(ways, { lastSentAt: at(-364), putOffUntil: null }, at(0)).isSent, false);
    assert.equal(reminderFor(ways, { lastSentAt: at(-365), putOffUntil: null }, at(0)).isSent, true);
    assert.equal(reminderFor(ways, { lastSentAt: at(-30), putOffUntil: at(0) }, at(0)).isSent, true);
    assert.deepEqual(reminderFor(ways, { lastSentAt: at(-1), putOffUntil: at(29) }, at(0)).nextAt, at(29));
  });

  test("for any ways and any past: nothing is sent without a stale way, and there is always a later look", () => {
    const past = fc.option(fc.integer({ min: -2000, max: 0 }));
    fc.assert(
      fc.property(fc.array(anyWay, { maxLength: 6 }), past, past, (ways, sent, put) => {
        const reminded: Reminded = {
          lastSentAt: sent === null ? null : at(sent),
          putOffUntil: sent === null || put === null ? null : at(put),
        };
        const { isSent, stale, nextAt } = reminderFor(ways, reminded, at(0));
        assert(nextAt > at(0), "the next look is to come, so that a sweep ends");
        assert.deepEqual(
          stale,
          ways.filter((one) => staleAt(one) <= at(0)),
        );
        if (isSent) assert(stale.length > 0);
        if (isSent && reminded.putOffUntil === null && sent !== null) assert(sent <= -365, "one a year at most");
        if (stale.length > 0 && sent === null) assert(isSent, "who was never reminded is");
      }),
    );
  });

  test("for any life of an account: looked at when it says, its mails are a year apart, or 30 days where put off", () => {
    fc.assert(
      fc.property(
        fc.array(anyWay, { minLength: 1, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
        (ways, isPutOff) => {
          let [now, reminded]: [Date, Reminded] = [START, NEVER];
          let last: { at: Date; isPutOff: boolean } | null = null;
          for (const put of isPutOff) {
            const { isSent, nextAt } = reminderFor(ways, reminded, now);
            if (isSent) {
              if (last) assert(now.getTime() - last.at.getTime() >= (last.isPutOff ? PUT_OFF_MS : YEAR_MS));
              last = { at: now, isPutOff: put };
              const until = new Date(now.getTime() + PUT_OFF_MS);
              reminded = { lastSentAt: now, putOffUntil: put ? until : null };
              now = put ? until : nextAt;
            } else now = nextAt;
          }
          assert(last, "what nobody tests is reminded of");
        },
      ),
    );
  });
});
