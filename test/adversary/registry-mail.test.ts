import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe } from "node:test";
import { sql } from "kysely";
import { type Person } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { type DkimKey, keepDkimKey } from "../../src/notifications/index.ts";
import { arrived, signedAlso, signingKey, unsigned, uploadMail } from "../world/kept-mail.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { csrfOf, DAY, elsewhere, forgetAttempts, rawRequest, subscriber, tables } from "./cast.ts";

/*
 * Files that nobody should believe, on the case page: broken, endless, signed by everybody, signed in part, said twice. Each
 * ends as a plain sentence or as a finding that weighs nothing.
 */

const SENDER = { name: "Index account security", address: "security@index.example" };

interface Stage {
  readonly world: World;
  readonly alice: Person;
  /** A mail that is good in every way. */
  readonly good: string;
  readonly signer: DkimKey;
  /** A page of a case, fresh where tries have run out. */
  readonly claimant: () => Promise<Person>;
}

async function setStage(world: World): Promise<Stage> {
  const alice = await subscriber(world, "alice", "alice@big-mail.net");
  await world.settle();
  const mail = world.sent.findLast((one) => one.to === alice.address);
  assert(mail);
  const now = world.time.now();
  const { key: signer, kept } = signingKey("index.example", { from: new Date(now.getTime() - DAY), until: now });
  await transact(world.runtime.db, { now, bookkeeping: "as at the server’s start" }, async (tx) => {
    await keepDkimKey(tx, kept);
    return ok();
  });
  await world.pass(60 * DAY);
  const page = elsewhere(world, alice);
  const { number } = await openFromForm(page, { username: "alice", contact: "claimant@new-mail.org" });
  await confirmContact(world, page, number, "claimant@new-mail.org");
  const claimant = async (): Promise<Person> => {
    await forgetAttempts(world);
    await sql`delete from evidence_tries`.execute(world.runtime.db.root);
    return page;
  };
  return { world, alice, good: await arrived(mail, SENDER, signer), signer, claimant };
}

const at = (key: DkimKey) => ({
  signingDomain: key.domainName,
  selector: key.keySelector,
  privateKey: key.privateKey.reveal(),
});

async function findings(world: World): Promise<readonly string[]> {
  const { rows } = await sql<{ verdict: string }>`select verdict from findings where kind = 'registry-mail'
    and replaced_at is null`.execute(world.runtime.db.root);
  return rows.map(({ verdict }) => verdict);
}

/** Uploads each, and holds it to a plain sentence that no finding follows. */
async function refusesAll(stage: Stage, mails: readonly (readonly [what: string, raw: string, says: RegExp])[]) {
  for (const [what, raw, says] of mails) {
    const page = await uploadMail(await stage.claimant(), raw);
    assert.ok(page.status === 422 || page.status === 413, `${what}: ${page.status}`);
    assert.match(page.text, says, what);
    assert.deepEqual(await findings(stage.world), [], what);
  }
}

describe("mails nobody should believe", () => {
  story("broken, endless and doubled ones are refused with a sentence", { seed: "broken-mails" }, async (world) => {
    const stage = await setStage(world);
    const { good } = stage;
    const [header = "", ...body] = good.split("\r\n\r\n");
    const whole = (top: string) => [top, ...body].join("\r\n\r\n");
    const UNREADABLE = /not one whole mail/;
    await refusesAll(stage, [
      ["a word", "hello", UNREADABLE],
      ["no header", "\r\n\r\nhello", UNREADABLE],
      ["a header alone", header, UNREADABLE],
      ["a picture", `\x89PNG\r\n\x1a\n${"\0".repeat(5000)}`, UNREADABLE],
      ["a zip", `PK\x03\x04${"\xff".repeat(5000)}`, UNREADABLE],
      ["lines that are no fields", whole(`${header}\r\nthis is no field`), UNREADABLE],
      ["a NUL in a name", whole(`${header}\r\nX-\0: 1`), UNREADABLE],
      ["ten thousand fields", whole(`${header}\r\n${"X: 1\r\n".repeat(9_000)}X: 1`), UNREADABLE],
      ["a header of a megabyte", whole(`${header}\r\nX: ${"y".repeat(900_000)}`), UNREADABLE],
      ["no date", good.replace(/^Date: .*\r\n/m, ""), UNREADABLE],
      ["a date that is none", good.replace(/^Date: .*$/m, "Date: yesterday"), UNREADABLE],
      ["two addressees", good.replace(/^To: .*$/m, "To: alice@big-mail.net, eve@big-mail.net"), UNREADABLE],
      ["a group", good.replace(/^To: .*$/m, "To: all: alice@big-mail.net;"), UNREADABLE],
      ["more than a megabyte", `${good}${"x".repeat(1024 * 1024)}`, /larger than/],
      ["no signature", unsigned(good), /no signature of ours/],
    ]);
    for (const name of ["From", "To", "Subject", "Date", "Message-ID", "Sender", "Content-Type", "MIME-Version"]) {
      const line = new RegExp(`^${name}: .*$`, "mi").exec(good)?.[0] ?? `${name}: eve@index.example`;
      const twice = name === "Sender" ? `${line}\r\n${line}\r\n` : `${line}\r\n`;
      await refusesAll(stage, [
        [`two ${name}, the first on top`, `${twice}${good}`, /says something twice/],
        [`two ${name}, in other letters`, `${twice.toUpperCase()}${good}`, /says something twice/],
      ]);
    }
  });

  story(
    "parts within parts, and bodies that never end, change nothing and cost little",
    { seed: "deep-mails" },
    async (world) => {
      const stage = await setStage(world);
      const { signer } = stage;
      const header =
        unsigned(stage.good)
          .split("\r\n\r\n")[0]
          ?.replace(/^Content-Type: [^]*?\r\n(?! )/m, "") ?? "";
      const nested = Array.from(
        { length: 4000 },
        (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`,
      ).join("");
      const bodies = [
        `Content-Type: multipart/mixed; boundary=b0\r\n\r\n${nested}`,
        `Content-Type: multipart/mixed; boundary="never"\r\n\r\n--other\r\n\r\nx`,
        `Content-Type: text/plain; charset=x-nothing\r\nContent-Transfer-Encoding: base64\r\n\r\n${"=".repeat(200_000)}`,
        `Content-Type: message/rfc822\r\n\r\n${"Content-Type: message/rfc822\r\n\r\n".repeat(5000)}`,
        `Content-Type: ${"a/b; x=".repeat(5000)}\r\n\r\nx`,
      ];
      for (const body of bodies) {
        const page = await uploadMail(await stage.claimant(), await signedAlso(`${header}\r\n${body}`, at(signer)));
        assert.ok(page.status === 200 || page.status === 422, `${page.status}: ${page.text.slice(0, 200)}`);
        assert.doesNotMatch(page.text, /went wrong on our side/);
        const altered = await uploadMail(await stage.claimant(), `${header}\r\n${body}`);
        assert.equal(altered.status, 422);
      }
    },
  );

  story(
    "many signatures, somebody else's, weak ones, and one over half the mail prove nothing",
    { seed: "signatures" },
    async (world) => {
      const stage = await setStage(world);
      const { good, signer } = stage;
      const bare = unsigned(good);
      const foreign = signingKey("elsewhere.example", { from: new Date(0), until: new Date() }).key;
      const impostor = {
        ...signingKey("index.example", { from: new Date(0), until: new Date() }, signer.keySelector).key,
      };
      const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({
        type: "pkcs8",
        format: "pem",
      });
      const covering = (headerList: string) => signedAlso(bare, { ...at(signer), headerList });
      const [line = ""] = /DKIM-Signature:[^]*?\r\n(?![ \t])/.exec(good) ?? [];
      const NOT_OURS = /no signature of ours/;
      const HALF = /covers a part of it only/;
      await refusesAll(stage, [
        ["eleven", `${line.repeat(10)}${good}`, /more signatures than any mail of ours/],
        ["a hundred thousand", `${"DKIM-Signature: v=1\r\n".repeat(40_000)}${good}`, /not one whole mail|larger than/],
        ["somebody else's", await signedAlso(bare, at(foreign)), NOT_OURS],
        [
          "our selector, another domain",
          await signedAlso(bare, { ...at(signer), signingDomain: "elsewhere.example" }),
          NOT_OURS,
        ],
        ["our domain, a selector of no key", await signedAlso(bare, { ...at(signer), selector: "other" }), NOT_OURS],
        [
          "our key on a mail of another sender",
          await signedAlso(bare.replace(/^From: .*$/m, "From: eve@elsewhere.example"), at(signer)),
          NOT_OURS,
        ],
        ["a signature without tags", `DKIM-Signature: \r\n${bare}`, NOT_OURS],
        ["a signature of noise", `DKIM-Signature: ${"v=1; ".repeat(4000)}\r\n${bare}`, NOT_OURS],
        ["half the body", await signedAlso(bare, { ...at(signer), maxBodyLength: 100 }), HALF],
        ["none of the body", await signedAlso(bare, { ...at(signer), maxBodyLength: 0 }), HALF],
        ["all of the body, by its length", await signedAlso(bare, { ...at(signer), maxBodyLength: 10_000_000 }), HALF],
        ["all but the addressee", await covering("From:Subject:Date:Message-ID"), HALF],
        ["all but the date", await covering("From:To:Subject:Message-ID"), HALF],
        ["all but the id", await covering("From:To:Subject:Date"), HALF],
        ["all but the subject", await covering("From:To:Date:Message-ID"), HALF],
      ]);
      const forged: readonly (readonly [string, string])[] = [
        ["the body changed", good.replace(/account/, "acc0unt")],
        ["something after the end", `${good}And one line more.\r\n`],
        ["another subject", good.replace(/^Subject: /m, "Subject: Re: ")],
        ["another key under our name", await signedAlso(bare, at(impostor))],
        ["a short key under our name", await signedAlso(bare, { ...at(signer), privateKey: weak })],
        ["SHA-1", await signedAlso(bare, { ...at(signer), algorithm: "rsa-sha1" })],
        ["alg none", good.replace("a=rsa-sha256", "a=none")],
        ["version 2", good.replace("v=1;", "v=2;")],
      ];
      for (const [what, raw] of forged) {
        const page = await uploadMail(await stage.claimant(), raw);
        assert.match(page.text, /does not fit|no signature of ours/, what);
        assert.ok(
          (await findings(world)).every((verdict) => verdict === "inconclusive"),
          what,
        );
      }
      // Beside ten of others, ours is still found.
      const among = await signedAlso(good, at(foreign));
      assert.match((await uploadMail(await stage.claimant(), among)).text, /one of ours, unchanged/);
    },
  );

  story(
    "a secret in the file ends where it is ours, is said, and is kept nowhere",
    { seed: "mail-secrets", secrets: () => ["BEGIN OPENSSH"] },
    async (world) => {
      const stage = await setStage(world);
      const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      for (const raw of [
        pem,
        `${stage.good}\r\n${pem}`,
        `${unsigned(stage.good).split("\r\n\r\n")[0]}\r\nX: 1\r\n\r\n${pem}`,
      ]) {
        const page = await uploadMail(await stage.claimant(), raw);
        assert.equal(page.status, 422);
        assert.match(page.text, /There was a secret in that mail.*private key/);
        assert.deepEqual(await findings(world), []);
      }
      // Links of ours in our own mails are no reason to refuse them.
      assert.match(stage.good, /not-me|confirm-address|https?:=2F=2F|http/);
      assert.match((await uploadMail(await stage.claimant(), stage.good)).text, /one of ours, unchanged/);
      const { rows } = await sql<{ row: string }>`select to_jsonb(one)::text as row from findings one`.execute(
        world.runtime.db.root,
      );
      assert.doesNotMatch(JSON.stringify(rows), /PRIVATE KEY/);
    },
  );

  story(
    "the form takes one file, in its own field, with its token first, and nothing more",
    { seed: "mail-forms" },
    async (world) => {
      const stage = await setStage(world);
      const { browser } = await stage.claimant();
      const path = "/recovery/case/prove/registry-mail";
      const before = await tables(world);
      const csrf = await csrfOf(browser);
      const field = (name: string, value: string, more = "") =>
        `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
      const token = field("_csrf", csrf);
      const file = field("file", stage.good, '; filename="a.eml"');
      const bodies: readonly (readonly [string, string, number])[] = [
        ["no token", `${file}--x--\r\n`, 403],
        ["the token after the file", `${file}${token}--x--\r\n`, 403],
        ["another token", `${field("_csrf", `${csrf}x`)}${file}--x--\r\n`, 403],
        ["a file where text belongs", `${token}${field("message", "x", '; filename="a"')}--x--\r\n`, 400],
        ["two files", `${token}${file}${file}--x--\r\n`, 422],
        ["an unknown field", `${token}${file}${field("isAdmin", "true")}--x--\r\n`, 422],
        ["a prototype", `${token}${field("__proto__", "x")}${file}--x--\r\n`, 400],
        ["no name", `${token}${field("", "x")}--x--\r\n`, 400],
        ["many fields", `${token}${field("message", "x").repeat(50)}--x--\r\n`, 400],
        ["not UTF-8", `${token}${field("message", "\xc3\x28")}--x--\r\n`, 400],
        ["nothing", `${token}--x--\r\n`, 422],
        ["no end", `${token}${file}`, 400],
        ["too large a file", `${token}${field("file", "y".repeat(1_200_000), '; filename="a"')}--x--\r\n`, 413],
        ["too large a text", `${token}${field("message", "y".repeat(1_200_000))}--x--\r\n`, 413],
      ];
      for (const [what, body, status] of bodies) {
        await stage.claimant();
        const bytes = Buffer.from(body, "latin1");
        const headers = {
          "content-type": "multipart/form-data; boundary=x",
          "content-length": String(bytes.length),
          accept: "text/html",
        };
        const answer = await rawRequest(world, {
          method: "POST",
          path,
          browser,
          headers,
          body: bytes,
        });
        assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 200)}`);
      }
      await stage.claimant();
      assert.deepEqual(await tables(world), before, "nothing was written");
    },
  );
});
