import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { makeSshKey, type SshKey, sshSign } from "../../bin/demo/ssh.ts";
import { type ForgeServer, hasOpenssl, type Manner, startForgeServer } from "../../../test/world/forge-server.ts";
import { loadPolicy } from "../../recovery/policy/load.ts";
import { weigh } from "../../recovery/policy/weigh.ts";
import { listEvents } from "../../audit/index.ts";
import type { AccountId } from "../../kernel/ids.ts";
import { createGuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { listMails } from "../../notifications/index.ts";
import { placeHold } from "../../registry/index.ts";
import {
  confirmForge,
  type EvidenceContext,
  FORGE_NAMESPACE,
  type Forges,
  listFindings,
  listForges,
  makeForges,
  nameForge,
  pendingForge,
  pinForgeKeys,
  prove,
  recheckFinding,
  registerSigningKey,
  removeForge,
  takeText,
  toPolicyFinding,
} from "../index.ts";
import { challengeText, NAMESPACE } from "../kinds/ssh-signature/challenge-text.ts";
import { codeOf, evidenceWorld, type EvidenceWorld, must } from "../test-support.ts";
import { transact } from "../../kernel/db/transact.ts";
import { isForgeName, keysIn } from "./list.ts";

const DAY_MS = 24 * 3600_000;
const skip = hasOpenssl() ? false : "openssl is not installed";

let world: EvidenceWorld;
let server: ForgeServer;
let forges: Forges;
/** For servers that never answer. */
let hasty: Forges;
before(async () => {
  world = await evidenceWorld();
  if (skip) return;
  server = await startForgeServer({ isTls: true });
  const asking = (timeoutMs: number): Forges =>
    makeForges([
      {
        base: server.url,
        fetch: createGuardedFetch({
          allowPrivate: ["127.0.0.1/32:*"],
          ...(server.ca ? { ca: server.ca } : {}),
          limits: { timeoutMs },
        }),
      },
    ]);
  forges = asking(60_000); // also on a machine that is busy
  hasty = asking(600);
});
after(async () => {
  if (!skip) await server.close();
  await world.close();
});
afterEach(() => {
  if (!skip) server.behave("well");
});

const now = (): Date => world.runtime.clock.now();
const by = (accountId: AccountId) => ({ accountId, actor: { kind: "subscriber", id: accountId } as const, now: now() });
const person = async (username: string) => ({
  id: await world.register(username, `${username}@example.org`),
  username,
});
const host = (): string => server.url.host;
const night = (days = 1, asked = forges) => {
  world.runtime.clock.advance(days * DAY_MS);
  return pinForgeKeys(world.runtime, asked, now());
};

/** Names the account and signs, as the page asks for it. */
async function bind(
  account: { id: AccountId; username: string },
  name: string,
  key: SshKey,
  namespace = FORGE_NAMESPACE,
) {
  must(await nameForge(world.runtime, forges, { ...by(account.id), host: host(), name }));
  const pending = await pendingForge(world.runtime, account, now());
  assert.ok(pending);
  const signature = sshSign(key, namespace, pending.text);
  return confirmForge(world.runtime, forges, { ...by(account.id), signature });
}

async function proveWith(context: EvidenceContext, key: SshKey) {
  const text = challengeText(context, await world.challenge(context, "ssh-signature"));
  return must(await prove(world.runtime, context, "ssh-signature", { signature: sshSign(key, NAMESPACE, text) }));
}

describe("a forge account", { skip }, () => {
  test("is bound by a signature with a key of its list, told by mail, and its keys count from the seventh day", async () => {
    const policy = await loadPolicy("policy/default.json");
    assert.ok(policy.ok);
    const alice = await person("forge-alice");
    const [laptop, desk, other] = [makeSshKey("laptop"), makeSshKey("desk"), makeSshKey("other")];
    server.lists.set("Alice-A", [laptop.publicLine, desk.publicLine]);
    assert.equal(codeOf(await bind(alice, "Alice-A", other)), "evidence/not-on-the-list");
    assert.equal(codeOf(await bind(alice, "Alice-A", laptop, NAMESPACE)), "sshsig/wrong-namespace");
    must(await bind(alice, "Alice-A", laptop));
    assert.equal(
      codeOf(await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name: "alice-a" })),
      "evidence/forge-known",
    );
    assert.deepEqual(
      (await listMails(world.db, { accountId: alice.id })).map(({ message }) => message),
      ["forge-account-added"],
    );
    const weighed = async (key: SshKey) => {
      const context = world.openCase(alice.id);
      const finding = await proveWith(context, key);
      assert.equal(finding.verdict, "supports");
      assert.equal(finding.root, `forge:${host()}/alice-a`);
      const found = (await listFindings(world.db, context.caseId)).map(toPolicyFinding);
      return weigh(policy.value, found, { now: context.now, caseOpenedAt: context.openedAt });
    };
    assert.deepEqual(
      (await weighed(desk)).setAside.map(({ code }) => code),
      ["too-young"],
    );
    await night(8);
    const { perClass } = await weighed(desk);
    // As a repository at that forge, and nothing against whoever holds it.
    assert.deepEqual([perClass.a0.bits, perClass.a2.bits, perClass.a3.bits], [7, 5, 0]);
  });

  test("a key that appears on the list after the first sign of trouble, or lately, does not count", async () => {
    const policy = await loadPolicy("policy/default.json");
    assert.ok(policy.ok);
    const alice = await person("forge-thief");
    const [mine, thiefs] = [makeSshKey("mine"), makeSshKey("thief")];
    server.lists.set("thief-victim", [mine.publicLine]);
    must(await bind(alice, "thief-victim", mine));
    await night(30);
    server.lists.set("thief-victim", [mine.publicLine, thiefs.publicLine]);
    assert.equal((await night()).changed > 0, true);
    const trouble = now();
    world.runtime.clock.advance(3 * DAY_MS);
    const context = world.openCase(alice.id);
    const finding = await proveWith(context, thiefs);
    const weigh_ = (firstTroubleAt?: Date) =>
      weigh(policy.value, [toPolicyFinding(finding)], {
        now: context.now,
        caseOpenedAt: context.openedAt,
        ...(firstTroubleAt ? { firstTroubleAt } : {}),
      }).setAside.map(({ code }) => code);
    assert.deepEqual(weigh_(), ["too-young"]);
    world.runtime.clock.advance(10 * DAY_MS);
    const later = world.openCase(alice.id);
    const aged = toPolicyFinding(await proveWith(later, thiefs));
    const facts = { now: later.now, caseOpenedAt: later.openedAt };
    assert.deepEqual(weigh(policy.value, [aged], { ...facts, firstTroubleAt: trouble }).setAside.length, 1);
    const [event] = (await listEvents(world.db, { accountId: alice.id, limit: 100 })).filter(
      ({ act }) => act === "evidence/forge-keys-changed",
    );
    assert.deepEqual([event?.facts["appeared"], event?.facts["vanished"]], [1, 0]);
  });

  test("a key that vanished lately still counts, one that vanished long ago does not, one that came back is new", async () => {
    const alice = await person("forge-vanish");
    const [stays, goes] = [makeSshKey("stays"), makeSshKey("goes")];
    const list = (...keys: SshKey[]) =>
      server.lists.set(
        "vanish",
        keys.map(({ publicLine }) => publicLine),
      );
    list(stays, goes);
    must(await bind(alice, "vanish", stays));
    await night(20);
    list(stays);
    await night();
    assert.equal((await proveWith(world.openCase(alice.id), goes)).verdict, "supports");
    await night(9);
    assert.equal((await proveWith(world.openCase(alice.id), goes)).verdict, "inconclusive");
    list(stays, goes);
    await night();
    const back = await proveWith(world.openCase(alice.id), goes);
    assert.deepEqual(back.boundAt, now());
    const first = (await listForges(world.db, alice.id))[0]?.keys.find(({ fingerprint }) =>
      back.reviewerText.includes(fingerprint),
    );
    assert.equal(first?.goneAt, null);
  });

  test("a forge that fails, hangs, moves, drips, pours or shows a page changes nothing; a wrong list is read for what is right", async () => {
    const alice = await person("forge-moods");
    const key = makeSshKey("mood");
    for (const name of ["mood", "mood-two"]) server.lists.set(name, [key.publicLine]);
    must(await bind(alice, "mood", key));
    const pinned = async () =>
      (await listForges(world.db, alice.id)).flatMap(({ keys }) => keys.filter(({ goneAt }) => goneAt === null));
    const before = await pinned();
    assert.equal(before.length, 1);
    for (const manner of ["failing", "silent", "page", "moved", "dripping", "endless"] satisfies readonly Manner[]) {
      server.behave(manner);
      await night(1, hasty);
      assert.deepEqual(await pinned(), before, manner);
      const named = await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name: "mood-two" });
      must(named);
      const pending = await pendingForge(world.runtime, alice, now());
      const signature = sshSign(key, FORGE_NAMESPACE, pending?.text ?? "");
      const refused = await confirmForge(world.runtime, hasty, { ...by(alice.id), signature });
      assert.equal(codeOf(refused), "evidence/forge-silent", manner);
    }
    server.behave("noisy");
    await night();
    assert.deepEqual(
      (await pinned()).map(({ fingerprint }) => fingerprint),
      before.map(({ fingerprint }) => fingerprint),
    );
  });

  test("a name that the forge does not know for three nights loses its keys", async () => {
    const alice = await person("forge-renamed");
    const key = makeSshKey("renamed");
    server.lists.set("renamed", [key.publicLine]);
    must(await bind(alice, "renamed", key));
    await night(20);
    server.lists.delete("renamed");
    const count = async () => {
      await night();
      return (await listForges(world.db, alice.id)).flatMap(({ keys }) => keys.filter(({ goneAt }) => goneAt === null))
        .length;
    };
    assert.deepEqual([await count(), await count(), await count()], [1, 1, 0]);
    // Somebody else takes the name: their keys are new, and the old ones are gone.
    server.lists.set("renamed", [makeSshKey("stranger").publicLine]);
    assert.equal(await count(), 1);
    await night(8);
    assert.equal((await proveWith(world.openCase(alice.id), key)).verdict, "inconclusive");
  });

  test("a removed forge account, another person's, and a leaked key do not count; a key registered here is the device's", async () => {
    const [alice, bob] = [await person("forge-removed"), await person("forge-bob")];
    const key = makeSshKey("removed");
    server.lists.set("removed", [key.publicLine]);
    must(await bind(alice, "removed", key));
    await night(20);
    assert.equal(
      (await proveWith(world.openCase(bob.id), key)).verdict,
      "inconclusive",
      "the list is Alice's, not Bob's",
    );
    const context = world.openCase(alice.id);
    const finding = await proveWith(context, key);
    const [forge] = await listForges(world.db, alice.id);
    assert.ok(forge);
    assert.equal(codeOf(await removeForge(world.runtime, { ...by(bob.id), id: forge.id })), "evidence/no-such-forge");
    must(await removeForge(world.runtime, { ...by(alice.id), id: forge.id }));
    const again = await transact(world.db, { now: now() }, (tx) =>
      recheckFinding(tx, world.runtime, context, {
        findingId: finding.id,
        isObservedAgain: true,
        actor: { kind: "clock" },
      }),
    );
    assert.equal(must(again).verdict, "inconclusive");
    must(await bind(alice, "removed", key));
    await night(20);
    const typedIn = { actor: { kind: "anyone" }, caseId: null, now: now() } as const;
    const pem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    assert.match((await takeText(world.runtime, pem, typedIn)).told ?? "", /counts for nothing/);
    assert.equal((await proveWith(world.openCase(alice.id), key)).verdict, "inconclusive");
    await night();
    assert.equal((await proveWith(world.openCase(alice.id), key)).verdict, "inconclusive", "the forge still lists it");
    const fresh = makeSshKey("fresh");
    server.lists.set("removed", [fresh.publicLine]);
    await night();
    must(await registerSigningKey(world.runtime, { ...by(alice.id), line: fresh.publicLine }));
    assert.match((await proveWith(world.openCase(alice.id), fresh)).root, /^device:SHA256:/);
  });

  test("names that steer an address, hosts that are not asked, a hold, and a sixth account are refused", async () => {
    const alice = await person("forge-limits");
    const key = makeSshKey("limits");
    const asked = server.asked.length;
    for (const name of [
      "../alice",
      "a/b",
      "a?b",
      "a#b",
      "a%2fb",
      "a.keys",
      ".a",
      "a..b",
      "a b",
      "",
      "a".repeat(65),
      "é",
      "a@b",
    ]) {
      assert.equal(isForgeName(name), false, name);
      const refused = await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name });
      assert.equal(codeOf(refused), "evidence/forge-name", name);
    }
    for (const name of ["alice", "a", "Alice_B", "a.b-c", "9lives"]) assert.equal(isForgeName(name), true, name);
    const elsewhere = await nameForge(world.runtime, forges, { ...by(alice.id), host: "evil.example", name: "alice" });
    assert.equal(codeOf(elsewhere), "evidence/unknown-forge");
    assert.equal(server.asked.length, asked, "nobody was asked");
    for (let at = 0; at < 5; at += 1) {
      server.lists.set(`limit${at}`, [key.publicLine]);
      must(await bind(alice, `limit${at}`, key));
    }
    const sixth = await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name: "limit6" });
    assert.equal(codeOf(sixth), "evidence/too-many-forges");
    const bob = await person("forge-held");
    const hold = {
      accountId: bob.id,
      powers: ["keys"],
      caseId: null,
      until: new Date(now().getTime() + DAY_MS),
      because: "a test",
      actor: { kind: "clock" },
    } as const;
    await world.act((tx) => placeHold(tx, world.runtime.random, hold), 1);
    const held = await nameForge(world.runtime, forges, { ...by(bob.id), host: host(), name: "limit1" });
    assert.equal(codeOf(held), "registry/held");
  });

  test("a binding is for one account, one name and one hour, and counts once", async () => {
    const [alice, mallory] = [await person("forge-once"), await person("forge-mallory")];
    const key = makeSshKey("once");
    server.lists.set("once", [key.publicLine]);
    server.lists.set("twice", [key.publicLine]);
    must(await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name: "once" }));
    must(await nameForge(world.runtime, forges, { ...by(mallory.id), host: host(), name: "once" }));
    const pending = await pendingForge(world.runtime, alice, now());
    const signature = sshSign(key, FORGE_NAMESPACE, pending?.text ?? "");
    assert.equal(
      codeOf(await confirmForge(world.runtime, forges, { ...by(mallory.id), signature })),
      "sshsig/bad-signature",
    );
    const late = { ...by(alice.id), now: new Date(now().getTime() + 3600_001), signature };
    assert.equal(codeOf(await confirmForge(world.runtime, forges, late)), "evidence/no-pending-forge");
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => confirmForge(world.runtime, forges, { ...by(alice.id), signature })),
    );
    assert.equal(outcomes.filter((one) => one.ok).length, 1);
    must(await nameForge(world.runtime, forges, { ...by(alice.id), host: host(), name: "twice" }));
    assert.equal(
      codeOf(await confirmForge(world.runtime, forges, { ...by(alice.id), signature })),
      "sshsig/bad-signature",
    );
  });
});

test("a list is read up to fifty keys, and strange lines are passed over", () => {
  const lines = Array.from({ length: 80 }, (_, n) => makeSshKey(`k${n}`).publicLine);
  assert.equal(keysIn(lines.join("\n")).length, 50);
  const [one = "", two = ""] = lines;
  assert.equal(keysIn(`${one}\r\n${one}\n\nno-pty ${two}\nssh-rsa AAAA\n${"x".repeat(20_000)}\n${two}`).length, 2);
});
