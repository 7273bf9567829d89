import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { CaseId } from "../kernel/ids.ts";
import { type Freeze, type FreezeReason, mergeFreeze } from "./index.ts";

const REASONS: readonly FreezeReason[] = ["owner", "suspicious", "objection", "staff"]; // from the weakest
const strength = ({ because }: Freeze): number => REASONS.indexOf(because);
const end = ({ until }: Freeze): number => (until ? until.getTime() : Number.POSITIVE_INFINITY);

const freeze: fc.Arbitrary<Freeze> = fc.record({
  at: fc.date({ min: new Date(0), max: new Date(9e12), noInvalidDate: true }),
  because: fc.constantFrom(...REASONS),
  caseId: fc.option(fc.constantFrom("case_a" as CaseId, "case_b" as CaseId)),
  until: fc.option(fc.date({ min: new Date(0), max: new Date(9e12), noInvalidDate: true })),
});

describe("one more reason for a freeze", () => {
  test("never makes it easier to end or shorter, and changes nothing the second time", () => {
    fc.assert(
      fc.property(freeze, freeze, (before, wanted) => {
        const after = mergeFreeze(before, wanted);
        assert.equal(strength(after), Math.max(strength(before), strength(wanted)));
        assert.equal(end(after), Math.max(end(before), end(wanted)));
        assert.equal(after.at, before.at, "since when stays");
        if (before.caseId) assert.notEqual(after.caseId, null, "a case is not lost");
        assert.deepEqual(mergeFreeze(after, wanted), after);
      }),
    );
  });

  test("an account that was not frozen is frozen as wanted", () => {
    fc.assert(fc.property(freeze, (wanted) => assert.deepEqual(mergeFreeze(null, wanted), wanted)));
  });
});
