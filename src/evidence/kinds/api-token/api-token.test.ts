import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { transact } from "../../../kernel/db/transact.ts";
import { secret } from "../../../kernel/secret.ts";
import { authenticateApiToken, listApiTokens } from "../../../registry/index.ts";
import { spendChallenge } from "../../challenge.ts";
import { answerWithToken, type EvidenceContext, listFindings, proveWithToken, recheckFinding } from "../../index.ts";
import { codeOf, type EvidenceWorld, evidenceWorld, must } from "../../test-support.ts";

const SOURCE = { ip: "192.0.2.7", userAgent: "test" };
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
const present = (context: EvidenceContext, challenge: string, token: string) =>
  proveWithToken(world.runtime, {
    kind: "api-token",
    challenge,
    presented: secret(token),
    source: SOURCE,
    now: context.now,
    contextOf: async () => context,
  });

describe("API token", () => {
  test("presented at the challenge it supports, is held, and appears in no row or line", async () => {
    const alice = await world.register("tk-alice", "tk-alice@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const finding = must(await present(context, value, token.reveal()));
    assert.equal(finding.verdict, "supports");
    const [record] = await listApiTokens(world.db, alice);
    assert.equal(finding.root, `token:${record?.id}`);
    assert.deepEqual(finding.boundAt, record?.createdAt);
    assert.equal(codeOf(await authenticateApiToken(world.db, token.reveal(), context.now)), "registry/token-held");
    const kept = JSON.stringify(
      [await listFindings(world.db, context.caseId), world.runtime.logLines],
      (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each),
    );
    assert.equal(kept.includes(token.reveal()), false);
  });

  test("of fifty simultaneous answers to one challenge, one is a finding", async () => {
    const alice = await world.register("tk-race", "tk-race@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => present(context, value, token.reveal())));
    assert.equal(outcomes.filter((one) => one.ok && one.value.verdict === "supports").length, 1);
    const findings = await listFindings(world.db, context.caseId, { isReplacedToo: true });
    assert.equal(findings.filter(({ verdict }) => verdict === "supports").length, 1);
    assert.equal(codeOf(await present(context, value, token.reveal())), "one-time/spent");
  });

  test("of fifty simultaneous spends past the counting of tries, one succeeds", async () => {
    const context = world.openCase(null);
    const challenge = await world.challenge(context, "api-token");
    const spends = await Promise.all(
      Array.from({ length: 50 }, () =>
        transact(world.db, { now: context.now, bookkeeping: "test" }, (tx) =>
          spendChallenge(tx, context, "api-token", challenge),
        ),
      ),
    );
    assert.equal(spends.filter((one) => one.ok).length, 1);
    assert.deepEqual([...new Set(spends.filter((one) => !one.ok).map(codeOf))], ["one-time/spent"]);
  });

  test("somebody else's token speaks against the claimant, is not held, and is answered like an unknown one", async () => {
    const alice = await world.register("tk-own", "tk-own@example.org");
    const bob = await world.register("tk-bob", "tk-bob@example.org");
    const [mine, his] = [await world.makeToken(alice, "laptop"), await world.makeToken(bob, "his")];
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const finding = must(await present(context, value, his.reveal()));
    assert.equal(finding.verdict, "contradicts");
    assert.doesNotMatch(JSON.stringify(finding), new RegExp(`${bob}|tk-bob|"his"`));
    assert.ok((await authenticateApiToken(world.db, his.reveal(), context.now)).ok, "not held");
    const ghost = await world.makeToken(bob, "ghost");
    await world.db.pool.query("delete from api_tokens where name = 'ghost'");
    const unknown = must(await present(context, value, ghost.reveal()));
    assert.equal(unknown.claimantText, finding.claimantText);
    assert.equal(unknown.verdict, "inconclusive");
    assert.equal(
      must(await present(context, value, mine.reveal())).verdict,
      "supports",
      "wrong tokens did not cost the challenge",
    );
  });

  test("refuses unknown, replaced and expired challenges, mistyped tokens, and a case that takes no more", async () => {
    const alice = await world.register("tk-refuse", "tk-refuse@example.org");
    const token = (await world.makeToken(alice, "laptop")).reveal();
    const context = world.openCase(alice);
    const old = await world.challenge(context, "api-token");
    const { value } = await world.challenge(context, "api-token");
    assert.equal(codeOf(await present(context, "A".repeat(43), token)), "one-time/unknown");
    assert.equal(codeOf(await present(context, old.value, token)), "one-time/revoked");
    assert.equal(codeOf(await present(later(context, 24 * 60 + 1), value, token)), "one-time/expired");
    assert.equal(
      codeOf(await present(context, value, `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`)),
      "registry/token-mistyped",
    );
    assert.equal(codeOf(await present(context, value, "pypi-AgEIcHlwaS5vcmc")), "registry/not-a-token");
    const closed = {
      kind: "api-token" as const,
      challenge: value,
      presented: secret(token),
      source: SOURCE,
      now: context.now,
      contextOf: async () => null,
    };
    assert.equal(codeOf(await proveWithToken(world.runtime, closed)), "evidence/not-now");
    assert.equal((await listFindings(world.db, context.caseId)).length, 0);
    assert.ok((await authenticateApiToken(world.db, token, context.now)).ok, "nothing was held");
  });

  test("revoked after it was shown, a re-check finds out; on hold is our own doing", async () => {
    const alice = await world.register("tk-recheck", "tk-recheck@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    must(await present(context, value, token.reveal()));
    const recheck = () =>
      transact(world.db, { now: context.now }, async (tx) => {
        const [standing] = await listFindings(tx, context.caseId);
        assert.ok(standing);
        return recheckFinding(tx, world.runtime, context, {
          findingId: standing.id,
          isObservedAgain: true,
          actor: { kind: "clock" },
        });
      });
    assert.equal(must(await recheck()).verdict, "supports");
    await world.db.pool.query("update api_tokens set revoked_at = now() where account_id = $1", [alice]);
    assert.equal(must(await recheck()).verdict, "inconclusive");
  });

  test("a finding that could not be recorded leaves nothing: the transaction is one", async () => {
    const alice = await world.register("tx-alice", "tx-alice@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const cut = answerWithToken(
      world.runtime,
      {
        kind: "api-token",
        challenge: value,
        presented: token,
        source: SOURCE,
        now: context.now,
        contextOf: async () => context,
      },
      (_caseId, record) =>
        transact(world.db, { now: context.now }, async (tx) => {
          must(await record(tx));
          throw new Error("power cut");
        }),
    );
    await assert.rejects(cut, /power cut/);
    assert.ok((await authenticateApiToken(world.db, token.reveal(), context.now)).ok, "not held");
    assert.equal((await listFindings(world.db, context.caseId)).length, 0);
    assert.equal(
      must(await present(context, value, token.reveal())).verdict,
      "supports",
      "the challenge was not spent",
    );
  });
});
