import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { sql } from "kysely";
import {
  enrol,
  expectPage,
  makePerson,
  makeToken,
  type Person,
  registerAndConfirm,
} from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { type DkimKey, keepDkimKey } from "../../src/notifications/index.ts";
import { KEEP_DAYS } from "../../src/privacy/index.ts";
import { LOGGED_DAYS } from "../../src/evidence/kinds/registry-mail/which.ts";
import { DAY, elsewhere } from "../adversary/cast.ts";
import { client } from "../clients.ts";
import { arrived, signingKey, unsigned, uploadMail } from "../world/kept-mail.ts";
import { startSmtpSink } from "../world/smtp-sink.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* A mail that the product sent, that arrived at a mail server, and that its addressee kept: shown on the case page. */

const run = promisify(execFile);
const SENDER = { name: "Index account security", address: "security@index.example" };

async function keyOf(world: World, selector: string): Promise<DkimKey> {
  const now = world.time.now();
  const made = signingKey("index.example", { from: new Date(now.getTime() - 400 * DAY), until: now }, selector);
  await transact(world.runtime.db, { now, bookkeeping: "as at the server’s start" }, async (tx) => {
    await keepDkimKey(tx, made.kept);
    return ok();
  });
  return made.key;
}

/** Alice, the mail that told her of her token, and 60 days later a claimant at another browser. */
async function keeper(world: World, name = "alice") {
  const alice = makePerson(world, name, `${name}@big-mail.net`);
  await registerAndConfirm(world, alice);
  await enrol(world, alice);
  await makeToken(alice, "laptop");
  await world.settle();
  const mail = world.sent.findLast((one) => one.to === alice.address && /API token/.test(one.subject));
  assert(mail);
  const signer = await keyOf(world, `lks-${name}`);
  await world.pass(60 * DAY);
  return { alice, mail, signer };
}

async function opened(world: World, person: Person): Promise<Person> {
  const claimant = elsewhere(world, person);
  const contact = `${person.username}@new-mail.org`;
  const { number } = await openFromForm(claimant, { username: person.username, contact });
  await confirmContact(world, claimant, number, contact);
  return claimant;
}

async function findingsOf(world: World) {
  const { rows } = await sql<{ verdict: string; root: string; observation: unknown }>`
    select verdict, root, observation from findings where kind = 'registry-mail' and replaced_at is null
    order by verdict`.execute(world.runtime.db.root);
  return rows;
}

describe("an old mail of ours", () => {
  story(
    "chosen as a file it counts at once, pasted too, and nothing of it stays",
    { seed: "old-mail" },
    async (world) => {
      const { alice, mail, signer } = await keeper(world);
      const raw = await arrived(mail, SENDER, signer);
      const claimant = elsewhere(world, alice);
      const { number } = await openFromStuckScreen(claimant);
      await confirmContact(world, claimant, number);
      const page = await uploadMail(claimant, raw);
      expectPage(page, /That mail is one of ours, unchanged/);
      const [finding] = await findingsOf(world);
      assert.deepEqual([finding?.verdict, finding?.root], ["supports", "mailbox:big-mail.net"]);
      for (const table of ["findings", "recovery_messages", "audit_events"]) {
        const { rows } = await sql<{
          row: string;
        }>`select to_jsonb(one)::text as row from ${sql.table(table)} one`.execute(world.runtime.db.root);
        assert.doesNotMatch(
          rows.map(({ row }) => row).join("\n"),
          /DKIM-Signature|was made for the account|not-me\//,
          table,
        );
      }
    },
  );

  story(
    "pasted, it counts as well; the pages say the same whichever account it belongs to",
    { seed: "pasted-mail" },
    async (world) => {
      const { alice, mail, signer } = await keeper(world);
      const raw = await arrived(mail, SENDER, signer);
      const claimant = await opened(world, alice);
      await claimant.browser.open("/recovery/case");
      const page = await claimant.browser.submit("/recovery/case/prove/registry-mail", { message: raw });
      expectPage(page, /That mail is one of ours, unchanged/);
      const bob = makePerson(world, "bob", "bob@bob.example");
      await registerAndConfirm(world, bob);
      const other = await opened(world, bob);
      expectPage(await uploadMail(other, raw), /That mail does not count/);
      assert.deepEqual(
        (await findingsOf(world)).map(({ verdict }) => verdict),
        ["contradicts", "supports"],
      );
    },
  );

  story("one sent while the case is open does not count", { seed: "mail-of-case" }, async (world) => {
    const { alice, signer } = await keeper(world);
    const claimant = elsewhere(world, alice);
    const { number } = await openFromStuckScreen(claimant);
    await confirmContact(world, claimant, number);
    await world.settle();
    const notice = world.sent.findLast((one) => one.to === alice.address);
    assert(notice);
    expectPage(await uploadMail(claimant, await arrived(notice, SENDER, signer)), /That mail does not count/);
  });

  const programs = ["opendkim", "swaks"].map((name) => [name, client(name)] as const);
  const missing = programs.filter(([, path]) => path === null).map(([name]) => name);
  const [opendkim, swaks] = programs.map(([, path]) => path ?? "");
  const { title, options } = {
    title:
      "signed by the operator’s own OpenDKIM and brought by swaks, it counts where the signature covers the Message-ID",
    options: { seed: "opendkim" },
  };
  if (missing.length > 0) test(title, { skip: `not installed: ${missing.join(", ")}` }, () => undefined);
  else
    story(title, options, async (world) => {
      const { alice, mail, signer } = await keeper(world);
      const plain = unsigned(await arrived(mail, SENDER, null));
      const folder = await mkdtemp(join(tmpdir(), "locksmith-opendkim-"));
      try {
        await chmod(folder, 0o755);
        await writeFile(join(folder, "key.pem"), signer.privateKey.reveal(), { mode: 0o600 });
        await writeFile(join(folder, "mail.eml"), plain, "latin1");
        const sign = async (extra: string): Promise<string> => {
          const lines = ["Mode s", "Domain index.example", `Selector ${signer.keySelector}`, "RequireSafeKeys no"];
          const conf = [...lines, `KeyFile ${join(folder, "key.pem")}`, "Canonicalization relaxed/relaxed", extra, ""];
          await writeFile(join(folder, "conf"), conf.join("\n"));
          const { stdout } = await run(opendkim ?? "", [
            "-x",
            join(folder, "conf"),
            "-vvv",
            "-t",
            join(folder, "mail.eml"),
          ]);
          const value = /hname='DKIM-Signature' hvalue='([^']+)'/.exec(stdout)?.[1];
          assert(value, stdout);
          return `DKIM-Signature: ${value.replace(/\r?\n/g, "\r\n")}\r\n${plain}`;
        };
        const half = await sign("");
        const whole = await sign("SignHeaders From,To,Subject,Date,Message-ID,MIME-Version,Content-Type");
        const claimant = await opened(world, alice);
        const refused = await uploadMail(claimant, half);
        assert.equal(refused.status, 422);
        assert.match(refused.text, /covers a part of it only/);
        expectPage(await uploadMail(claimant, await broughtBy(swaks ?? "", folder, whole)), /one of ours, unchanged/);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });

  test("what is too old to stand in the delivery log is as old as the log is long", () => {
    assert.equal(LOGGED_DAYS, KEEP_DAYS.deliveryLog);
  });
});

/** The mail as a server got it from swaks. */
async function broughtBy(swaks: string, folder: string, raw: string): Promise<string> {
  const sink = await startSmtpSink();
  try {
    const file = join(folder, "brought.eml");
    await writeFile(file, raw.replaceAll("\r\n", "\n"), "latin1");
    const to = ["--server", `127.0.0.1:${sink.port}`, "--from", "a@index.example", "--to", "alice@big-mail.net"];
    await run(swaks, [...to, "--data", `@${file}`, "--suppress-data"]);
  } finally {
    await sink.stop();
  }
  const [got] = sink.received;
  assert(got);
  return got.raw.toString("latin1");
}
