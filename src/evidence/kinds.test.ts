import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kinds, offeredKinds } from "./kinds.ts";
import { SAMPLE_CONTEXT } from "./sample-context.ts";
import type { Verdict } from "./types.ts";

interface PolicyFile {
  readonly kinds: Readonly<
    Record<
      string,
      {
        readonly root: string;
        readonly alsoRoots: readonly string[];
        readonly isTold: boolean;
        readonly isOffered: boolean;
      }
    >
  >;
}
const policy = JSON.parse(readFileSync(join(import.meta.dirname, "../../policy/default.json"), "utf8")) as PolicyFile; // checked by its own slice
const VERDICTS: readonly Verdict[] = ["supports", "contradicts", "inconclusive"];

test("no two kinds share an id or a policy kind", () => {
  assert.equal(new Set(kinds.map(({ id }) => id)).size, kinds.length);
  assert.equal(new Set(offeredKinds).size, offeredKinds.length);
  assert.deepEqual(
    offeredKinds.filter((id) => policy.kinds[id]?.isOffered !== true),
    [],
  );
});

for (const kind of kinds) {
  describe(`kind ${kind.id}`, () => {
    for (const verdict of VERDICTS) {
      test(`has samples that are judged ${verdict}`, () => {
        const hasNone = verdict === "contradicts" && kind.neverContradicts === true;
        assert.equal(kind.samples[verdict].length > 0, !hasNone);
        for (const { title, observation } of kind.samples[verdict]) {
          const stored: unknown = JSON.parse(JSON.stringify(observation));
          assert.deepEqual(kind.observation.parse(stored), observation, `${title}: does not survive being stored`);
          assert.equal(kind.assess(observation, SAMPLE_CONTEXT).verdict, verdict, title);
        }
      });
    }

    test("names roots and policy kinds that the policy knows", () => {
      for (const { title, observation } of VERDICTS.flatMap((verdict) => [...kind.samples[verdict]])) {
        const assessed = kind.assess(observation, SAMPLE_CONTEXT);
        assert.ok(kind.policyKinds.includes(assessed.policyKind), `${title}: ${assessed.policyKind}`);
        const known = policy.kinds[assessed.policyKind];
        assert.ok(known, `${title}: the policy has no ${assessed.policyKind}`);
        const family = assessed.root.split(":")[0] ?? "";
        assert.ok([known.root, ...known.alsoRoots].includes(family), `${title}: root ${assessed.root}`);
      }
      for (const id of kind.policyKinds) assert.equal(policy.kinds[id]?.isTold, kind.isTold, id);
    });

    test("says since when the thing is bound whenever it supports, unless nothing is bound", () => {
      for (const { title, observation } of kind.samples.supports) {
        const { boundAt, root } = kind.assess(observation, SAMPLE_CONTEXT);
        if (root !== "knowledge") assert.ok(boundAt && boundAt < SAMPLE_CONTEXT.openedAt, title);
      }
    });

    test("speaks plainly, and tells the claimant neither an id, an address nor a name", () => {
      const instructions = kind.instructions(SAMPLE_CONTEXT);
      const said = VERDICTS.flatMap((verdict) =>
        kind.samples[verdict].map(({ observation }) => kind.assess(observation, SAMPLE_CONTEXT).claimantText),
      );
      for (const text of [...said, kind.helps, instructions.sentence, instructions.where, instructions.proves]) {
        assert.match(text, /^[A-Z].*[.]$/su);
        assert.doesNotMatch(
          text,
          /\b(?:acc|adr|tok|key|case)_|@|SHA256:|alice|example\.(?:org|net)|backup code|package/iu,
        );
      }
      assert.ok(instructions.minutes > 0);
      assert.equal((instructions.command ?? instructions.number) !== undefined, kind.challengeHours !== null);
      const before = kind.instructions({ ...SAMPLE_CONTEXT, challenge: null });
      assert.deepEqual([before.command, before.number], [undefined, undefined]);
    });

    test("keeps observations at least as long as they count, and bounds tries", () => {
      assert.ok(kind.retainDays >= kind.validForDays);
      assert.ok(kind.triesPerCase >= 1 && kind.triesPerCase <= 10);
    });
  });
}

test("a kind whose outcome is not told says the same whatever it found", () => {
  for (const kind of kinds.filter(({ isTold }) => !isTold)) {
    const said = VERDICTS.flatMap((verdict) =>
      kind.samples[verdict].map(({ observation }) => kind.assess(observation, SAMPLE_CONTEXT).claimantText),
    );
    assert.equal(new Set(said).size, 1, kind.id);
  }
});
