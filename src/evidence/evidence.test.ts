import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { listEvents } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import { listMails } from "../notifications/index.ts";
import { authenticateApiToken, listApiTokens } from "../registry/index.ts";
import { secret } from "../kernel/secret.ts";
import { spendChallenge } from "./challenge.ts";
import { codeOf, evidenceWorld, type EvidenceWorld, must } from "./test-support.ts";
import {
  answerWithApiToken,
  type EvidenceContext,
  eraseOldObservations,
  listFindings,
  loadBoard,
  observeContactMailbox,
  passwordObservation,
  prove,
  proveApiToken,
  recheckFinding,
  recordFinding,
  requestMailboxCode,
  toPolicyFinding,
} from "./index.ts";

const SOURCE = { ip: "192.0.2.7", userAgent: "test" };
const PASSWORD = "correct anvil battery";
const MINUTE_MS = 60_000;

let world: EvidenceWorld;
before(async () => {
  world = await evidenceWorld();
});
after(() => world.close());

const later = (context: EvidenceContext, minutes: number): EvidenceContext => ({ ...context, now: new Date(context.now.getTime() + minutes * MINUTE_MS) });
let asked = 0;
/** Each a millisecond after the other, so that mails have an order. */
const askFor = (context: EvidenceContext, address: string, contactAddress = "elsewhere@example.com") => {
  asked += 1;
  return requestMailboxCode(world.runtime, later(context, asked / MINUTE_MS), { address, contactAddress, source: SOURCE });
};

/** The codes that were mailed in a case, oldest first, with where they went. */
async function mailedCodes(context: EvidenceContext): Promise<readonly { readonly to: string; readonly code: string }[]> {
  const mails = await listMails(world.db, { caseId: context.caseId, limit: 50 });
  const codes = await Promise.all(
    mails.toReversed().map(async (mail) => {
      const { rows } = await world.db.pool.query<{ text_body: string }>("select text_body from outbox_mails where id = $1", [mail.id]);
      return { to: mail.toAddress, code: /\b(\d{8})\b/.exec(rows[0]?.text_body ?? "")?.[1] ?? "" };
    }),
  );
  return codes;
}

const present = (context: EvidenceContext, challenge: string, token: string) =>
  proveApiToken(world.runtime, { challenge, presented: secret(token), source: SOURCE, now: context.now, contextOf: async () => context });

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
    assert.deepEqual((await listFindings(world.db, context.caseId)).map(({ id }) => id), [right.id]);
    assert.equal((await listFindings(world.db, context.caseId, { isReplacedToo: true })).length, 2);
    assert.doesNotMatch(JSON.stringify(await listFindings(world.db, context.caseId)), /anvil battery/);
  });

  test("right and then wrong stays both", async () => {
    const alice = await world.register("pw-both", "pw-both@example.org");
    await world.setPassword(alice, PASSWORD);
    const context = world.openCase(alice);
    must(await prove(world.runtime, context, "password", { password: PASSWORD }));
    must(await prove(world.runtime, context, "password", { password: "wrong anvil battery" }));
    assert.deepEqual((await listFindings(world.db, context.caseId)).map(({ verdict }) => verdict).toSorted(), ["contradicts", "supports"]);
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
    const facts = { origin: "registration", setAt: new Date(context.now.getTime() - 400 * 24 * 3600_000) } as const;
    const first = must(await transact(world.db, { now: context.now }, async (tx) => ok(await recordFinding(tx, world.runtime, context, "password", passwordObservation(facts)))));
    assert.equal(first.verdict, "supports");
    const recheck = (isObservedAgain: boolean) => {
      const at = later(context, 5);
      return transact(world.db, { now: at.now }, async (tx) => {
        const [standing] = await listFindings(tx, context.caseId);
        assert.ok(standing);
        return recheckFinding(tx, world.runtime, at, { findingId: standing.id, isObservedAgain, actor: { kind: "clock" } });
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
    const tries = await Promise.all(Array.from({ length: 12 }, () => prove(world.runtime, context, "password", { password: "wrong anvil battery" })));
    const counted = tries.filter((one) => codeOf(one) !== "evidence/too-many-tries");
    assert.equal(counted.length, 5);
    const days = later(context, 3 * 24 * 60);
    assert.equal(codeOf(await prove(world.runtime, days, "password", { password: PASSWORD })), "evidence/too-many-tries", "days do not bring tries back");
  });

  test("the policy's limits hold over all kinds together", async () => {
    const context = world.openCase(null);
    const limits = { triesPerKind: 3, triesPerCase: 4 };
    const codes = [];
    for (let n = 0; n < 4; n += 1) codes.push(codeOf(await prove(world.runtime, context, "password", { password: "x" }, { limits })));
    for (let n = 0; n < 2; n += 1) codes.push(codeOf(await prove(world.runtime, context, "records", { projects: "anvil" }, { limits })));
    assert.deepEqual(codes, ["ok", "ok", "ok", "evidence/too-many-tries", "ok", "evidence/too-many-tries"]);
  });
});

describe("mailbox", () => {
  test("the code comes back: present, second and earlier addresses each count as what they are", async () => {
    const alice = await world.register("mb-alice", "mb-alice@example.org");
    await world.db.pool.query(
      `insert into addresses (id, account_id, address, address_folded, domain, is_primary, added_at, verified_at, removed_at) values
       ('adr_mb2', $1, 'MB-alice@Example.net', 'mb-alice@example.net', 'example.net', false, '2024-01-01', '2024-01-02', null),
       ('adr_mb3', $1, 'mb-old@example.edu', 'mb-old@example.edu', 'example.edu', false, '2020-01-01', '2020-01-02', '2023-01-01')`,
      [alice],
    );
    const context = world.openCase(alice);
    const expected = [
      ["mb-alice@example.org", "mailbox", "mailbox:example.org"],
      ["mb-alice@EXAMPLE.net", "mailbox-second", "mailbox:example.net"],
      ["mb-old@example.edu", "mailbox-earlier", "mailbox:example.edu"],
    ] as const;
    for (const [address, policyKind, root] of expected) {
      must(await askFor(context, address));
      const mailed = (await mailedCodes(context)).at(-1);
      const finding = must(await prove(world.runtime, context, "mailbox", { address, code: `${mailed?.code.slice(0, 4)} ${mailed?.code.slice(4)}` }));
      assert.deepEqual([finding.verdict, finding.policyKind, finding.root], ["supports", policyKind, root]);
      assert.ok(finding.nonceId, "names the code it spent");
    }
    assert.deepEqual((await mailedCodes(context)).map(({ to }) => to), ["mb-alice@example.org", "MB-alice@Example.net", "mb-old@example.edu"]);
    const [first] = (await listFindings(world.db, context.caseId)).map(toPolicyFinding);
    assert.ok(first?.boundAt && first.boundAt < context.openedAt);
  });

  test("an unknown address gets the same answer and no mail; the contact address does get one", async () => {
    const alice = await world.register("mb-quiet", "mb-quiet@example.org");
    const context = world.openCase(alice);
    const ask = (address: string) => requestMailboxCode(world.runtime, context, { address, contactAddress: "elsewhere@example.com" });
    assert.deepEqual(must(await ask("mb-quiet@example.org")), must(await ask("mallory@example.com")));
    assert.equal((await mailedCodes(context)).length, 1);
    must(await askFor(context, "me@example.com", "Me@Example.com"));
    const mailed = await mailedCodes(context);
    assert.equal(mailed.at(-1)?.to, "me@example.com");
    const own = must(await prove(world.runtime, context, "mailbox", { address: "me@example.com", code: mailed.at(-1)?.code }));
    assert.equal(own.verdict, "inconclusive", "a mailbox that is not the account's proves nothing");
  });

  test("a wrong code is answered and kept alike, whether or not the address is the account's", async () => {
    const alice = await world.register("mb-guess", "mb-guess@example.org");
    const answers = [];
    for (const address of ["mb-guess@example.org", "nobody@example.org"]) {
      const context = world.openCase(alice);
      must(await askFor(context, address));
      const mailed = (await mailedCodes(context))[0]?.code;
      const wrong = mailed === "12345678" ? "87654321" : "12345678";
      const finding = must(await prove(world.runtime, context, "mailbox", { address, code: wrong }));
      const [, card] = await loadBoard(world.db, world.runtime, context);
      answers.push({ verdict: finding.verdict, root: finding.root, text: finding.claimantText, card });
    }
    assert.deepEqual(answers[0], answers[1]);
    assert.equal(answers[0]?.verdict, "contradicts");
  });

  test("a newer code replaces the older; each works for its own address and case only", async () => {
    const alice = await world.register("mb-replace", "mb-replace@example.org");
    const [context, other] = [world.openCase(alice), world.openCase(alice)];
    const address = "mb-replace@example.org";
    must(await askFor(context, address));
    must(await askFor(context, address));
    const [older, newer] = await mailedCodes(context);
    assert.notEqual(older?.code, newer?.code);
    assert.match(must(await prove(world.runtime, context, "mailbox", { address, code: older?.code })).claimantText, /newer/);
    assert.equal(must(await prove(world.runtime, other, "mailbox", { address, code: newer?.code })).verdict, "contradicts");
    assert.equal(must(await prove(world.runtime, context, "mailbox", { address: "x@example.org", code: newer?.code })).verdict, "contradicts");
    const expired = must(await prove(world.runtime, later(context, 31), "mailbox", { address, code: newer?.code }));
    assert.match(expired.claimantText, /expired/);
    assert.equal(must(await prove(world.runtime, context, "mailbox", { address, code: newer?.code })).verdict, "supports");
    assert.match(must(await prove(world.runtime, context, "mailbox", { address, code: newer?.code })).claimantText, /used already/);
  });

  test("of ten simultaneous answers with one code, one is a finding", async () => {
    const alice = await world.register("mb-race", "mb-race@example.org");
    const context = world.openCase(alice);
    must(await askFor(context, "mb-race@example.org"));
    const [mailed] = await mailedCodes(context);
    const claim = { address: "mb-race@example.org", code: mailed?.code };
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => prove(world.runtime, context, "mailbox", claim)));
    assert.equal(outcomes.filter((one) => one.ok && one.value.verdict === "supports").length, 1);
  });

  test("five codes are sent in one case, and no more", async () => {
    const context = world.openCase(await world.register("mb-flood", "mb-flood@example.org"));
    const requests = await Promise.all(Array.from({ length: 9 }, () => askFor(context, "mb-flood@example.org")));
    assert.equal(requests.filter((one) => one.ok).length, 5);
    assert.equal((await mailedCodes(context)).length, 5);
  });

  test("the contact mailbox is a finding only if it is the account's", async () => {
    const context = world.openCase(await world.register("mb-contact", "mb-contact@example.org"));
    assert.equal(await observeContactMailbox(world.db, context, "stranger@example.org"), null);
    assert.equal((await observeContactMailbox(world.db, context, "MB-contact@example.org"))?.standing, "present");
    const unverified = world.openCase(await world.register("mb-unproven", "mb-unproven@example.org", { isVerified: false }));
    const seen = await observeContactMailbox(world.db, unverified, "mb-unproven@example.org");
    const finding = must(await transact(world.db, { now: unverified.now }, async (tx) => ok(await recordFinding(tx, world.runtime, unverified, "mailbox", seen))));
    assert.equal(finding.verdict, "inconclusive");
  });
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
    const kept = JSON.stringify([await listFindings(world.db, context.caseId), world.runtime.logLines], (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
    assert.equal(kept.includes(token.reveal()), false);
  });

  test("of fifty simultaneous answers to one challenge, one is a finding", async () => {
    const alice = await world.register("tk-race", "tk-race@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => present(context, value, token.reveal())));
    assert.equal(outcomes.filter((one) => codeOf(one) !== "evidence/too-many-tries").length, 10);
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
        transact(world.db, { now: context.now, bookkeeping: "test" }, (tx) => spendChallenge(tx, context, "api-token", challenge)),
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
    assert.equal(must(await present(context, value, mine.reveal())).verdict, "supports", "wrong tokens did not cost the challenge");
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
    assert.equal(codeOf(await present(context, value, `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`)), "registry/token-mistyped");
    assert.equal(codeOf(await present(context, value, "pypi-AgEIcHlwaS5vcmc")), "registry/not-a-token");
    const closed = { challenge: value, presented: secret(token), source: SOURCE, now: context.now, contextOf: async () => null };
    assert.equal(codeOf(await proveApiToken(world.runtime, closed)), "evidence/not-now");
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
        return recheckFinding(tx, world.runtime, context, { findingId: standing.id, isObservedAgain: true, actor: { kind: "clock" } });
      });
    assert.equal(must(await recheck()).verdict, "supports");
    await world.db.pool.query("update api_tokens set revoked_at = now() where account_id = $1", [alice]);
    assert.equal(must(await recheck()).verdict, "inconclusive");
  });
});

describe("records", () => {
  test("claims are held against the account's own records, and the answer tells nothing", async () => {
    const alice = await world.register("rc-alice", "rc-alice@example.org");
    await world.makeToken(alice, "laptop");
    const right = must(await prove(world.runtime, world.openCase(alice), "records", { tokenNames: "latpop", addresses: "rc-alice@example.org" }));
    const wrong = must(await prove(world.runtime, world.openCase(alice), "records", { addresses: "a@b.example", lastSignIn: "2001-01" }));
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
    must(await askFor(context, "au-alice@example.org"));
    must(await prove(world.runtime, context, "records", { addresses: "au-alice@example.org" }, { source: SOURCE }));
    await world.challenge(context, "ssh-signature");
    const events = await listEvents(world.db, { caseId: context.caseId, limit: 20 });
    assert.deepEqual(events.map(({ act }) => act), ["evidence/challenge-started", "evidence/finding-recorded", "evidence/mailbox-code-requested"]);
    for (const { facts } of events) assert.doesNotMatch(JSON.stringify(facts), /@|192\.0\.2/);
    assert.deepEqual(events[1]?.personal, SOURCE);
  });

  test("refuses unknown kinds and claims of another shape without counting them", async () => {
    const context = world.openCase(null);
    assert.equal(codeOf(await prove(world.runtime, context, "toString", {})), "evidence/unknown-kind");
    for (let n = 0; n < 8; n += 1) assert.equal(codeOf(await prove(world.runtime, context, "password", { password: 7 })), "evidence/bad-claim");
    assert.equal(codeOf(await prove(world.runtime, context, "password", { password: "x", more: "y" })), "evidence/bad-claim");
    assert.equal(codeOf(await prove(world.runtime, context, "password", { password: "x" })), "ok");
  });

  test("a finding that could not be recorded leaves nothing: the transaction is one", async () => {
    const alice = await world.register("tx-alice", "tx-alice@example.org");
    const token = await world.makeToken(alice, "laptop");
    const context = world.openCase(alice);
    const { value } = await world.challenge(context, "api-token");
    const cut = answerWithApiToken(
      world.runtime,
      { challenge: value, presented: token, source: SOURCE, now: context.now, contextOf: async () => context },
      (_caseId, record) =>
        transact(world.db, { now: context.now }, async (tx) => {
          must(await record(tx));
          throw new Error("power cut");
        }),
    );
    await assert.rejects(cut, /power cut/);
    assert.ok((await authenticateApiToken(world.db, token.reveal(), context.now)).ok, "not held");
    assert.equal((await listFindings(world.db, context.caseId)).length, 0);
    assert.equal(must(await present(context, value, token.reveal())).verdict, "supports", "the challenge was not spent");
  });
});
