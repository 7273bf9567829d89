import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  anyFinding,
  anyRipe,
  apiToken,
  daysAgo,
  defaultPolicy,
  facts,
  mailbox,
  NOW,
  password,
  repository,
  sshSignature,
  supports,
  weighDefault,
} from "./test-support.ts";
import { CLASS_IDS, forEachClass } from "./types.ts";
import { type Finding, type SetAsideCode, type Weighing, weigh } from "./weigh.ts";

const bits = (weighing: Weighing) => CLASS_IDS.map((id) => weighing.perClass[id].bits);

describe("adding up evidence", () => {
  test("across roots bits add, class by class", () => {
    const weighing = weighDefault(password, mailbox, apiToken, sshSignature);
    assert.deepEqual(bits(weighing), [32, 20, 20, 20, 23, 3]);
    assert.deepEqual(weighing.roots, ["device", "mailbox:example.org", "password", "token"]);
    assert.equal(weighing.weakest, "a5");
    assert.deepEqual(weighing.perClass.a5.contributions, [
      { root: "mailbox:example.org", kind: "mailbox", bits: 2 },
      { root: "password", kind: "password", bits: 1 },
    ]);
  });

  test("inside one root the largest counts, against each class the one that is largest there", () => {
    const session = supports("live-session", "device:ses_1");
    const weighing = weighDefault(sshSignature, session);
    assert.deepEqual(bits(weighing), [9, 8, 8, 7, 7, 0]);
    assert.deepEqual(weighing.roots, ["device"]);
  });

  test("repository and trusted publisher are one root, even at two forges", () => {
    const publisher = supports("trusted-publisher", "forge:gitlab.com/alice");
    assert.deepEqual(bits(weighDefault(repository, publisher)), bits(weighDefault(repository)));
  });

  test("a kind counts no more often than its cap: three earlier mailboxes are one, three vouchers two", () => {
    const earlier = ["a.org", "b.org", "c.org"].map((domain) => supports("mailbox-earlier", `mailbox:${domain}`));
    assert.deepEqual(bits(weighDefault(...earlier)), [5, 4, 2, 4, 3, 1]);
    assert.equal(weighDefault(...earlier).roots.length, 1);
    const vouchers = ["1", "2", "3"].map((id) => supports("vouch", `person:acc_${id}`));
    assert.equal(weighDefault(...vouchers).perClass.a0.bits, 12);
  });

  test("they stay one when one of them rests on a mailbox", () => {
    const publisher = supports("trusted-publisher", "mailbox:example.org");
    const both = weighDefault(repository, publisher);
    assert.equal(both.perClass.a4.bits, 2);
    assert.equal(both.roots.length, 1);
  });

  test("one person as voucher and as recovery contact is one root", () => {
    const both = weighDefault(supports("vouch", "person:acc_1"), supports("recovery-contact", "person:acc_1"));
    assert.deepEqual(bits(both), [8, 8, 8, 8, 2, 7]);
  });

  test("a contradiction costs bits against every class, once for the same root, whatever its age", () => {
    const no: Finding = { kind: "vouch", root: "person:acc_1", verdict: "contradicts", observedAt: daysAgo(400) };
    const weighing = weighDefault(mailbox, no, { ...no, note: "again" });
    assert.deepEqual(bits(weighing), [2, 0, -6, 0, 0, -4]);
    assert.equal(weighing.contradictions.length, 1);
    assert.equal(weighing.contradictions[0]?.policyLine, "/kinds/vouch/against");
  });

  test("knowledge and network add bits but are no root of trust", () => {
    const weighing = weighDefault(supports("records", "knowledge"), supports("network", "network"));
    assert.deepEqual(bits(weighing), [3, 3, 1, 3, 1, 0]);
    assert.deepEqual(weighing.roots, []);
  });
});

describe("what does not count", () => {
  const cases: readonly [string, Finding, SetAsideCode][] = [
    ["a binding of yesterday", { ...mailbox, boundAt: daysAgo(1) }, "too-young"],
    [
      "a binding a second short of seven days",
      { ...mailbox, boundAt: new Date(daysAgo(7).getTime() + 1000) },
      "too-young",
    ],
    ["a binding changed lately", { ...mailbox, changedAt: daysAgo(3) }, "changed-lately"],
    ["a finding past its expiry", { ...mailbox, expiresAt: NOW }, "expired"],
    ["a finding past its kind's lifetime", { ...mailbox, observedAt: daysAgo(30) }, "expired"],
    ["a session checked a week ago", supports("live-session", "device:s", { observedAt: daysAgo(7) }), "expired"],
    ["a finding from the future", { ...mailbox, observedAt: daysAgo(-1) }, "dated-in-the-future"],
    ["a date that is none", { ...mailbox, boundAt: new Date(Number.NaN) }, "too-young"],
    ["public facts", supports("records", "knowledge", { isPublic: true }), "public-facts"],
    ["an inconclusive check", { ...mailbox, verdict: "inconclusive" }, "inconclusive"],
    ["a kind the policy does not know", supports("horoscope", "knowledge"), "unknown-kind"],
    ["a kind named like a property every object has", supports("constructor", "knowledge"), "unknown-kind"],
    ["an unknown root", supports("mailbox", "sky:example.org"), "unknown-root"],
    ["a root the kind cannot rest on", supports("mailbox", "person:acc_1"), "unknown-root"],
  ];
  for (const [what, finding, code] of cases) {
    test(`${what}: ${code}`, () => {
      const weighing = weighDefault(finding);
      assert.deepEqual(bits(weighing), [0, 0, 0, 0, 0, 0]);
      assert.deepEqual(weighing.roots, []);
      assert.deepEqual(
        weighing.setAside.map((item) => item.code),
        [code],
      );
      assert.match(weighing.setAside[0]?.policyLine ?? "", /^\//);
    });
  }

  test("a binding without a date", () => {
    const { boundAt: _, ...undated } = mailbox;
    assert.deepEqual(
      weighDefault(undated).setAside.map((item) => item.code),
      ["no-binding-date"],
    );
  });

  test("a binding exactly seven days old counts", () => {
    assert.equal(weighDefault({ ...mailbox, boundAt: daysAgo(7), changedAt: daysAgo(7) }).counted.length, 1);
  });

  test("a case cannot wait itself mature: age is counted back from its opening, or from the first sign of trouble", () => {
    const young = { ...mailbox, boundAt: daysAgo(12) };
    const aged = (more: object) => weigh(defaultPolicy, [young], { ...facts, ...more }).counted.length;
    assert.equal(aged({}), 1);
    assert.equal(aged({ caseOpenedAt: daysAgo(10) }), 0);
    assert.equal(aged({ firstTroubleAt: daysAgo(10) }), 0);
  });
});

describe("roots that collapse into another", () => {
  const reset = (days: number) => ({
    ...facts,
    passwordReset: { at: daysAgo(days), mailboxRoot: "mailbox:example.org" },
  });

  test("a password set through the mailbox twenty days ago is the mailbox's root and worth no more than it", () => {
    const weighing = weigh(defaultPolicy, [password, mailbox], reset(20));
    assert.deepEqual(weighing.roots, ["mailbox:example.org"]);
    assert.deepEqual(bits(weighing), bits(weighDefault(mailbox)));
  });

  test("one set through the mailbox yesterday does not count at all, one set two months ago counts as a password", () => {
    assert.deepEqual(
      weigh(defaultPolicy, [password], reset(1)).setAside.map(({ code }) => code),
      ["too-young"],
    );
    assert.deepEqual(bits(weigh(defaultPolicy, [password], reset(60))), bits(weighDefault(password)));
  });

  test("a repository whose forge account the mailbox resets is worth nothing against the mailbox holder", () => {
    const weighing = weighDefault({ ...repository, root: "mailbox:example.org" });
    assert.deepEqual(bits(weighing), [7, 6, 0, 0, 2, 0]);
    assert.equal(weighing.perClass.a2.rootsOutside, 0);
  });

  test("an SSH key read from the forge, and a site that the forge serves, are worth nothing against the forge holder", () => {
    assert.equal(weighDefault({ ...sshSignature, root: "forge:github.com/alice" }).perClass.a3.bits, 0);
    assert.equal(weighDefault(supports("well-known-file", "forge:github.com/alice")).perClass.a3.bits, 0);
  });
});

describe("for any findings", () => {
  test("weighing never throws and its order does not matter", () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 12 }), fc.nat(), (findings, seed) => {
        const shuffled = findings.map((finding, index) => ({ finding, at: (index * 7919 + seed) % 13 }));
        shuffled.sort((a, b) => a.at - b.at);
        const again = shuffled.map(({ finding }) => finding);
        assert.deepEqual(weigh(defaultPolicy, again, facts), weigh(defaultPolicy, findings, facts));
      }),
      { numRuns: 300 },
    );
  });

  test("one more supporting finding never takes bits or roots away", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyRipe, anyFinding), { maxLength: 10 }), anyRipe, (findings, extra) => {
        const before = weigh(defaultPolicy, findings, facts);
        const after = weigh(defaultPolicy, [...findings, extra], facts);
        for (const id of CLASS_IDS) assert.ok(after.perClass[id].bits >= before.perClass[id].bits);
        assert.ok(after.roots.length >= before.roots.length);
      }),
      { numRuns: 500 },
    );
  });

  test("two findings on one root never add", () => {
    fc.assert(
      fc.property(anyRipe, anyRipe, (one, other) => {
        const [a, b, both] = [weighDefault(one), weighDefault(other), weighDefault(one, other)];
        fc.pre(a.counted[0]?.root === b.counted[0]?.root);
        const largest = forEachClass((id) => Math.max(a.perClass[id].bits, b.perClass[id].bits));
        for (const id of CLASS_IDS) assert.equal(both.perClass[id].bits, largest[id]);
        assert.ok(both.roots.length <= 1);
      }),
    );
  });

  test("public facts never change anything", () => {
    fc.assert(
      fc.property(fc.array(anyFinding, { maxLength: 8 }), anyRipe, (findings, fact) => {
        const before = weigh(defaultPolicy, findings, facts);
        const after = weigh(defaultPolicy, [...findings, { ...fact, isPublic: true }], facts);
        assert.deepEqual({ ...after, setAside: [] }, { ...before, setAside: [] });
      }),
    );
  });
});
