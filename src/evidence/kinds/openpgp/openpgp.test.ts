import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { type GpgHome, gpgHome, hasGpg } from "../../../../test/world/gpg.ts";
import { loadPolicy } from "../../../recovery/policy/load.ts";
import { weigh } from "../../../recovery/policy/weigh.ts";
import { listMails } from "../../../notifications/index.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import { placeHold } from "../../../registry/index.ts";
import {
  confirmOpenpgpKey,
  eraseOldObservations,
  type EvidenceContext,
  listFindings,
  listOpenpgpKeys,
  pasteOpenpgpKey,
  pendingOpenpgpKey,
  prove,
  revokeOpenpgpKey,
  toPolicyFinding,
} from "../../index.ts";
import { SAMPLE_CONTEXT } from "../../sample-context.ts";
import { codeOf, evidenceWorld, type EvidenceWorld, must } from "../../test-support.ts";
import { challengeText } from "./challenge-text.ts";
import { openpgp } from "./openpgp.ts";

const DAY_MS = 24 * 3600_000;
const MADE = new Date("2020-01-02T10:00:00Z");

let world: EvidenceWorld;
let gpg: GpgHome;
before(async () => {
  gpg = gpgHome();
  world = await evidenceWorld();
});
after(async () => {
  gpg.close();
  await world.close();
});

const ago = (days: number): Date => new Date(world.runtime.clock.now().getTime() - days * DAY_MS);
let serial = 0;
const newKey = (algorithm = "ed25519", expires?: string): string => {
  serial += 1;
  const userId = `Key ${serial} <k${serial}@example.org>`;
  return gpg.make({ algorithm, userId, usage: "sign", ...(expires ? { expires } : {}) }, MADE);
};

const by = (accountId: AccountId, now: Date) => ({
  accountId,
  actor: { kind: "subscriber", id: accountId } as const,
  now,
});

/** Pastes and signs, as the page asks for it. */
async function bind(account: { id: AccountId; username: string }, fingerprint: string, daysAgo = 100, signer = gpg) {
  const now = ago(daysAgo);
  must(await pasteOpenpgpKey(world.runtime, { ...by(account.id, now), armored: gpg.exportKey(fingerprint) }));
  const pending = await pendingOpenpgpKey(world.runtime, account, now);
  assert.ok(pending);
  const signature = signer.clearsign(`${pending.text}\n`, { by: fingerprint, at: now });
  return confirmOpenpgpKey(world.runtime, { ...by(account.id, now), signature });
}

const person = async (username: string) => ({
  id: await world.register(username, `${username}@example.org`),
  username,
});
const answer = (context: EvidenceContext, signature: string) => prove(world.runtime, context, "openpgp", { signature });
const textOf = async (context: EvidenceContext) => challengeText(context, await world.challenge(context, "openpgp"));

describe("OpenPGP signature, with the real gpg", { skip: hasGpg() ? false : "gpg is not installed" }, () => {
  test("the command shown, run as it is by a shell, gives a proof; a detached signature does too", async () => {
    const alice = await person("pgp-alice");
    const fingerprint = newKey();
    must(await bind(alice, fingerprint));
    const [key] = await listOpenpgpKeys(world.db, alice.id);
    assert.ok(key);
    const context = world.openCase(alice.id);
    const challenge = await world.challenge(context, "openpgp");
    const { command } = openpgp.instructions({ ...context, challenge });
    assert.ok(command);
    const stamp = `${context.now.toISOString().slice(0, 19).replace(/[-:]/g, "")}!`;
    const printed = execFileSync(
      "sh",
      ["-ec", command.replace("gpg ", `gpg --batch --faked-system-time ${stamp} -u ${fingerprint} `)],
      {
        env: { ...process.env, GNUPGHOME: gpg.folder },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    const finding = must(await answer(context, printed));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.policyKind, "openpgp");
    assert.equal(finding.root, `key:${fingerprint}`);
    assert.deepEqual(finding.boundAt, key.boundAt);
    assert.equal(finding.nonceId, challenge.id);
    assert.equal(codeOf(await answer(context, printed)), "evidence/no-challenge", "a challenge is answered once");
    const again = world.openCase(alice.id);
    const detached = gpg.detach(await textOf(again), { by: fingerprint, at: again.now });
    assert.equal(must(await answer(again, detached)).verdict, "supports");
  });

  test("an RSA key, and a subkey under a primary key that only certifies", async () => {
    const alice = await person("pgp-kinds");
    const rsa = newKey("rsa3072");
    const primary = gpg.make({ algorithm: "ed25519", userId: "Two <two@example.org>", usage: "cert" }, MADE);
    gpg.addSubkey(primary, "ed25519", "sign", MADE);
    for (const fingerprint of [rsa, primary]) {
      must(await bind(alice, fingerprint));
      const context = world.openCase(alice.id);
      const signature = gpg.clearsign(await textOf(context), { by: fingerprint, at: context.now });
      assert.equal(must(await answer(context, signature)).root, `key:${fingerprint}`);
    }
  });

  test("a key removed, one nobody has, one of another account, and one that expired are answered alike", async () => {
    const [alice, bob] = [await person("pgp-alike"), await person("pgp-bob")];
    const [removed, unknown, his, old] = [newKey(), newKey(), newKey(), newKey("ed25519", "2026-01-01")];
    must(await bind(alice, removed));
    const [key] = await listOpenpgpKeys(world.db, alice.id);
    assert.ok(key);
    must(await revokeOpenpgpKey(world.runtime, { ...by(alice.id, ago(50)), id: key.id }));
    must(await bind(bob, his));
    must(await bind(alice, old, 600));
    const context = world.openCase(alice.id);
    const text = await textOf(context);
    const findings = [];
    for (const one of [removed, unknown, his]) {
      findings.push(must(await answer(context, gpg.clearsign(text, { by: one, at: context.now }))));
    }
    findings.push(must(await answer(context, gpg.clearsign(text, { by: old, at: ago(600) })))); // dated back to when it was good
    assert.deepEqual(
      findings.map(({ verdict }) => verdict),
      ["inconclusive", "inconclusive", "contradicts", "inconclusive"],
    );
    assert.equal(new Set(findings.map(({ claimantText }) => claimantText)).size, 1);
    assert.doesNotMatch(JSON.stringify(findings), new RegExp(bob.id));
  });

  test("another case's text, an older challenge, the text of a binding and a forged name do not count", async () => {
    const alice = await person("pgp-replay");
    const [fingerprint, thief] = [newKey(), newKey()];
    must(await bind(alice, fingerprint));
    const [context, other] = [world.openCase(alice.id), world.openCase(alice.id)];
    const older = await textOf(context);
    const text = await textOf(context);
    const elsewhere = await textOf(other);
    for (const signed of [older, elsewhere, `${text} and more`]) {
      const finding = must(await answer(context, gpg.clearsign(signed, { by: fingerprint, at: context.now })));
      assert.equal(finding.verdict, "inconclusive");
    }
    // A signature by the thief's key that names Alice's: the issuer is not covered by what makes it good.
    const forged = gpg.clearsign(text, { by: thief, at: context.now });
    assert.equal(must(await answer(context, swapIssuer(forged, thief, fingerprint))).verdict, "inconclusive");
    assert.equal(
      must(await answer(context, gpg.clearsign(text, { by: fingerprint, at: context.now }))).verdict,
      "supports",
    );
  });

  test("a binding takes the key's own signature over the account's own text, once, within the hour", async () => {
    const [alice, mallory] = [await person("pgp-bind"), await person("pgp-mallory")];
    const [fingerprint, other] = [newKey(), newKey()];
    const now = ago(20);
    const paste = (who: AccountId, at = now) =>
      pasteOpenpgpKey(world.runtime, { ...by(who, at), armored: gpg.exportKey(fingerprint) });
    const confirm = (who: AccountId, signature: string, at = now) =>
      confirmOpenpgpKey(world.runtime, { ...by(who, at), signature });
    must(await paste(alice.id));
    must(await paste(mallory.id));
    const pending = await pendingOpenpgpKey(world.runtime, alice, now);
    assert.ok(pending);
    const sign = (text: string, key = fingerprint) => gpg.clearsign(text, { by: key, at: now });
    assert.equal(codeOf(await confirm(alice.id, sign(pending.text, other))), "evidence/binding-does-not-fit");
    assert.equal(codeOf(await confirm(alice.id, sign(`${pending.text}.`))), "evidence/binding-does-not-fit");
    // Mallory cannot bind Alice's key with what Alice signed for herself.
    assert.equal(codeOf(await confirm(mallory.id, sign(pending.text))), "evidence/binding-does-not-fit");
    const late = new Date(now.getTime() + 3600_000 + 1);
    assert.equal(codeOf(await confirm(alice.id, sign(pending.text), late)), "evidence/no-pending-key");
    await eraseOldObservations(world.runtime, new Date(now.getTime() + 1800_000));
    assert.ok(await pendingOpenpgpKey(world.runtime, alice, now), "half an hour later it still waits");
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => confirm(alice.id, sign(pending.text))));
    assert.equal(outcomes.filter((one) => one.ok).length, 1, "of several at once one binds");
    assert.equal(codeOf(await paste(alice.id)), "evidence/key-known");
    assert.equal((await listOpenpgpKeys(world.db, alice.id)).length, 1);
    assert.equal((await listOpenpgpKeys(world.db, mallory.id)).length, 0);
    await eraseOldObservations(world.runtime, late);
    assert.equal(await pendingOpenpgpKey(world.runtime, mallory, now), null, "what was never signed for is forgotten");
    assert.deepEqual(
      (await listMails(world.db, { accountId: alice.id })).map(({ message, toAddress }) => [message, toAddress]),
      [["openpgp-key-added", "pgp-bind@example.org"]],
    );
  });

  test("a key younger than seven days, or renewed within them, weighs nothing; after them it does", async () => {
    const policy = await loadPolicy("policy/default.json");
    assert.ok(policy.ok);
    const alice = await person("pgp-young");
    const fingerprint = newKey("ed25519", "2027-06-01");
    must(await bind(alice, fingerprint, 6));
    const weighed = async () => {
      const context = world.openCase(alice.id);
      must(await answer(context, gpg.detach(await textOf(context), { by: fingerprint, at: context.now })));
      const findings = (await listFindings(world.db, context.caseId)).map(toPolicyFinding);
      return weigh(policy.value, findings, { now: context.now, caseOpenedAt: context.openedAt });
    };
    assert.deepEqual(
      (await weighed()).setAside.map(({ code }) => code),
      ["too-young"],
    );
    world.runtime.clock.advance(2 * DAY_MS);
    assert.equal((await weighed()).perClass.a2.bits, 8);
    gpg.run(["--quick-set-expire", fingerprint, "2028-06-01"], { at: world.runtime.clock.now() });
    const renewed = await pasteOpenpgpKey(world.runtime, {
      ...by(alice.id, world.runtime.clock.now()),
      armored: gpg.exportKey(fingerprint),
    });
    assert.equal(must(renewed), "refreshed");
    assert.deepEqual(
      (await weighed()).setAside.map(({ code }) => code),
      ["changed-lately"],
    );
    world.runtime.clock.advance(8 * DAY_MS);
    assert.equal((await weighed()).perClass.a2.bits, 8);
  });

  test("while a hold stands no key is added", async () => {
    const alice = await person("pgp-held");
    const until = new Date(world.runtime.clock.now().getTime() + DAY_MS);
    const actor = { kind: "clock" } as const;
    await world.act(
      (tx) =>
        placeHold(tx, world.runtime.random, {
          accountId: alice.id,
          powers: ["keys"],
          caseId: null,
          until,
          because: "a test",
          actor,
        }),
      1,
    );
    const paste = { ...by(alice.id, world.runtime.clock.now()), armored: gpg.exportKey(newKey()) };
    assert.equal(codeOf(await pasteOpenpgpKey(world.runtime, paste)), "registry/held");
  });

  test("a pasted private key is refused, said to be one, and kept nowhere", async () => {
    const alice = await person("pgp-oops");
    const armored = gpg.exportPrivate(newKey());
    const context = world.openCase(alice.id);
    await world.challenge(context, "openpgp");
    assert.equal(codeOf(await answer(context, armored)), "openpgp/private-key");
    const paste = { ...by(alice.id, world.runtime.clock.now()), armored };
    assert.equal(codeOf(await pasteOpenpgpKey(world.runtime, paste)), "openpgp/private-key");
    assert.equal((await listFindings(world.db, context.caseId, { isReplacedToo: true })).length, 0);
    assert.doesNotMatch(world.runtime.logLines.join("\n"), /PRIVATE KEY/);
  });
});

/** Puts another fingerprint in the place of the one a signature names. */
function swapIssuer(armored: string, from: string, to: string): string {
  const body = /-----BEGIN PGP SIGNATURE-----\n\n([^]*?)\n(?:=....\n)?-----END/.exec(armored)?.[1] ?? "";
  const hex = Buffer.from(body, "base64").toString("hex").toUpperCase();
  const swapped = hex.replaceAll(from, to).replaceAll(from.slice(-16), to.slice(-16));
  assert.notEqual(swapped, hex);
  return armored.replace(body, Buffer.from(swapped, "hex").toString("base64")).replace(/\n=....\n/, "\n");
}

test("the text to sign stands between single quotes in any shell", () => {
  for (const url of ["https://index.example", "http://[::1]:8480", "http://127.0.0.1:8480"]) {
    const { challenge } = SAMPLE_CONTEXT;
    assert.ok(challenge);
    assert.match(challengeText({ ...SAMPLE_CONTEXT, publicUrl: new URL(url) }, challenge), /^[A-Za-z0-9 .:[\]_-]+$/);
  }
});
