import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { arrived, signedAlso, signingKey, unsigned } from "../../../../test/world/kept-mail.ts";
import { insertAddress, parseAddress, setRemoved, setVerified } from "../../../accounts/index.ts";
import { audit } from "../../../audit/index.ts";
import { transact } from "../../../kernel/db/transact.ts";
import { type AccountId, newId } from "../../../kernel/ids.ts";
import {
  deleteOldMails,
  deliverDue,
  type DkimKey,
  dropDkimKey,
  keepDkimKey,
  type OutgoingMail,
  queueMail,
} from "../../../notifications/index.ts";
import { loadPolicy } from "../../../recovery/policy/load.ts";
import { weigh } from "../../../recovery/policy/weigh.ts";
import { type EvidenceContext, listFindings, prove, recheckFinding, toPolicyFinding } from "../../index.ts";
import { codeOf, evidenceWorld, type EvidenceWorld, must } from "../../test-support.ts";

const DAY_MS = 24 * 3600_000;
const SENDER = { name: "Index account security", address: "security@index.example" };

let world: EvidenceWorld;
let key: DkimKey;
const ago = (days: number): Date => new Date(world.runtime.clock.now().getTime() - days * DAY_MS);

/** A key of ours that signed from some days ago until some days ago. */
async function useKey(from: number, until: number): Promise<DkimKey> {
  const made = signingKey("index.example", { from: ago(from), until: ago(until) });
  await world.act((tx) => keepDkimKey(tx, made.kept));
  return made.key;
}

/** A mail of ours of some days ago, through the outbox and over SMTP, as it arrived. */
async function kept(accountId: AccountId | null, to: string, daysAgo: number, signer: DkimKey | null = key) {
  const sent: OutgoingMail[] = [];
  const params = { username: "alice", name: "laptop", when: ago(daysAgo) };
  await world.act(
    (tx) => queueMail(tx, world.runtime, { to, message: "api-token-created", params, accountId }),
    daysAgo,
  );
  const clock = { now: () => new Date(ago(daysAgo).getTime() + 60_000) };
  await deliverDue(
    { ...world.runtime, clock },
    {
      name: "eml",
      send: async (mail) => {
        sent.push(mail);
        return { kind: "accepted", by: "test", answer: "250 kept" };
      },
      close: async () => undefined,
    },
  );
  const mail = sent.at(-1);
  assert(mail);
  return arrived(mail, SENDER, signer);
}

let serial = 0;
async function person() {
  serial += 1;
  const domain = `mail${serial}.example`;
  const address = `kept${serial}@${domain}`;
  return { id: await world.register(`keeper-${serial}`, address), address, domain };
}

const show = (context: EvidenceContext, message: string) => prove(world.runtime, context, "registry-mail", { message });

async function shown(accountId: AccountId | null, message: string) {
  const finding = must(await show(world.openCase(accountId), message));
  const { outcome } = finding.observation as { readonly outcome: string }; // as its schema has it
  return { finding, said: [finding.verdict, outcome] };
}

describe("an old mail of ours", () => {
  before(async () => {
    world = await evidenceWorld();
    key = await useKey(1000, 0);
  });
  after(() => world.close());

  test("signed by our own sender and sent over SMTP, is known again: kind, age, mailbox; nothing of it is kept", async () => {
    const alice = await person();
    const raw = await kept(alice.id, alice.address, 200);
    const { finding, said } = await shown(alice.id, raw);
    assert.deepEqual(said, ["supports", "own"]);
    assert.equal(finding.policyKind, "registry-mail");
    assert.equal(finding.root, `mailbox:${alice.domain}`);
    assert.match(finding.reviewerText, /199 days before the case, kind “api-token-created”/);
    const stored = JSON.stringify(finding);
    assert.doesNotMatch(stored, /laptop|not-me|kept\d+@/, "neither what it says nor the address");
    assert.doesNotMatch(finding.claimantText, /example|api-token/);
  });

  test("line ends, the first line of a mailbox file and headers of servers on the way do not matter", async () => {
    const alice = await person();
    const raw = await kept(alice.id, alice.address, 100);
    const context = world.openCase(alice.id);
    const travelled = `Return-Path: <bounces@index.example>\r\nReceived: from a by b;\r\n\tMon, 2 Nov 2026 09:00:00 +0000\r\n${raw}`;
    for (const saved of [
      raw.replaceAll("\r\n", "\n"),
      `From security@index.example Mon Nov  2 09:00:00 2026\n${raw.replaceAll("\r\n", "\n")}`,
      `\u00EF\u00BB\u00BF${travelled}`,
      `${raw}\r\n\r\n\r\n`,
    ]) {
      assert.equal(must(await show(context, saved)).verdict, "supports");
    }
  });

  test("a key that was replaced still verifies; one that was taken away, or was not in use then, does not", async () => {
    const alice = await person();
    const [old, leaked, later] = [await useKey(900, 300), await useKey(900, 300), await useKey(90, 0)];
    const good = await kept(alice.id, alice.address, 390, old);
    assert.deepEqual((await shown(alice.id, good)).said, ["supports", "own"]);
    assert.deepEqual((await shown(alice.id, await kept(alice.id, alice.address, 390, later))).said, [
      "inconclusive",
      "key-not-of-its-time",
    ]);
    assert.deepEqual((await shown(alice.id, await kept(alice.id, alice.address, 200, old))).said, [
      "inconclusive",
      "key-not-of-its-time",
    ]);
    const context = world.openCase(alice.id);
    const mail = await kept(alice.id, alice.address, 390, leaked);
    const finding = must(await show(context, mail));
    assert.equal(finding.verdict, "supports");
    await world.act((tx) => dropDkimKey(tx, { domain: leaked.domainName, selector: leaked.keySelector }));
    const again = await transact(world.runtime.db, { now: context.now }, (tx) =>
      recheckFinding(tx, world.runtime, context, {
        findingId: finding.id,
        isObservedAgain: true,
        actor: { kind: "clock" },
      }),
    );
    assert.equal(must(again).verdict, "inconclusive", "looked at again after the key leaked");
    assert.equal(codeOf(await show(context, mail)), "evidence/mail-not-ours");
  });

  test("an Ed25519 key that was added by hand", async () => {
    const alice = await person();
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
    await world.act((tx) =>
      keepDkimKey(tx, {
        domain: "index.example",
        selector: "ed",
        algorithm: "ed25519-sha256",
        publicKey: raw,
        origin: "operator",
        firstUsedAt: ago(500),
        lastUsedAt: ago(50),
      }),
    );
    const signed = await signedAlso(await kept(alice.id, alice.address, 100, null), {
      signingDomain: "index.example",
      selector: "ed",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      algorithm: "ed25519-sha256",
    });
    assert.deepEqual((await shown(alice.id, signed)).said, ["supports", "own"]);
  });

  test("younger than seven days before the first sign of trouble, or sent during a case, it does not count", async () => {
    const [alice, bob] = [await person(), await person()];
    assert.deepEqual((await shown(alice.id, await kept(alice.id, alice.address, 6))).said, ["inconclusive", "too-new"]);
    assert.deepEqual((await shown(alice.id, await kept(alice.id, alice.address, 0))).said, ["inconclusive", "too-new"]);
    assert.deepEqual((await shown(alice.id, await kept(alice.id, alice.address, 8))).said, ["supports", "own"]);
    // A thief reset Bob's password 30 days ago: from then on it is the thief's mailbox too, for all we know.
    await world.act(async (tx) => {
      const actor = { kind: "subscriber", id: bob.id } as const;
      audit(tx, world.runtime.random, { act: "authenticators/password-reset", actor, accountId: bob.id });
    }, 30);
    assert.deepEqual((await shown(bob.id, await kept(bob.id, bob.address, 36))).said, ["inconclusive", "too-new"]);
    assert.deepEqual((await shown(bob.id, await kept(bob.id, bob.address, 38))).said, ["supports", "own"]);
  });

  test("an earlier address counts for the time it was the account’s; another one, and no account, do not", async () => {
    const alice = await person();
    const typed = must(parseAddress(`second@${alice.domain}`));
    const id = newId("adr", ago(250), world.runtime.random);
    await world.act((tx) => insertAddress(tx, { id, accountId: alice.id, ...typed, isPrimary: false }), 250);
    await world.act((tx) => setVerified(tx, id), 249);
    await world.act((tx) => setRemoved(tx, alice.id, id), 120);
    const to = (daysAgo: number) => kept(alice.id, typed.address, daysAgo);
    assert.deepEqual((await shown(alice.id, await to(200))).said, ["supports", "own"]);
    assert.deepEqual((await shown(alice.id, await to(100))).said, ["inconclusive", "no-such-address"]);
    assert.deepEqual((await shown(alice.id, await to(300))).said, ["inconclusive", "no-such-address"]);
    assert.deepEqual((await shown(null, await kept(alice.id, alice.address, 300))).said[0], "contradicts");
  });

  test("about another account it speaks against, says the same, and does not say whose it is", async () => {
    const [alice, bob] = [await person(), await person()];
    const { finding, said } = await shown(bob.id, await kept(alice.id, alice.address, 100));
    assert.deepEqual(said, ["contradicts", "other-account"]);
    const other = await shown(bob.id, await kept(bob.id, "x@elsewhere.example", 100));
    assert.equal(finding.claimantText, other.finding.claimantText);
    assert.doesNotMatch(JSON.stringify(finding), new RegExp(`${alice.id}|${alice.address}`));
  });

  test("one that was shown for another account counts for none after it, also of two at once", async () => {
    const [alice, bob] = [await person(), await person()];
    const raw = await kept(alice.id, alice.address, 100);
    await shown(bob.id, raw);
    const { finding, said } = await shown(alice.id, raw);
    assert.deepEqual(said, ["inconclusive", "used-elsewhere"]);
    assert.match(finding.reviewerText, /another account/);
    const again = await kept(alice.id, alice.address, 100);
    const both = await Promise.all([show(world.openCase(alice.id), again), show(world.openCase(bob.id), again)]);
    assert.ok(both.every((one) => one.ok || one.refusal.code === "evidence/mail-used"));
    assert.ok(both.some((one) => one.ok));
  });

  test("one too old for the delivery log speaks by its signature; a younger one must stand there, as it says", async () => {
    const alice = await person();
    const [old, young] = [await kept(alice.id, alice.address, 380), await kept(alice.id, alice.address, 100)];
    await world.act(async (tx) => void (await deleteOldMails(tx, ago(0))));
    const { finding, said } = await shown(alice.id, old);
    assert.deepEqual(said, ["supports", "own"]);
    assert.match(finding.reviewerText, /older than the delivery log/);
    assert.deepEqual((await shown(alice.id, young)).said, ["inconclusive", "not-sent-by-us"]);
    // Somebody with the key makes up a mail: it is in no log, or the log has it otherwise.
    const real = await kept(alice.id, alice.address, 100);
    const at = { signingDomain: key.domainName, selector: key.keySelector, privateKey: key.privateKey.reveal() };
    const made = (change: (raw: string) => string) => signedAlso(change(unsigned(real)), at);
    for (const forged of [
      await made((text) => text.replace(/^Message-ID: <mail_.{4}/m, "Message-ID: <mail_0000")),
      await made((text) => text.replace(/^To: .*$/m, `To: other@${alice.domain}`)),
      await made((text) => text.replace(/^Date: .*$/m, `Date: ${ago(300).toUTCString()}`)),
      await made((text) => text.replace(/^Message-ID: .*$/m, "Message-ID: <hello@index.example>")),
    ]) {
      assert.deepEqual((await shown(alice.id, forged)).said, ["inconclusive", "not-sent-by-us"]);
    }
  });

  test("against whoever holds the mailbox it is worth nothing, and beside the mailbox nothing more", async () => {
    const policy = await loadPolicy("policy/default.json");
    assert.ok(policy.ok);
    const alice = await person();
    const context = world.openCase(alice.id);
    must(await show(context, await kept(alice.id, alice.address, 100)));
    const findings = (await listFindings(world.db, context.caseId)).map(toPolicyFinding);
    const at = { now: context.now, caseOpenedAt: context.openedAt };
    const alone = weigh(policy.value, findings, at);
    assert.deepEqual(
      [alone.perClass.a0.bits, alone.perClass.a2.bits, alone.perClass.a4.bits, alone.perClass.a5.bits],
      [5, 0, 4, 1],
    );
    const mailbox = { ...findings[0], kind: "mailbox" } as (typeof findings)[number];
    assert.equal(weigh(policy.value, [...findings, mailbox], at).perClass.a0.bits, 8);
  });
});
