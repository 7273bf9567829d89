import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { durationInWords, parseDuration } from "./duration.ts";
import { parsePolicy } from "./schema.ts";
import { type PolicyJson, policyFrom, policyJson } from "./test-support.ts";

const HOUR = 3_600_000;

function detailOf(change: (json: PolicyJson) => void): string {
  const json = policyJson();
  change(json);
  const parsed = parsePolicy(json);
  assert.equal(parsed.ok, false);
  assert.equal(parsed.refusal.code, "policy/not-valid");
  return parsed.refusal.detail ?? "";
}

describe("durations", () => {
  const good: readonly [string, number][] = [
    ["PT72H", 72 * HOUR],
    ["P7D", 168 * HOUR],
    ["P2W", 336 * HOUR],
    ["PT5S", 5000],
    ["P1DT2H3M4S", 24 * HOUR + 2 * HOUR + 184_000],
    ["PT0S", 0],
  ];
  for (const [text, ms] of good) {
    test(`${text} is ${ms} ms`, () => assert.deepEqual(parseDuration(text), { ok: true, value: ms }));
  }
  for (const text of [
    "",
    "P",
    "PT",
    "P1DT",
    "7D",
    "P1Y",
    "P1M",
    "PT1.5H",
    "-P1D",
    "P1D ",
    "p7d",
    "P9999D",
    "PT1S1H",
    "P1W2D",
  ]) {
    test(`${JSON.stringify(text)} is refused`, () => assert.equal(parseDuration(text).ok, false));
  }
  test("in words", () => {
    const words = [0, 1000, 15_000, 60_000, HOUR, 72 * HOUR, 168 * HOUR, 336 * HOUR].map(durationInWords);
    assert.deepEqual(words, [
      "no time",
      "1 second",
      "15 seconds",
      "1 minute",
      "1 hour",
      "72 hours",
      "7 days",
      "14 days",
    ]);
  });
});

describe("the policy file", () => {
  test("the shipped files parse", () => {
    assert.equal(policyFrom(policyJson()).purpose, "production");
    assert.equal(policyFrom(policyJson("demo")).purpose, "demonstration");
  });

  test("durations become milliseconds, a group's threshold stands for each of its classes", () => {
    const [, ordinary] = policyFrom(policyJson()).tiers;
    assert.equal(ordinary.waitMs, 72 * HOUR);
    assert.deepEqual(ordinary.bits, { a0: 6, a1: 6, a2: 6, a3: 6, a4: 4, a5: 2 });
  });

  const refused: readonly [string, (json: PolicyJson) => void, RegExp][] = [
    ["an unknown field", (p) => (p.tiers[1].waitt = "PT1H"), /\/tiers\/1: unknown field "waitt"/],
    ["an unknown field inside a kind", (p) => (p.kinds.dns.bits = 3), /\/kinds\/dns: unknown field "bits"/],
    ["a missing weight", (p) => delete p.kinds.dns.weights.a3, /\/kinds\/dns\/weights\/a3/],
    ["a weight without its reason", (p) => delete p.kinds.dns.why.a3, /\/kinds\/dns\/why\/a3/],
    ["a limit without its reason", (p) => delete p.limits.triesPerCase.why, /\/limits\/triesPerCase\/why/],
    ["an empty reason", (p) => (p.limits.triesPerCase.why = " "), /must say why/],
    ["a weight over the cap", (p) => (p.kinds.dns.weights.a0 = 11), /\/kinds\/dns\/weights\/a0/],
    ["a negative weight", (p) => (p.kinds.dns.weights.a0 = -1), /\/kinds\/dns\/weights\/a0/],
    ["false precision", (p) => (p.kinds.dns.weights.a0 = 7.3), /multiple of 0.5/],
    ["a number as text", (p) => (p.tiers[1].roots = "2"), /\/tiers\/1\/roots/],
    ["a wait that is no duration", (p) => (p.tiers[1].wait = "3 days"), /\/tiers\/1\/wait: is not a duration/],
    ["no wait at a guarded tier", (p) => (p.tiers[1].wait = "PT0S"), /\/tiers\/1\/wait: must be longer/],
    ["no thresholds at a guarded tier", (p) => (p.tiers[2].bits = null), /\/tiers\/2\/bits/],
    ["public facts worth something", (p) => (p.publicFacts.value = 1), /\/publicFacts\/value/],
    ["three tiers", (p) => p.tiers.pop(), /\/tiers/],
    ["a seventh class", (p) => (p.classes.a6 = p.classes.a5), /unknown field "a6"/],
    ["a class holding what does not exist", (p) => p.classes.a2.holds.push("mail-box"), /there is no kind "mail-box"/],
    ["a kind on an unknown root", (p) => (p.kinds.dns.root = "sky"), /there is no root "sky"/],
    ["a kind held and perhaps held", (p) => p.classes.a2.mayHold.push("mailbox"), /already under holds/],
    ["a name twice", (p) => p.classes.a2.holds.push("mailbox"), /stands twice/],
    ["a cap without its reason", (p) => (p.kinds.dns.atMost = 2), /atMost and its reason/],
    ["a shorter wait without its reason", (p) => delete p.tiers[1].why.fastWait, /fastWait/],
  ];
  for (const [what, change, message] of refused) {
    test(`refuses ${what} and says where`, () => assert.match(detailOf(change), message));
  }

  test("many problems are counted, not all listed", () => {
    const detail = detailOf((p) => {
      for (const id of Object.keys(p.kinds)) p.kinds[id].weights.a0 = 99;
    });
    assert.equal(detail.split("\n").length, 13);
    assert.match(detail, /and 9 more/);
  });

  test("any JSON at all is parsed or refused, never thrown at", () => {
    fc.assert(fc.property(fc.jsonValue(), (json) => parsePolicy(json).ok === false));
  });

  test("the demonstration differs from the default in times, impact numbers and words only", () => {
    const plain = (json: PolicyJson) => {
      const { version: _v, title: _t, purpose: _p, why: _w, impact: _i, ...rest } = json;
      return JSON.parse(JSON.stringify(rest, (key, value) => (key === "why" || isDuration(value) ? null : value)));
    };
    const isDuration = (value: unknown) => typeof value === "string" && /^PT?\d/.test(value);
    const [ours, shipped] = [plain(policyJson("demo")), plain(policyJson())];
    ours.maturity = shipped.maturity; // its basis differs too: two seconds follow no standard
    assert.deepEqual(ours, shipped);
  });
});
