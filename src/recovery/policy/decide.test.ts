import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decide } from "./decide.ts";
import { compareOutcomes } from "./outcome.ts";
import {
  anyFinding,
  anyRipe,
  anyTier,
  apiToken,
  caseOf,
  daysAgo,
  defaultPolicy,
  facts,
  impactOfTier,
  mailbox,
  nothingOwned,
  NOW,
  password,
  repository,
  ripeOf,
  sshSignature,
  supports,
  weighDefault,
} from "./test-support.ts";
import { tierOf } from "./tier.ts";
import { CLASS_IDS } from "./types.ts";
import { type Finding, weigh } from "./weigh.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const decideDefault = (tier: 0 | 1 | 2 | 3, ...findings: readonly Finding[]) =>
  decide(defaultPolicy, caseOf(tier, weighDefault(...findings)));
const codes = (reasons: readonly { readonly code: string }[]) => reasons.map(({ code }) => code);

describe("the tier of an account", () => {
  const table: readonly [string, Partial<typeof nothingOwned>, number][] = [
    ["owns nothing", {}, 0],
    ["owns a project", { ownedProjects: 1 }, 1],
    ["has a role on a project", { roles: 1 }, 1],
    ["owns an organisation", { ownedOrganisations: 1 }, 1],
    ["has an API token", { liveTokens: 1 }, 1],
    ["19 dependents", { ownedProjects: 1, dependents: 19 }, 1],
    ["20 dependents", { ownedProjects: 1, dependents: 20 }, 2],
    ["99,999 downloads", { ownedProjects: 1, downloads30d: 99_999 }, 1],
    ["100,000 downloads", { ownedProjects: 1, downloads30d: 100_000 }, 2],
    ["1,000 dependents", { ownedProjects: 1, dependents: 1000 }, 3],
    ["10 million downloads", { ownedProjects: 1, downloads30d: 1e7 }, 3],
    ["staff who own nothing", { isStaff: true }, 3],
  ];
  for (const [what, impact, tier] of table) {
    test(`${what}: tier ${tier}`, () => assert.equal(tierOf(defaultPolicy, { ...nothingOwned, ...impact }).tier, tier));
  }
  test("a count that is none is a bug, not a small number", () => {
    for (const dependents of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      assert.throws(() => tierOf(defaultPolicy, { ...nothingOwned, dependents }), RangeError);
    }
  });
});

describe("the cast of the main job", () => {
  test("Alice, tier 1, with password, old mailbox, API token and SSH key: the machine, nobody's time, 72 hours", () => {
    const decision = decideDefault(1, password, mailbox, apiToken, sshSignature);
    assert.equal(decision.route, "machine");
    assert.equal(decision.approvalsNeeded, 0);
    // 3 bits against the device thief are not twice the 2 asked for, so the wait is the whole one.
    assert.equal(decision.waitMs, 72 * HOUR);
    assert.equal(decision.holdMs, 72 * HOUR);
    assert.equal(decision.bindingClass, "a5");
    assert.deepEqual(decision.whatWouldHelp, []);
    assert.deepEqual(decision.reasons.against, []);
  });

  test("Alice with her domain's DNS as well has twice the bits against everybody: 24 hours", () => {
    const decision = decideDefault(1, password, mailbox, apiToken, sshSignature, supports("dns", "zone:example.org"));
    assert.equal(decision.waitMs, 24 * HOUR);
    assert.ok(codes(decision.reasons.for).includes("bits-doubled"));
  });

  test("password and mailbox, what most people with a lost phone still have, are enough at tier 1", () => {
    assert.equal(decideDefault(1, password, mailbox).route, "machine");
  });

  test("mailbox and repository at tier 1 need a person", () => {
    const decision = decideDefault(1, mailbox, repository);
    assert.deepEqual([decision.route, decision.waitMs, decision.isShortfall], ["one-reviewer", 7 * DAY, true]);
  });

  test("Bob, tier 2, with his mailbox only: not enough, and what helps most comes first", () => {
    const decision = decideDefault(2, mailbox);
    assert.equal(decision.route, "insufficient");
    assert.ok(codes(decision.reasons.against).includes("roots-short"));
    const [first] = decision.whatWouldHelp;
    assert.equal(first?.wouldReach, "one-reviewer");
    assert.equal(first?.ofBits, 2 + 4 + 10 + 4 + 2 + 1);
    // A release key would close 8 against a2, 4 against a1 and a3, 2 against a0 and a4, 1 against a5; the rest stays.
    assert.deepEqual([first?.kind, first?.closesBits], ["openpgp", 2 + 4 + 8 + 4 + 2 + 1]);
    assert.ok(!decision.whatWouldHelp.some(({ kind }) => kind === "mailbox" || kind === "network"));
  });

  test("advice names only what can be asked for here", () => {
    const offered = ["password", "api-token", "ssh-signature", "records"];
    const decision = decide(defaultPolicy, caseOf(2, weighDefault(mailbox), { offered }));
    assert.deepEqual(
      decision.whatWouldHelp.map(({ kind }) => kind),
      ["ssh-signature", "api-token", "password", "records"],
    );
  });

  test("Bob with mailbox and SSH key: one reviewer, seven days", () => {
    const decision = decideDefault(2, mailbox, sshSignature);
    assert.deepEqual([decision.route, decision.approvalsNeeded, decision.waitMs], ["one-reviewer", 1, 7 * DAY]);
    assert.ok(decision.isShortfall);
    assert.equal(decision.holdMs, 14 * DAY);
  });

  test("the top tier with strong evidence: two reviewers, fourteen days", () => {
    const strong = [
      mailbox,
      supports("openpgp", "key:0xabc"),
      supports("dns", "zone:example.org"),
      supports("recovery-contact", "person:acc_2"),
    ];
    const decision = decideDefault(3, ...strong);
    assert.deepEqual([decision.route, decision.approvalsNeeded, decision.waitMs], ["two-reviewers", 2, 14 * DAY]);
    assert.equal(decision.isShortfall, false);
  });

  test("Mallory, who knows every public fact, has nothing", () => {
    const facts = ["a", "b", "c"].map((note) => supports("records", "knowledge", { isPublic: true, note }));
    const decision = decideDefault(1, ...facts);
    assert.equal(decision.route, "insufficient");
    assert.deepEqual(
      CLASS_IDS.map((id) => decision.reached[id]),
      [0, 0, 0, 0, 0, 0],
    );
  });

  test("Trudy, who holds the mailbox and reset the password yesterday, is never above 0 against the mailbox holder", () => {
    const known = supports("records", "knowledge", { isPublic: true });
    const secret = supports("records", "knowledge");
    const mail = supports("registry-mail", "mailbox:example.org");
    for (const days of [1, 6, 8, 29]) {
      const passwordReset = { at: daysAgo(days), mailboxRoot: "mailbox:example.org" };
      const weighing = weigh(defaultPolicy, [mailbox, password, known, secret, mail], { ...facts, passwordReset });
      assert.equal(weighing.perClass.a2.bits, 0);
      for (const tier of [1, 2, 3] as const) {
        assert.equal(decide(defaultPolicy, caseOf(tier, weighing)).route, "insufficient");
      }
    }
  });

  test("an account with nothing to steal needs one root and no wait, and still needs that root", () => {
    const decision = decideDefault(0, mailbox);
    assert.deepEqual([decision.route, decision.waitMs, decision.holdMs], ["machine", 0, 0]);
    assert.equal(decideDefault(0).route, "insufficient");
  });
});

describe("missing bits", () => {
  test("below the floor people may not grant either", () => {
    const decision = decideDefault(2, password, apiToken);
    assert.equal(decision.route, "insufficient");
    assert.ok(decision.reasons.against.some(({ policyLine }) => policyLine === "/tiers/2/shortfall/bits/a5"));
  });

  test("three mailboxes reach the floor, but one mailbox holder may hold them all: nothing", () => {
    const second = supports("mailbox-second", "mailbox:example.net");
    const earlier = supports("mailbox-earlier", "mailbox:example.com");
    const decision = decideDefault(1, mailbox, second, earlier);
    assert.equal(decision.reached.a2, 5);
    assert.equal(decision.route, "insufficient");
    assert.ok(codes(decision.reasons.against).includes("one-holder"));
  });
});

describe("silence", () => {
  const alice = weighDefault(password, mailbox, apiToken, sshSignature, supports("dns", "zone:example.org"));
  const waitWith = (silence: object, tier: 0 | 1 | 2 | 3 = 1) => {
    const usual = { now: NOW, lastSeenAt: daysAgo(30), independentChannels: 1 };
    return decide(defaultPolicy, caseOf(tier, alice, { silence: { ...usual, ...silence } }));
  };

  test("a dormant owner, or one never seen, adds a week and takes the shortened wait away", () => {
    for (const lastSeenAt of [daysAgo(365), null]) {
      const decision = waitWith({ lastSeenAt });
      assert.equal(decision.waitMs, 72 * HOUR + 7 * DAY);
      assert.equal(decision.waitAddedMs, 48 * HOUR + 7 * DAY);
      assert.deepEqual(codes(decision.reasons.against), ["owner-dormant"]);
    }
    assert.equal(waitWith({ lastSeenAt: daysAgo(364) }).waitMs, 24 * HOUR);
  });

  test("no channel that was not used as proof adds another week", () => {
    assert.equal(waitWith({ independentChannels: 0 }).waitMs, 72 * HOUR + 7 * DAY);
    assert.equal(waitWith({ independentChannels: 0, lastSeenAt: null }).waitMs, 72 * HOUR + 14 * DAY);
  });

  test("nothing is added where nothing is protected", () => {
    assert.equal(waitWith({ independentChannels: 0, lastSeenAt: null }, 0).waitMs, 0);
  });

  test("the longest wait limits what is added, never the tier's own wait", () => {
    const policy = { ...defaultPolicy, silence: { ...defaultPolicy.silence, longestWaitMs: DAY } };
    const silence = { now: NOW, lastSeenAt: null, independentChannels: 0 };
    assert.equal(decide(policy, caseOf(1, alice, { silence })).waitMs, 72 * HOUR);
  });
});

describe("incidents", () => {
  for (const flag of ["isFrozen", "isTakeoverAlleged"] as const) {
    test(`${flag}: however strong the evidence, two people decide`, () => {
      const decision = decide(
        defaultPolicy,
        caseOf(1, weighDefault(password, mailbox, sshSignature), { [flag]: true }),
      );
      assert.deepEqual([decision.route, decision.approvalsNeeded, decision.waitMs], ["incident", 2, 14 * DAY]);
      assert.equal(decision.holdMs, 30 * DAY);
    });
  }
});

describe("after a recovery that was taken back", () => {
  const reversed = { wasReversed: true };

  test("two people decide, however strong the evidence, and it can be granted", () => {
    const strong = caseOf(1, weighDefault(password, mailbox, sshSignature), reversed);
    const decision = decide(defaultPolicy, strong);
    assert.deepEqual([decision.route, decision.approvalsNeeded, decision.waitMs], ["two-reviewers", 2, 14 * DAY]);
    assert(decision.reasons.against.some(({ code }) => code === "recovery-reversed"));
  });

  test("too little stays too little, and an incident an incident", () => {
    assert.equal(decide(defaultPolicy, caseOf(1, weighDefault(mailbox), reversed)).route, "insufficient");
    const both = caseOf(1, weighDefault(password, mailbox, sshSignature), { ...reversed, isTakeoverAlleged: true });
    assert.equal(decide(defaultPolicy, both).route, "incident");
  });
});

describe("for any case", () => {
  const anyFacts = fc.record({
    findings: fc.array(anyFinding, { maxLength: 10 }),
    tier: anyTier,
    unseen: fc.option(fc.integer({ min: -5, max: 800 }), { nil: null }),
    independentChannels: fc.integer({ min: 0, max: 3 }),
    isFrozen: fc.boolean(),
    isTakeoverAlleged: fc.boolean(),
    wasReversed: fc.boolean(),
  });

  test("there is a decision, and it never asks for less than the tier", () => {
    fc.assert(
      fc.property(
        anyFacts,
        ({ findings, tier, unseen, independentChannels, isFrozen, isTakeoverAlleged, wasReversed }) => {
          const lastSeenAt = unseen === null ? null : daysAgo(unseen);
          const decision = decide(defaultPolicy, {
            impact: impactOfTier[tier as 0],
            weighing: weigh(defaultPolicy, findings, facts),
            silence: { now: NOW, lastSeenAt, independentChannels },
            isFrozen,
            isTakeoverAlleged,
            wasReversed,
          });
          if (wasReversed) assert.notEqual(decision.route, "machine");
          const asked = defaultPolicy.tiers[tier as 0];
          assert.equal(decision.tier, tier);
          assert.ok(decision.waitMs >= (asked.fastWait?.waitMs ?? asked.waitMs));
          assert.ok(decision.approvalsNeeded >= asked.approvals && decision.holdMs >= asked.holdMs);
          assert.equal(decision.route === "incident", isFrozen || isTakeoverAlleged);
          const people = { machine: 0, "one-reviewer": 1, "two-reviewers": 2 };
          if (decision.route in people) assert.equal(decision.approvalsNeeded, people[decision.route as "machine"]);
          if (decision.route === "machine" && tier > 0) assert.ok(decision.rootsReached >= 2);
          for (const { policyLine } of [...decision.reasons.for, ...decision.reasons.against])
            assert.match(policyLine, /^\/\w/);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("one more supporting finding never makes it worse", () => {
    fc.assert(
      fc.property(fc.array(anyRipe, { maxLength: 6 }), anyRipe, anyTier, (findings, extra, tier) => {
        const before = decideDefault(tier as 0, ...findings);
        const after = decideDefault(tier as 0, ...findings, extra);
        assert.ok(compareOutcomes(after, before) <= 0);
      }),
      { numRuns: 400 },
    );
  });

  test("what one attacker class holds, on whatever roots, never passes a tier that protects something", () => {
    const anyHand = fc
      .constantFrom(...CLASS_IDS)
      .chain((id) => fc.array(ripeOf(defaultPolicy.classes[id].holds), { maxLength: 12 }));
    fc.assert(
      fc.property(anyHand, fc.constantFrom(1, 2, 3), (hand, tier) => {
        assert.equal(decideDefault(tier as 1, ...hand).route, "insufficient");
      }),
      { numRuns: 300 },
    );
  });
});

describe("strict mode", () => {
  test("what the machine grants stays; what people would decide is not enough", () => {
    const cases = [
      caseOf(1, weighDefault(password, mailbox, apiToken, sshSignature)),
      caseOf(1, weighDefault(password, apiToken)),
      caseOf(2, weighDefault(password, mailbox, apiToken, sshSignature)),
      caseOf(3, weighDefault(password, mailbox, apiToken, sshSignature)),
    ];
    const routes = cases.map((facts) => decide(defaultPolicy, facts).route);
    assert(routes.includes("machine"), "the machine grants one of them");
    assert(
      routes.some((route) => /reviewer/.test(route)),
      "people decide one of them",
    );
    for (const [index, facts] of cases.entries()) {
      const strict = decide(defaultPolicy, { ...facts, isStrict: true });
      assert.equal(strict.route, routes[index] === "machine" ? "machine" : "insufficient");
      assert(strict.reasons.against.some((reason) => reason.code === "strict-mode"));
    }
  });
});
