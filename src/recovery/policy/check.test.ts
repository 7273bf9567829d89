import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { everySet, handOf, proveClass, ripe } from "./attackers.ts";
import { checkPolicy } from "./check.ts";
import { formatReport } from "./report.ts";
import { type PolicyJson, defaultPolicy, policyFrom, policyJson } from "./test-support.ts";
import { CLASS_IDS } from "./types.ts";

function reportOf(name: "default" | "demo") {
  const checked = checkPolicy(policyFrom(policyJson(name)));
  assert.ok(checked.ok);
  return checked.value;
}

function problemsOf(change: (json: PolicyJson) => void, name: "default" | "demo" = "default"): string {
  const json = policyJson(name);
  change(json);
  const checked = checkPolicy(policyFrom(json));
  if (checked.ok) return "";
  assert.equal(checked.refusal.code, "policy/unsafe");
  return checked.refusal.detail ?? "";
}

describe("the shipped policies", () => {
  test("both are safe: no attacker class passes alone", () => {
    for (const name of ["default", "demo"] as const) {
      const report = reportOf(name);
      assert.deepEqual(
        report.proofs.map(({ class: id }) => id),
        ["a0", "a1", "a2", "a3", "a4", "a5"],
      );
      assert.ok(report.proofs.every(({ broken }) => broken === undefined));
    }
  });

  test("every set of every class, without exception: two to the power of what can be presented", () => {
    for (const id of CLASS_IDS) {
      const { holds, setsTried, broken } = proveClass(defaultPolicy, id, 16);
      assert.equal(setsTried, 2 ** handOf(defaultPolicy, holds).length);
      assert.equal(broken, undefined);
    }
  });

  test("the pairs of the design are reported with what stands in their way", () => {
    const text = formatReport(reportOf("default"));
    assert.match(text, /a1 password holder and a2 mailbox holder\n {6}tier 1: no person; wait 72 hours with notices/);
    const { pairs } = reportOf("default");
    for (const pair of [
      ["a2", "a4"],
      ["a2", "a5"],
      ["a4", "a5"],
    ]) {
      const found = pairs.find(({ classes }) => classes.join() === pair.join());
      const second = found?.passing.find(({ tier }) => tier === 2);
      assert.equal(second?.outcome.route, "one-reviewer");
      assert.equal(second?.outcome.isShortfall, false);
    }
  });

  test("what a class only sometimes holds is reported, not hidden", () => {
    const additions = reportOf("default").additions.map(({ classes, additions: more }) =>
      [...classes, ...more].join(" "),
    );
    assert.ok(additions.includes("a4 recovery-contact"));
    assert.ok(additions.includes("a5 mailbox"));
  });

  test("the demonstration says that it is one", () => {
    assert.match(formatReport(reportOf("demo")), /for demonstration: its waits are far too short/);
    assert.doesNotMatch(formatReport(reportOf("default")), /far too short/);
  });
});

describe("a policy is refused", () => {
  const refused: readonly [string, (json: PolicyJson) => void, RegExp][] = [
    [
      "when a device thief's own key is worth something against him",
      (p) => (p.kinds["ssh-signature"].weights.a5 = 2),
      /a5: alone passes tier 1 \(machine\)/,
    ],
    [
      "when the mailbox holder's mailboxes add up",
      (p) => (p.kinds["mailbox-second"].weights.a2 = 4),
      /a2: alone passes tier 1/,
    ],
    [
      "when many earlier mailboxes may add",
      (p) =>
        Object.assign(p.kinds["mailbox-earlier"], {
          atMost: 2,
          why: { ...p.kinds["mailbox-earlier"].why, atMost: "Because." },
        }),
      /a2: alone passes tier 1/,
    ],
    [
      "when nothing is asked against the insider",
      (p) => {
        p.tiers[1].bits.a4 = 3;
      },
      /a4: alone passes tier 1/,
    ],
    [
      "when a floor asks for nothing",
      (p) => (p.tiers[1].shortfall.bits.a5 = 0),
      /\/tiers\/1\/shortfall\/bits: asks for nothing against a5/,
    ],
    [
      "when a higher tier asks for fewer bits",
      (p) => (p.tiers[2].bits.a4 = 3.5),
      /\/tiers\/2\/bits: less against a4 than at tier 1/,
    ],
    ["when a higher tier waits less", (p) => (p.tiers[3].wait = "P5D"), /\/tiers\/3\/wait: less than at tier 2/],
    [
      "when a higher tier needs fewer people",
      (p) => (p.tiers[3].approvals = 0),
      /\/tiers\/3\/approvals: less than at tier 2/,
    ],
    ["when a higher tier needs fewer roots", (p) => (p.tiers[1].roots = 3), /\/tiers\/2\/roots: less than at tier 1/],
    ["when one root opens a tier", (p) => (p.tiers[1].roots = 1), /\/tiers\/1\/roots: one root alone/],
    [
      "when missing bits are cheaper",
      (p) => (p.tiers[2].shortfall.hold = "P3D"),
      /\/tiers\/2\/shortfall\/hold: less than with full bits/,
    ],
    ["when the shorter wait is longer", (p) => (p.tiers[1].fastWait.wait = "P4D"), /fastWait\/wait: longer/],
    [
      "when impact numbers are the wrong way round",
      (p) => (p.impact.tier3.dependents.value = 5),
      /\/impact\/tier3\/dependents/,
    ],
    [
      "when an objection link ends too early",
      (p) => (p.limits.objectionLinkLifetime.value = "P30D"),
      /objectionLinkLifetime/,
    ],
    [
      "when a production wait is hours",
      (p) => (p.tiers[1].fastWait.wait = "PT1H"),
      /less than 24 hours, the least for production/,
    ],
    [
      "when a production binding matures in a day",
      (p) => (p.maturity.boundFor.value = "P1D"),
      /\/maturity\/boundFor: less than 7 days/,
    ],
  ];
  for (const [what, change, message] of refused) test(what, () => assert.match(problemsOf(change), message));

  test("but a demonstration may have seconds, and no weaker evidence", () => {
    assert.equal(
      problemsOf(() => {}, "demo"),
      "",
    );
    assert.match(
      problemsOf((p) => (p.tiers[1].bits.a5 = 0), "demo"),
      /a5: alone passes tier 1|asks for more than full bits/,
    );
  });
});

describe("enumerating", () => {
  test("more than twelve choices are tried root by root", () => {
    const many = Array.from({ length: 16 }, (_, index) => [ripe("vouch", index % 2 ? "person:x" : "mailbox:y")]);
    assert.equal([...everySet(many, 12)].length, 4);
  });
});
