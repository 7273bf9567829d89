import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { client } from "../../../../test/clients.ts";
import { listMails } from "../../../notifications/index.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import {
  type EvidenceContext,
  listFindings,
  listSigningKeys,
  prove,
  registerSigningKey,
  revokeSigningKey,
} from "../../index.ts";
import { SAMPLE_CONTEXT } from "../../sample-context.ts";
import { codeOf, evidenceWorld, type EvidenceWorld, must } from "../../test-support.ts";
import { challengeText, NAMESPACE } from "./challenge-text.ts";
import { sshSignature } from "./ssh-signature.ts";

const keygen = client("ssh-keygen");
const skip = keygen === null ? "ssh-keygen is not installed" : false;

let world: EvidenceWorld;
let folder: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "locksmith-evidence-ssh-"));
  world = await evidenceWorld();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await world.close();
});

/** A key made by the real ssh-keygen. */
function makeKey(type: "ed25519" | "rsa" | "ecdsa" = "ed25519", bits?: number) {
  assert.ok(keygen);
  const home = mkdtempSync(join(folder, "home-"));
  const file = join(home, "id");
  execFileSync(keygen, [
    "-q",
    "-t",
    type,
    ...(bits ? ["-b", String(bits)] : []),
    "-N",
    "",
    "-C",
    "alice@desk",
    "-f",
    file,
  ]);
  const sign = (text: string, namespace = NAMESPACE): string => {
    const path = join(home, "text");
    rmSync(`${path}.sig`, { force: true });
    writeFileSync(path, text);
    execFileSync(keygen, ["-q", "-Y", "sign", "-f", file, "-n", namespace, path], { stdio: "ignore" });
    return readFileSync(`${path}.sig`, "utf8");
  };
  return { home, file, line: readFileSync(`${file}.pub`, "utf8"), privateKey: readFileSync(file, "utf8"), sign };
}

const registerKey = (accountId: AccountId, line: string, daysAgo = 100) =>
  registerSigningKey(world.runtime, {
    accountId,
    line,
    actor: { kind: "subscriber", id: accountId },
    now: new Date(world.runtime.clock.now().getTime() - daysAgo * 24 * 3600_000),
  });
const answer = (context: EvidenceContext, signature: string) =>
  prove(world.runtime, context, "ssh-signature", { signature });

describe("SSH signature, with the real ssh-keygen", { skip }, () => {
  test("the commands shown, run as they are by a shell, give a proof", async () => {
    assert.ok(keygen);
    const alice = await world.register("ssh-alice", "ssh-alice@example.org");
    const key = makeKey();
    const registered = must(await registerKey(alice, key.line));
    const context = world.openCase(alice);
    const challenge = await world.challenge(context, "ssh-signature");
    const { command } = sshSignature.instructions({ ...context, challenge });
    assert.ok(command);
    const path = `${join(keygen, "..")}:${process.env["PATH"] ?? ""}`;
    const printed = execFileSync("sh", ["-ec", command.replace("~/.ssh/id_ed25519", key.file)], {
      cwd: key.home,
      env: { ...process.env, PATH: path },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const finding = must(await answer(context, printed));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.policyKind, "ssh-signature");
    assert.equal(finding.root, `device:${registered.fingerprint}`);
    assert.deepEqual(finding.boundAt, registered.boundAt);
    assert.equal(finding.nonceId, challenge.id);
    assert.equal(codeOf(await answer(context, printed)), "evidence/no-challenge", "a challenge is answered once");
  });

  test("RSA and ECDSA keys, a text with a line end, and spaces around the paste are fine", async () => {
    const alice = await world.register("ssh-types", "ssh-types@example.org");
    for (const [type, bits, end] of [
      ["rsa", 2048, "\n"],
      ["ecdsa", 256, "\r\n"],
      ["ecdsa", 384, ""],
      ["ecdsa", 521, "\n"],
    ] as const) {
      const key = makeKey(type, bits);
      must(await registerKey(alice, key.line));
      const context = world.openCase(alice);
      const text = challengeText(context, await world.challenge(context, "ssh-signature"));
      assert.equal(must(await answer(context, `\n  ${key.sign(text + end)}\n\n`)).verdict, "supports", type);
    }
  });

  test("of several simultaneous answers one is a finding", async () => {
    const alice = await world.register("ssh-race", "ssh-race@example.org");
    const key = makeKey();
    must(await registerKey(alice, key.line));
    const context = world.openCase(alice);
    const signature = key.sign(challengeText(context, await world.challenge(context, "ssh-signature")));
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => answer(context, signature)));
    assert.equal(outcomes.filter((one) => one.ok).length, 1);
    assert.equal((await listFindings(world.db, context.caseId, { isReplacedToo: true })).length, 1);
  });

  test("a removed key, an unknown key and a key of another account are answered alike and support nothing", async () => {
    const alice = await world.register("ssh-keys", "ssh-keys@example.org");
    const bob = await world.register("ssh-bob", "ssh-bob@example.org");
    const [removed, unknown, his] = [makeKey(), makeKey(), makeKey()];
    const registered = must(await registerKey(alice, removed.line));
    must(
      await revokeSigningKey(world.runtime, {
        id: registered.id,
        accountId: alice,
        actor: { kind: "subscriber", id: alice },
        now: world.runtime.clock.now(),
      }),
    );
    must(await registerKey(bob, his.line));
    const context = world.openCase(alice);
    const text = challengeText(context, await world.challenge(context, "ssh-signature"));
    const findings = [];
    for (const key of [removed, unknown, his]) findings.push(must(await answer(context, key.sign(text))));
    assert.deepEqual(
      findings.map(({ verdict }) => verdict),
      ["inconclusive", "inconclusive", "contradicts"],
    );
    assert.equal(new Set(findings.map(({ claimantText }) => claimantText)).size, 1);
    assert.doesNotMatch(JSON.stringify(findings), new RegExp(bob));
  });

  test("another case's text, an older challenge and another namespace do not count", async () => {
    const alice = await world.register("ssh-replay", "ssh-replay@example.org");
    const key = makeKey();
    must(await registerKey(alice, key.line));
    const [context, other] = [world.openCase(alice), world.openCase(alice)];
    const old = challengeText(context, await world.challenge(context, "ssh-signature"));
    const text = challengeText(context, await world.challenge(context, "ssh-signature"));
    const elsewhere = challengeText(other, await world.challenge(other, "ssh-signature"));
    for (const signed of [old, elsewhere, `${text} `]) {
      assert.equal(must(await answer(context, key.sign(signed))).verdict, "inconclusive");
    }
    assert.equal(codeOf(await answer(context, key.sign(text, "git"))), "sshsig/wrong-namespace");
    const tomorrow = { ...context, now: new Date(context.now.getTime() + 24 * 3600_000 + 1) };
    assert.equal(codeOf(await answer(tomorrow, key.sign(text))), "evidence/no-challenge");
    assert.equal(must(await answer(context, key.sign(text))).verdict, "supports");
  });

  test("a pasted private key is refused, said to be one, and kept nowhere", async () => {
    const alice = await world.register("ssh-oops", "ssh-oops@example.org");
    const key = makeKey();
    const context = world.openCase(alice);
    assert.equal(
      codeOf(await answer(context, key.privateKey)),
      "sshsig/private-key",
      "also before a challenge was asked for",
    );
    await world.challenge(context, "ssh-signature");
    assert.equal(codeOf(await answer(context, key.privateKey)), "sshsig/private-key");
    assert.equal(codeOf(await registerKey(alice, key.privateKey)), "sshsig/private-key");
    assert.equal((await listFindings(world.db, context.caseId, { isReplacedToo: true })).length, 0);
    assert.equal((await listSigningKeys(world.db, alice)).length, 0);
    assert.doesNotMatch(world.runtime.logLines.join("\n"), /PRIVATE KEY/);
  });

  test("a key is registered once, told by mail to confirmed addresses, and gone when it is removed", async () => {
    const alice = await world.register("ssh-reg", "ssh-reg@example.org");
    const bob = await world.register("ssh-reg-bob", "ssh-reg-bob@example.org");
    const key = makeKey();
    const results = await Promise.all(Array.from({ length: 8 }, () => registerKey(alice, key.line)));
    assert.equal(results.filter((one) => one.ok).length, 1);
    assert.deepEqual([...new Set(results.filter((one) => !one.ok).map(codeOf))], ["evidence/key-known"]);
    const mails = await listMails(world.db, { accountId: alice });
    assert.deepEqual(
      mails.map(({ message, toAddress }) => [message, toAddress]),
      [["ssh-key-added", "ssh-reg@example.org"]],
    );
    const [registered] = await listSigningKeys(world.db, alice);
    assert.ok(registered);
    const remove = (accountId: AccountId) =>
      revokeSigningKey(world.runtime, {
        id: registered.id,
        accountId,
        actor: { kind: "subscriber", id: accountId },
        now: world.runtime.clock.now(),
      });
    assert.equal(codeOf(await remove(bob)), "evidence/no-such-key");
    must(await remove(alice));
    assert.equal(codeOf(await remove(alice)), "evidence/no-such-key");
    assert.deepEqual(await listSigningKeys(world.db, alice), []);
    must(await registerKey(alice, key.line, 0));
  });

  test("twenty keys are the most, also when several are added at once", async () => {
    const alice = await world.register("ssh-many", "ssh-many@example.org");
    const line = (n: number) =>
      `ssh-ed25519 ${Buffer.concat([Buffer.from("0000000b7373682d6564323535313900000020", "hex"), Buffer.alloc(32, n + 1)]).toString("base64")}`;
    const results = await Promise.all(Array.from({ length: 24 }, (_, n) => registerKey(alice, line(n))));
    assert.equal(results.filter((one) => one.ok).length, 20);
    assert.equal((await listSigningKeys(world.db, alice)).length, 20);
  });
});

describe("SSH signature, what is not one", () => {
  for (const [what, pasted] of [
    ["words", "here is my signature"],
    ["a public key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1dCBub3QgcmVhbGx5IGEga2V5IG9mIGFueWJvZHk="],
    ["an empty armour", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----"],
    ["a cut-off one", "-----BEGIN SSH SIGNATURE-----\nU1NIU0lHAAAAAQAAADM=\n-----END SSH SIGNATURE-----"],
  ] as const) {
    test(`${what} is refused with a reason`, async () => {
      const context = world.openCase(null);
      await world.challenge(context, "ssh-signature");
      assert.match(codeOf(await answer(context, pasted)), /^sshsig\/(?:not-a-signature|malformed-signature)$/);
    });
  }

  test("the text to sign stands between single quotes in any shell", () => {
    for (const url of ["https://index.example", "http://[::1]:8480", "http://127.0.0.1:8480"]) {
      const challenge = SAMPLE_CONTEXT.challenge;
      assert.ok(challenge);
      assert.match(challengeText({ ...SAMPLE_CONTEXT, publicUrl: new URL(url) }, challenge), /^[A-Za-z0-9 .:[\]_-]+$/);
    }
  });
});
