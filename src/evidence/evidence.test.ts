import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { listEvents } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import {
  type EvidenceContext,
  eraseOldObservations,
  listFindings,
  passwordObservation,
  prove,
  recheckFinding,
  recordFinding,
  requestMailboxCode,
} from "./index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld, must } from "./test-support.ts";

const SOURCE = { ip: "192.0.2.7", userAgent: "test" };
const PASSWORD = "correct anvil battery";
const MINUTE_MS = 60_000;

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const later = (context: EvidenceContext, minutes: number): EvidenceContext => ({
  ...context,
  now: new Date(context.now.getTime() + minutes * MINUTE_MS),
});
describe("password", () => {
  test("typed on the board: right supports, wrong contradicts, and right after wrong is right", async () => {
    const alice = await world.register("pw-alice", "pw-alice@example.org");
    await world.setPassword(alice, PASSWORD);
    const context = world.openCase(alice);
    const wrong = must(await prove(world.runtime, context, "password", { password: "wrong anvil battery" }));
    assert.equal(wrong.verdict, "contradicts");
    const right = must(await prove(world.runtime, context, "password", { password: PASSWORD }));
    assert.equal(right.verdict, "supports");
    assert.equal(right.root, "password");
    assert.deepEqual(
      (await listFindings(world.db, context.caseId)).map(({ id }) => id),
      [right.id],
    );
    assert.equal((await listFindings(world.db, context.caseId, { isReplacedToo: true })).length, 2);
    assert.doesNotMatch(JSON.stringify(await listFindings(world.db, context.caseId)), /anvil battery/);
  });

  test("right and then wrong stays both", async () => {
    const alice = await world.register("pw-both", "pw-both@example.org");
    await world.setPassword(alice, PASSWORD);
    const context = world.openCase(alice);
    must(await prove(world.runtime, context, "password", { password: PASSWORD }));
    must(await prove(world.runtime, context, "password", { password: "wrong anvil battery" }));
    assert.deepEqual((await listFindings(world.db, context.caseId)).map(({ verdict }) => verdict).toSorted(), [
      "contradicts",
      "supports",
    ]);
  });

  test("set by mail ten days ago it rests on the mailbox; a year ago it does not", async () => {
    const alice = await world.register("pw-reset", "pw-reset@example.org");
    await world.setPassword(alice, PASSWORD, "mail-reset", 10);
    const context = world.openCase(alice);
    const recent = must(await prove(world.runtime, context, "password", { password: PASSWORD }));
    assert.equal(recent.root, "mailbox:example.org");
    await world.setPassword(alice, PASSWORD, "mail-reset", 365);
    const old = must(await prove(world.runtime, world.openCase(alice), "password", { password: PASSWORD }));
    assert.equal(old.root, "password");
  });

  test("a case without an account gets the answer of a wrong password", async () => {
    const finding = must(await prove(world.runtime, world.openCase(null), "password", { password: PASSWORD }));
    assert.equal(finding.verdict, "contradicts");
    assert.equal(finding.claimantText, "That password is not the account’s.");
  });

  test("changed after it was typed at sign-in, a re-check says so and keeps the dates", async () => {
    const alice = await world.register("pw-changed", "pw-changed@example.org");
    await world.setPassword(alice, PASSWORD);
    const context = world.openCase(alice);
    const setAt = new Date(context.now.getTime() - 400 * 24 * 3600_000);
    const facts = { origin: "registration", setAt, mailboxDomain: null, leakedAt: null } as const;
    const first = must(
      await transact(world.db, { now: context.now }, async (tx) =>
        ok(await recordFinding(tx, world.runtime, context, "password", passwordObservation(facts))),
      ),
    );
    assert.equal(first.verdict, "supports");
    const recheck = (isObservedAgain: boolean) => {
      const at = later(context, 5);
      return transact(world.db, { now: at.now }, async (tx) => {
        const [standing] = await listFindings(tx, context.caseId);
        assert.ok(standing);
        return recheckFinding(tx, world.runtime, at, {
          findingId: standing.id,
          isObservedAgain,
          actor: { kind: "clock" },
        });
      });
    };
    assert.equal(must(await recheck(true)).verdict, "supports");
    await world.setPassword(alice, "another anvil battery", "change", 0);
    assert.equal(must(await recheck(false)).verdict, "supports", "the stored observation says nothing new");
    const again = must(await recheck(true));
    assert.equal(again.verdict, "inconclusive");
    assert.deepEqual(again.expiresAt, first.expiresAt);
    assert.deepEqual(again.observedAt, first.observedAt);
    assert.equal((await listFindings(world.db, context.caseId)).length, 1);
  });

  test("a fifth try is the last", async () => {
    const alice = await world.register("pw-tries", "pw-tries@example.org");
    await world.setPassword(alice, PASSWORD);
    const context = world.openCase(alice);
    const tries = await Promise.all(
      Array.from({ length: 12 }, () => prove(world.runtime, context, "password", { password: "wrong anvil battery" })),
    );
    const counted = tries.filter((one) => codeOf(one) !== "evidence/too-many-tries");
    assert.equal(counted.length, 5);
    const days = later(context, 3 * 24 * 60);
    assert.equal(
      codeOf(await prove(world.runtime, days, "password", { password: PASSWORD })),
      "evidence/too-many-tries",
      "days do not bring tries back",
    );
  });

  test("the policy's limits hold over all kinds together", async () => {
    const context = world.openCase(null);
    const limits = { triesPerKind: 3, triesPerCase: 4 };
    const codes = [];
    for (let n = 0; n < 4; n += 1)
      codes.push(codeOf(await prove(world.runtime, context, "password", { password: "x" }, { limits })));
    for (let n = 0; n < 2; n += 1)
      codes.push(codeOf(await prove(world.runtime, context, "records", { projects: "anvil" }, { limits })));
    assert.deepEqual(codes, ["ok", "ok", "ok", "evidence/too-many-tries", "ok", "evidence/too-many-tries"]);
  });
});

describe("records", () => {
  test("claims are held against the account's own records, and the answer tells nothing", async () => {
    const alice = await world.register("rc-alice", "rc-alice@example.org");
    await world.makeToken(alice, "laptop");
    const right = must(
      await prove(world.runtime, world.openCase(alice), "records", {
        tokenNames: "latpop",
        addresses: "rc-alice@example.org",
      }),
    );
    const wrong = must(
      await prove(world.runtime, world.openCase(alice), "records", { addresses: "a@b.example", lastSignIn: "2001-01" }),
    );
    const nobody = must(await prove(world.runtime, world.openCase(null), "records", { tokenNames: "laptop" }));
    assert.deepEqual([right.verdict, wrong.verdict, nobody.verdict], ["supports", "contradicts", "inconclusive"]);
    assert.equal(new Set([right, wrong, nobody].map(({ claimantText }) => claimantText)).size, 1);
    assert.match(right.reviewerText, /Token name “latpop”: close, on record: laptop \(private\)\./);
  });

  test("observations are erased when their time is over, the verdict stays", async () => {
    const context = world.openCase(await world.register("rc-erase", "rc-erase@example.org"));
    const finding = must(await prove(world.runtime, context, "records", { addresses: "rc-erase@example.org" }));
    await eraseOldObservations(world.runtime, later(context, 89 * 24 * 60).now);
    assert.notEqual((await listFindings(world.db, context.caseId))[0]?.observation, null);
    assert.ok((await eraseOldObservations(world.runtime, later(context, 91 * 24 * 60).now)) >= 1);
    const [erased] = await listFindings(world.db, context.caseId);
    assert.equal(erased?.observation, null);
    assert.doesNotMatch(erased?.reviewerText ?? "", /rc-erase/);
    assert.equal(erased?.verdict, finding.verdict);
  });
});

describe("every kind", () => {
  test("leaves its trace without personal data among the facts", async () => {
    const alice = await world.register("au-alice", "au-alice@example.org");
    const context = world.openCase(alice);
    must(
      await requestMailboxCode(world.runtime, context, {
        address: "au-alice@example.org",
        contactAddress: "me@example.com",
      }),
    );
    must(await prove(world.runtime, context, "records", { addresses: "au-alice@example.org" }, { source: SOURCE }));
    await world.challenge(context, "ssh-signature");
    const events = await listEvents(world.db, { caseId: context.caseId, limit: 20 });
    assert.deepEqual(
      events.map(({ act }) => act),
      ["evidence/challenge-started", "evidence/finding-recorded", "evidence/mailbox-code-requested"],
    );
    for (const { facts } of events) assert.doesNotMatch(JSON.stringify(facts), /@|192\.0\.2/);
    assert.deepEqual(events[1]?.personal, SOURCE);
  });

  test("refuses unknown kinds and claims of another shape without counting them", async () => {
    const context = world.openCase(null);
    assert.equal(codeOf(await prove(world.runtime, context, "toString", {})), "evidence/unknown-kind");
    for (let n = 0; n < 8; n += 1)
      assert.equal(codeOf(await prove(world.runtime, context, "password", { password: 7 })), "evidence/bad-claim");
    assert.equal(
      codeOf(await prove(world.runtime, context, "password", { password: "x", more: "y" })),
      "evidence/bad-claim",
    );
    assert.equal(codeOf(await prove(world.runtime, context, "password", { password: "x" })), "ok");
  });
});
