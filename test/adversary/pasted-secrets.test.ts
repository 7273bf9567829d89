import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe } from "node:test";
import { sql } from "kysely";
import { expectPage, makeToken, type Person, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, sshChallenge } from "../../src/bin/demo/recovery.ts";
import { listSigningKeys, registerSigningKey } from "../../src/evidence/index.ts";
import type { CaseId } from "../../src/kernel/ids.ts";
import { parseSshPublicKey } from "../../src/kernel/crypto/sshsig.ts";
import { findCaseByNumber, listMessages, storyOf } from "../../src/recovery/index.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { accountIdOf, atTheDesk, elsewhere, maintainer, staff, subscriber } from "./cast.ts";

/* What people paste where it does not belong: it is not kept, it stops working, and they are told. */

const pemOf = ({ sshKey }: Person): string => sshKey.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** Every row of every table, and what is sealed in cases, as text. */
async function everything(world: World): Promise<string> {
  const { root } = world.runtime.db;
  const { rows: names } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(root);
  const texts: string[] = [];
  for (const { name } of names) {
    const { rows } = await sql<{
      line: string;
    }>`select to_jsonb(one)::text as line from ${sql.table(name)} one`.execute(root);
    texts.push(...rows.map(({ line }) => line));
  }
  const { rows: cases } = await sql<{ id: CaseId }>`select id from recovery_cases`.execute(root);
  for (const { id } of cases) {
    texts.push(await storyOf(world.runtime.db, world.runtime.keys, id));
    texts.push(...(await listMessages(world.runtime.db, world.runtime.keys, id, "staff")).map(({ body }) => body));
  }
  return texts.join("\n");
}

/** Everything that is stored, and every mail that went out, without the secret. */
async function assertGone(world: World, secrets: readonly string[]): Promise<void> {
  await world.settle();
  const stored = await everything(world);
  const mails = JSON.stringify(world.sent);
  for (const secret of secrets) {
    for (const line of secret.split("\n").filter((one) => one.length > 20 && !one.startsWith("-----"))) {
      for (const place of [stored, mails, world.runtime.logLines.join("\n")]) assert(!place.includes(line), line);
    }
  }
}

const textsOf = async (world: World, number: string, audience: "claimant" | "staff" = "staff") => {
  const found = await findCaseByNumber(world.runtime.db, number);
  assert(found);
  return listMessages(world.runtime.db, world.runtime.keys, found.id, audience);
};

/** At a case whose contact address is not on the account, so that nothing is proven yet. */
async function claimantOf(world: World, person: Person) {
  const claimant = elsewhere(world, person);
  const contact = `${person.username}@elsewhere.example`;
  const opened = await openFromForm(claimant, { username: person.username, contact });
  await confirmContact(world, claimant, opened.number, contact);
  await openCasePage(claimant);
  return { claimant, number: opened.number };
}

describe("pasted secrets", () => {
  story(
    "a key, a token and a code in a message are cut out, ended, and said so",
    { seed: "pasted-message" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const token = await makeToken(alice, "laptop");
      const [code = ""] = alice.codes;
      assert.equal((await upload(world, { ...alice, token }, wheelOf("alpenglow", "2.0"))).status, 200);
      const { claimant, number } = await claimantOf(world, alice);
      const body = `Hello,\n${pemOf(alice)}\nmy token ${token} and code ${code}\nthat is all`;
      const page = await claimant.browser.submit("/recovery/case/message", { body });
      expectPage(page, /It was cut out before anything was kept/);
      expectPage(page, /can publish nothing any more/);
      const messages = await textsOf(world, number, "claimant");
      assert.equal(
        messages.at(-2)?.body,
        "Hello,\n[a private key was here]\n\nmy token [an API token was here] and code [a recovery code was here]\nthat is all",
      );
      await assertGone(world, [pemOf(alice), token, code]);
      assert.equal((await upload(world, { ...alice, token }, wheelOf("alpenglow", "3.0"))).status, 403);
      assert.deepEqual(await listSigningKeys(world.runtime.db, await accountIdOf(world, "alice")), []);
      const subjects = world.sent.filter(({ to }) => to === alice.address).map(({ subject }) => subject);
      for (const subject of [/SSH key of your account counts no more/, /token/i, /recovery code/i]) {
        assert(
          subjects.some((one) => subject.test(one)),
          `${String(subject)} in ${subjects.join(", ")}`,
        );
      }
    },
  );

  story("a secret in a proof field is refused, ended, and not shown again", { seed: "pasted-proof" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const { claimant, number } = await claimantOf(world, alice);
    await sshChallenge(claimant);
    const token = await makeToken(alice, "laptop");
    const [code = "", other = ""] = alice.codes;
    const pasted: readonly (readonly [path: string, fields: Readonly<Record<string, string>>, told: RegExp])[] = [
      ["/recovery/case/prove/ssh-signature", { signature: pemOf(alice) }, /counts for nothing any more/],
      ["/recovery/case/prove/password", { password: token }, /can publish nothing any more/],
      ["/recovery/case/prove/mailbox", { address: code }, /opens nothing any more/],
      ["/recovery/case/prove/records", { tokenNames: `laptop\n${other}` }, /opens nothing any more/],
    ];
    for (const [path, fields, told] of pasted) {
      await openCasePage(claimant);
      const page = expectPage(await claimant.browser.submit(path, fields), told, 422);
      for (const secret of Object.values(fields)) assert(!page.html.includes(secret), `${path} shows it again`);
    }
    // Too long for the form, and a secret all the same.
    await openCasePage(claimant);
    const third = alice.codes[2] ?? "";
    const long = await claimant.browser.submit("/recovery/case/message", { body: `${third}\n${"so ".repeat(2000)}` });
    expectPage(long, /opens nothing any more/, 422);
    assert(!long.html.includes(third));
    await assertGone(world, [pemOf(alice), token, code, other, third]);
    assert.deepEqual(await listSigningKeys(world.runtime.db, await accountIdOf(world, "alice")), []);
    const told = (await textsOf(world, number)).filter(({ authorKind }) => authorKind === "system");
    assert.equal(told.length, pasted.length + 1);
  });

  story("a secret in the first form, and at the desk", { seed: "pasted-story" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const token = await makeToken(alice, "laptop");
    const lost = elsewhere(world, alice);
    await lost.browser.open("/recovery");
    const fields = { contact: alice.address, cause: "other", story: `It is ${token}` };
    expectPage(
      await lost.browser.submit("/recovery", { ...fields, username: token }),
      /Something you wrote was cut out/,
    );
    await lost.browser.open("/recovery");
    const again = await lost.browser.submit("/recovery", { ...fields, username: "alice" });
    const page = expectPage(again, /Something you wrote was cut out/);
    const number = /LK-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(page.text)?.[0] ?? "";
    await assertGone(world, [token]);
    await confirmContact(world, lost, number);
    await openCasePage(lost);
    await lost.browser.submit("/recovery/case/submit");
    const desk = await atTheDesk(world, await staff(world, "rita", "reviewer"));
    const path = `/console/cases/${number}`;
    const [code = "", other = ""] = alice.codes;
    await desk.browser.open(path);
    await desk.browser.submit(`${path}/note`, { note: `They mailed me ${code}` });
    await desk.browser.open(path);
    await desk.browser.submit(`${path}/request-information`, { question: `Is ${other} one of yours?` });
    await assertGone(world, [code, other]);
    const messages = await textsOf(world, number);
    assert(messages.some(({ body }) => body === "They mailed me [a recovery code was here]"));
    assert(messages.some(({ body }) => body === "Is [a recovery code was here] one of yours?"));
    const internal = messages.filter((one) => one.authorKind === "system" && one.isInternal);
    assert.equal(internal.length, 2, "what the desk typed is told to the desk alone");
  });

  story("nobody ends a key by a file that only names it", { seed: "pasted-forged" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const mallory = await subscriber(world, "mallory");
    const theirs = parseSshPublicKey(alice.sshKey.publicLine);
    assert(theirs.ok);
    const { claimant } = await claimantOf(world, mallory);
    const field = (bytes: Buffer | string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(bytes));
      return Buffer.concat([length, Buffer.from(bytes)]);
    };
    const own = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32);
    const publicPart = theirs.value.blob.subarray(-32);
    const secret = Buffer.concat([
      Buffer.alloc(8),
      field("ssh-ed25519"),
      field(publicPart),
      field(Buffer.concat([own, publicPart])),
      field(""),
    ]);
    const container = (cipher: string) =>
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.concat([Buffer.from("openssh-key-v1\0"), field(cipher), field(cipher === "none" ? "none" : "bcrypt"), field(""), Buffer.from([0, 0, 0, 1]), field(theirs.value.blob), field(secret)]).toString("base64")}\n-----END OPENSSH PRIVATE KEY-----`;
    for (const cipher of ["none", "aes256-ctr"]) {
      await openCasePage(claimant);
      const page = await claimant.browser.submit("/recovery/case/message", { body: container(cipher) });
      expectPage(page, /A private key that we cannot open/);
    }
    const id = await accountIdOf(world, "alice");
    assert.equal((await listSigningKeys(world.runtime.db, id)).length, 1, "Alice's key counts as before");
    // Pasted on the page of keys instead of the public line, the real one ends too.
    const refused = await registerSigningKey(world.runtime, {
      accountId: await accountIdOf(world, "mallory"),
      line: pemOf(alice),
      actor: { kind: "anyone" },
      now: world.time.now(),
    });
    assert.equal(refused.ok ? "" : refused.refusal.code, "sshsig/private-key");
    assert.match(refused.ok ? "" : (refused.refusal.detail ?? ""), /counts for nothing any more/);
    assert.deepEqual(await listSigningKeys(world.runtime.db, id), []);
  });
});
