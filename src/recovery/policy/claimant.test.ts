import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { claimantHelp, claimantSetAside, helpInNumbers, progressInWords } from "./claimant.ts";
import { decide } from "./decide.ts";
import { explainDecision } from "./explain.ts";
import {
  anyFinding,
  anyTier,
  caseOf,
  defaultPolicy,
  mailbox,
  NOW,
  password,
  sshSignature,
  supports,
  weighDefault,
} from "./test-support.ts";
import type { Finding } from "./weigh.ts";

const decided = (tier: 0 | 1 | 2 | 3, findings: readonly Finding[], more = {}) =>
  decide(defaultPolicy, caseOf(tier, weighDefault(...findings), more));
const progress = (tier: 0 | 1 | 2 | 3, ...findings: readonly Finding[]) =>
  progressInWords(defaultPolicy, decided(tier, findings));

describe("progress in words", () => {
  test("counts independent things, and says what is missing", () => {
    assert.equal(progress(1), "You have shown nothing yet that counts; at least two independent things are needed.");
    assert.equal(progress(1, mailbox), "You have shown one independent thing; one more of another kind is needed.");
    assert.equal(
      progress(3, mailbox, password),
      "You have shown two independent things; one more of another kind is needed.",
    );
    assert.equal(
      progress(1, mailbox, password, sshSignature),
      "You have shown three independent things. That is enough; you need not show more.",
    );
    const session = supports("live-session", "device:ses_1");
    assert.equal(
      progress(1, session, sshSignature),
      "You have shown one independent thing; one more of another kind is needed.",
      "two on one root are one",
    );
    const weak = progress(
      2,
      supports("mailbox", "mailbox:a.example"),
      supports("mailbox-earlier", "mailbox:b.example"),
    );
    assert.match(weak, /^You have shown two independent things, but together they are not strong enough yet/);
  });

  test("says nothing of what is never told: guessed records and vouches leave every word and the order as they were", () => {
    const untold = [
      supports("records", "knowledge"),
      supports("network", "network"),
      supports("vouch", "person:acc_1"),
    ];
    for (const tier of [1, 2, 3] as const) {
      const plain = decided(tier, [mailbox]);
      for (const one of untold) {
        const other = decided(tier, [mailbox, one]);
        if (other.route !== plain.route) continue; // that it goes on is told to everybody
        assert.equal(progressInWords(defaultPolicy, other), progressInWords(defaultPolicy, plain));
        assert.deepEqual(claimantHelp(defaultPolicy, other), claimantHelp(defaultPolicy, plain));
      }
    }
  });
});

describe("help for the claimant", () => {
  test("leaves out what they cannot give, and says so when nothing is left", () => {
    const decision = decided(1, [mailbox]);
    const all = claimantHelp(defaultPolicy, decision).map(({ kind }) => kind);
    const [best = ""] = all;
    assert(!claimantHelp(defaultPolicy, decision, [best]).some(({ kind }) => kind === best));
    assert.deepEqual(claimantHelp(defaultPolicy, decision, all), []);
    const { sentences } = explainDecision(defaultPolicy, decision, "claimant", all);
    assert.match(sentences.at(-1) ?? "", /Nothing of what is left would help by itself/);
    assert(!sentences.some((sentence) => sentence.startsWith("What would help most")));
  });

  test("as numbers keeps its order by how far it leads, and each share lies above 0 and at most 1", () => {
    fc.assert(
      fc.property(anyTier, fc.array(anyFinding, { maxLength: 6 }), (tier, findings) => {
        const numbers = claimantHelp(defaultPolicy, decided(tier, findings)).map(helpInNumbers);
        assert(numbers.every(({ share }) => share > 0 && share <= 1));
        assert.deepEqual(
          numbers.map(({ step }) => step),
          numbers.map(({ step }) => step).toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 60 },
    );
  });
});

test("what is set aside has its reason, unless the kind is never told or another of it counts", () => {
  const young = { ...mailbox, boundAt: NOW };
  const asideOf = (...findings: readonly Finding[]) => claimantSetAside(defaultPolicy, decided(1, findings));
  assert.match(asideOf(young).get("mailbox")?.words ?? "", /added too recently/);
  assert.equal(asideOf(young, { ...mailbox, root: "mailbox:other.example" }).size, 0);
  assert.equal(asideOf({ ...supports("vouch", "person:acc_1"), boundAt: NOW }).size, 0);
});
