import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decide } from "./decide.ts";
import { explainDecision } from "./explain.ts";
import {
  anyFinding,
  anyRipe,
  anyTier,
  caseOf,
  defaultPolicy,
  mailbox,
  password,
  sshSignature,
  supports,
  weighDefault,
} from "./test-support.ts";
import type { Finding } from "./weigh.ts";
import { bitsInWords, listInWords, plainNumber } from "./words.ts";

function explained(reader: "claimant" | "reviewer", tier: 0 | 1 | 2 | 3, findings: readonly Finding[], more = {}) {
  return explainDecision(defaultPolicy, decide(defaultPolicy, caseOf(tier, weighDefault(...findings), more)), reader);
}

const wholeText = (explanation: ReturnType<typeof explained>) => JSON.stringify(explanation);

describe("bits in words", () => {
  const table: readonly [number, string][] = [
    [-2, "none"],
    [0, "none"],
    [1, "limited"],
    [3, "limited"],
    [4, "moderate"],
    [6.5, "moderate"],
    [7, "strong"],
    [13, "strong"],
    [14, "very strong"],
  ];
  for (const [bits, words] of table) test(`${bits} bits: ${words}`, () => assert.equal(bitsInWords(bits), words));
  test("numbers and lists read well", () => {
    assert.equal(plainNumber(-1.5), "−1.5");
    assert.equal(listInWords(["a", "b", "c"], "or"), "a, b or c");
  });
});

describe("for the claimant", () => {
  test("Alice is told what she has shown, the wait and what is closed afterwards", () => {
    const { headline, sentences, table } = explained("claimant", 1, [password, mailbox, sshSignature]);
    assert.equal(headline, "You have shown enough. You can go on after a wait of 72 hours.");
    assert.equal(sentences[0], "You have shown your mailbox, your password and a signature by your SSH key.");
    assert.deepEqual(table.rows[0], ["Who has to agree", "nobody"]);
    assert.deepEqual(table.rows.slice(-2), [
      ["Separate proofs shown", "3"],
      ["Separate proofs needed, at least", "2"],
    ]);
  });

  test("Bob is told that it is not enough, and what would help most", () => {
    const offered = ["password", "ssh-signature", "records"];
    const { headline, sentences } = explained("claimant", 2, [mailbox], { offered });
    assert.equal(headline, "What you have shown is not enough yet.");
    const advice =
      "What would help most is a signature by your SSH key or your password: one of them may be enough for the case to go on.";
    assert.equal(sentences.at(-1), advice);
  });

  test("a proof that is too young is named with the reason", () => {
    const young = { ...mailbox, boundAt: mailbox.observedAt };
    const { sentences } = explained("claimant", 1, [young]);
    assert.ok(sentences.includes("Your mailbox does not count, because it was added too recently."));
  });

  test("a guess is never answered: right, wrong or public, records change no word", () => {
    const guesses: Finding[] = [
      supports("records", "knowledge"),
      supports("records", "knowledge", { isPublic: true }),
      { ...supports("records", "knowledge"), verdict: "contradicts", note: "not an owner of project x" },
    ];
    for (const tier of [1, 2, 3] as const) {
      const plain = wholeText(explained("claimant", tier, [password]));
      for (const guess of guesses) assert.equal(wholeText(explained("claimant", tier, [password, guess])), plain);
    }
  });

  test("no term of the trade, no note of a check and no class reaches the claimant, in any case", () => {
    const jargon =
      /\bbits?\b|\broots?\b|\ba[0-5]\b|\bclass\b|\btier\b|\bpolicy\b|weight|evidence|insider|thief|undefined|NaN|SECRET/i;
    const findings = fc.array(fc.oneof(anyFinding, anyRipe), { maxLength: 8 });
    fc.assert(
      fc.property(findings, anyTier, fc.boolean(), (list, tier, isFrozen) => {
        const noted = list.map((finding) => ({ ...finding, note: "SECRET" }));
        assert.doesNotMatch(wholeText(explained("claimant", tier as 0, noted, { isFrozen })), jargon);
      }),
      { numRuns: 300 },
    );
  });

  test("an incident gives no advice to whoever may be the thief", () => {
    const { headline, sentences } = explained("claimant", 2, [mailbox], { isTakeoverAlleged: true });
    assert.equal(headline, "This account is locked while we look into it.");
    assert.ok(!sentences.some((sentence) => sentence.includes("help most")));
  });
});

describe("for the reviewer", () => {
  test("bits in words and numbers for each class, with the policy line", () => {
    const { headline, sentences, table } = explained("reviewer", 2, [mailbox, sshSignature]);
    assert.equal(headline, "Tier 2: one reviewer; wait 7 days, hold 14 days. Fewer bits than the tier asks for.");
    assert.equal(table.rows.length, 6);
    assert.deepEqual(table.rows[2], [
      "a2 mailbox holder",
      "strong",
      "8",
      "10",
      "SSH signature 8",
      "/tiers/2/bits/a0-a3",
    ]);
    assert.ok(
      sentences.some((one) => one.startsWith("Against: Against a mailbox holder (a2): 8 bits, strong; 10 needed.")),
    );
  });

  test("a decision read back from storage is explained in the same words", () => {
    const decision = decide(defaultPolicy, caseOf(2, weighDefault(mailbox, supports("records", "knowledge"))));
    const stored = JSON.parse(JSON.stringify(decision));
    for (const reader of ["claimant", "reviewer"] as const) {
      assert.deepEqual(
        explainDecision(defaultPolicy, stored, reader),
        explainDecision(defaultPolicy, decision, reader),
      );
    }
  });

  test("contradictions stand in the reasons and in the table", () => {
    const no: Finding = { ...supports("vouch", "person:acc_1"), verdict: "contradicts" };
    const { sentences, table } = explained("reviewer", 1, [mailbox, password, no]);
    assert.ok(
      sentences.some((one) => one.includes("contradicts: 6 bits less") && one.endsWith("[/kinds/vouch/against]")),
    );
    assert.match(table.rows[0]?.[4] ?? "", /contradictions −6/);
  });
});
