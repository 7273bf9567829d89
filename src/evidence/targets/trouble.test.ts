import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { wordsOfAct } from "../../audit/index.ts";
import { countsAt, firstSign, LOOK_BACK_DAYS, pinnedAt, SETTLED_DAYS, SIGNS_OF_TROUBLE, type Span } from "./trouble.ts";

const DAY_MS = 24 * 3600_000;
const OPENED = new Date("2026-11-02T09:00:00.000Z");
const daysBefore = (days: number): Date => new Date(OPENED.getTime() - days * DAY_MS);
const sign = (act: string, days: number) => ({ act, at: daysBefore(days) });

describe("the first sign of trouble", () => {
  test("is the opening of the case when nothing came before", () => {
    assert.deepEqual(firstSign(OPENED, []), { act: "recovery/case-opened", at: OPENED });
    assert.deepEqual(firstSign(OPENED, [sign("sign-in/succeeded", 3), sign("registry/file-published", 2)]).at, OPENED);
  });

  test("is the earliest of every act that a thief does or that people do against one", () => {
    for (const act of SIGNS_OF_TROUBLE) {
      assert.equal(firstSign(OPENED, [sign(act, 5)]).act, act);
      assert.ok(wordsOfAct(act), `${act} is an act that there is`);
    }
    const several = [sign("accounts/frozen", 2), sign("registry/api-token-leaked", 20), sign("recovery/objected", 9)];
    assert.equal(firstSign(OPENED, several).act, "registry/api-token-leaked");
  });

  test("is not one that was settled long ago, nor one that came after", () => {
    assert.deepEqual(firstSign(OPENED, [sign("authenticators/password-reset", LOOK_BACK_DAYS + 1)]).at, OPENED);
    assert.deepEqual(firstSign(OPENED, [sign("recovery/objected", -1)]).at, OPENED);
  });
});

describe("what counts", () => {
  const pinned = pinnedAt({ act: "recovery/case-opened", at: OPENED });
  const SPAN: Span = {
    firstSeenAt: daysBefore(300),
    lastSeenAt: daysBefore(30),
    uploadBefore: daysBefore(30),
    memberSince: daysBefore(400),
  };
  const counts = (change: Partial<Span>): boolean => countsAt(pinned, { ...SPAN, ...change });

  test("is what the newest file by then named", () => {
    assert.deepEqual(pinned, daysBefore(SETTLED_DAYS));
    assert.equal(counts({}), true);
    assert.equal(counts({ lastSeenAt: daysBefore(0) }), true, "a later release names it still");
    assert.equal(counts({ firstSeenAt: daysBefore(30) }), true, "it came with that very file");
  });

  test("is not what came later, was gone by then, or belonged to somebody else", () => {
    assert.equal(counts({ firstSeenAt: daysBefore(6), lastSeenAt: daysBefore(6) }), false);
    assert.equal(counts({ lastSeenAt: daysBefore(31) }), false, "the project had moved away from it");
    assert.equal(counts({ uploadBefore: null }), false);
    assert.equal(counts({ memberSince: daysBefore(6) }), false, "the account had no rights yet");
    assert.equal(
      counts({ uploadBefore: daysBefore(6), firstSeenAt: daysBefore(6) }),
      false,
      "asked for another moment",
    );
  });

  test("no upload of the last seven days changes it, whatever it names", () => {
    const days = fc.double({ min: 0, max: SETTLED_DAYS - 0.001, noNaN: true });
    fc.assert(
      fc.property(days, days, (planted, seen) => {
        assert.equal(
          counts({ firstSeenAt: daysBefore(planted), lastSeenAt: daysBefore(Math.min(planted, seen)) }),
          false,
        );
        assert.equal(counts({ lastSeenAt: daysBefore(seen) }), counts({}), "and the owner's place stays");
      }),
    );
  });
});
