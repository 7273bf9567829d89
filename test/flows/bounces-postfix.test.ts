import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import nodemailer from "nodemailer";
import { createAccount, listAddresses, parseAddress, setVerified, weighUndelivered } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { loadKeyring } from "../../src/kernel/crypto/keyring.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { AccountId, MailId } from "../../src/kernel/ids.ts";
import { ok } from "../../src/kernel/result.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import {
  deliverDue,
  listMails,
  type MailTransport,
  makeBounceAddresses,
  parseSmtpUrl,
  queueMail,
  senderFor,
  smtpTransport,
} from "../../src/notifications/index.ts";
import { type TestDatabase, testDatabase } from "../world/database.ts";
import { makePostfix, noPostfix, type PrivatePostfix } from "../world/postfix.ts";
import { type Relay, startRelay } from "../world/process.ts";
import { testRuntime } from "../world/runtime.ts";
import { type SmtpSink, startSmtpSink } from "../world/smtp-sink.ts";

/*
 * A mail that a real Postfix takes and cannot deliver: its report comes back to the address that the mail left from, and
 * is handed to `locksmith mail bounce` by pipe(8), as docs/operations.md says.
 */

const CLI = join(import.meta.dirname, "../../src/bin/cli.ts");
const NOBODY = 65_534;
const mailbox = { name: "bounces", domain: "index.example" };

/** pipe(8) starts nothing as root, so the account nobody must be able to read what it starts. */
const canNobodyRun = (): boolean =>
  spawnSync(process.execPath, [CLI, "--help"], { uid: NOBODY, gid: NOBODY, cwd: "/" }).status === 0;

const skip = noPostfix || (!canNobodyRun() && "the account nobody cannot read this folder");

async function until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const end = Date.now() + 40_000;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

describe("a mail that comes back through a real Postfix", { skip, timeout: 180_000 }, () => {
  let folder: string;
  let sink: SmtpSink;
  let server: PrivatePostfix;
  let database: TestDatabase;
  let runtime: Runtime;
  let relay: Relay;
  let transport: MailTransport;
  let environment: Record<string, string>;
  let accountId: AccountId;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "locksmith-bounces-"));
    await chmod(folder, 0o755);
    database = await testDatabase();
    const data = join(folder, "installation");
    await mkdir(join(data, "secrets"), { recursive: true });
    const base = testRuntime(database.db);
    const keyFile = join(data, "secrets", "keys.json");
    runtime = { ...base, clock: systemClock, keys: await loadKeyring(keyFile, base.random) };
    for (const path of [keyFile, join(data, "secrets"), data]) await chown(path, NOBODY, NOBODY);
    // The embedded server's socket is its owner's alone; the account nobody comes by TCP.
    const url = new URL(database.connectionString);
    const host = decodeURIComponent(url.hostname);
    const port = Number(url.port || 5432);
    relay = await startRelay(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    environment = {
      DATABASE_URL: `postgres://${url.username}:${url.password}@127.0.0.1:${relay.port}${url.pathname}`,
      DATA_DIR: data,
      BOUNCE_ADDRESS: `${mailbox.name}@${mailbox.domain}`,
    };
    sink = await startSmtpSink();
    await writeFile(join(folder, "reports"), "/^bounces\\+/ only_reports\n");
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    server = await makePostfix(folder, sink.port, {
      main: `transport_maps = inline:{ {index.example = locksmith:} }
locksmith_destination_recipient_limit = 1
smtpd_restriction_classes = only_reports
only_reports = check_sender_access inline:{ {<> = OK} }, reject
smtpd_recipient_restrictions = check_recipient_access regexp:${join(folder, "reports")}, permit_mynetworks, reject`,
      master: `locksmith unix - n n - 2 pipe user=nobody argv=/usr/bin/env ${settings.join(" ")} ${process.execPath} ${CLI} mail bounce \${recipient}\n`,
    });
    await server.command("start");
    const smtp = parseSmtpUrl(`smtp://127.0.0.1:${server.port}`);
    assert(smtp.ok);
    const bounces = makeBounceAddresses(mailbox, runtime.keys);
    const sender = senderFor(new URL("https://index.example"), "the test index");
    transport = smtpTransport(smtp.value, { sender, bounces });
    accountId = await alice();
  });
  after(async () => {
    await server.command("stop").catch(() => undefined); // it may be down already
    await transport.close();
    await sink.stop();
    await relay.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const addressOf = (text: string) => {
    const parsed = parseAddress(text);
    assert(parsed.ok);
    return parsed.value;
  };

  /** An account with one confirmed address. */
  async function alice(): Promise<AccountId> {
    const made = await transact(database.db, { now: new Date(Date.now() - 60_000) }, async (tx) => {
      audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" } });
      const created = await createAccount(tx, runtime.random, {
        username: "alice",
        address: addressOf("gone@example.org"),
      });
      if (created.ok) await setVerified(tx, created.value.addressId);
      return created;
    });
    assert(made.ok);
    return made.value.accountId;
  }

  async function write(to: string): Promise<MailId> {
    const done = await transact(database.db, { now: systemClock.now() }, async (tx) => {
      audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" } });
      const params = { usernames: ["alice"] };
      return ok(await queueMail(tx, runtime, { to, message: "account-finder", params, accountId }));
    });
    assert(done.ok);
    assert.deepEqual(await deliverDue(runtime, transport, weighUndelivered), { sent: 1, deferred: 0, failed: 0 });
    return done.value;
  }

  const log = (): Promise<string> => readFile(join(folder, "log"), "utf8");

  /** The command, started as a mail server does. */
  async function bounce(mail: string | Buffer, recipient: string[], change: Record<string, string> = {}) {
    const child = spawn(process.execPath, [CLI, "mail", "bounce", ...recipient], {
      env: { ...environment, ...change },
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.stdin.on("error", () => undefined); // it need not read all of a mail that is too large
    child.stdin.end(mail);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, said };
  }

  test("its report is noted against it, and the address opens nothing any more", async () => {
    try {
      sink.answer("recipient", { code: 550, text: "5.1.1 no such mailbox" });
      const id = await write("gone@example.org");
      const lost = await until("the report", async () => {
        const [address] = await listAddresses(database.db, accountId);
        return address?.unreachableAt ? address : null;
      });
      assert(lost.verifiedAt, "it stays theirs");
      const [mail] = await listMails(database.db, { id });
      assert.equal(mail?.state, "sent");
      assert.equal(mail?.acceptedBy, "mx.postfix.example");
      assert.equal(mail?.bounce?.kind, "hard");
      assert.equal(mail?.bounce?.status, "5.1.1");
      assert.match(mail?.bounce?.answer ?? "", /^550 5\.1\.1 no such mailbox/);
      assert.match(
        await until("the log", async () => /relay=locksmith.*status=sent.*/.exec(await log())?.[0] ?? null),
        /noted/,
      );
    } catch (error) {
      console.error(await log());
      throw error;
    } finally {
      sink.answer("recipient", null);
    }
  });

  test("forged ones change nothing, and ordinary mail is not taken at all", async () => {
    const mailer = nodemailer.createTransport({ host: "127.0.0.1", port: server.port, secure: false, ignoreTLS: true });
    const send = (from: string, to: string) =>
      mailer.sendMail({ envelope: { from, to }, raw: "Subject: forged\r\n\r\nno\r\n" });
    const before = await listMails(database.db, {});
    const forged = `bounces+${"0".repeat(46)}@index.example`;
    await send("", forged);
    await until("the refusal", async () => (/status=bounced \(user unknown/.exec(await log()) ? true : null));
    await assert.rejects(send("spammer@example.net", forged), /554|Access denied/);
    assert.deepEqual(await listMails(database.db, {}), before);
  });

  test("the command answers a mail server in its own words", async () => {
    const id = await write("later@example.org");
    await until("the mail", async () => (sink.received.length > 0 ? true : null));
    const address = makeBounceAddresses(mailbox, runtime.keys).addressFor(id, new Date());
    assert.equal(sink.received.at(-1)?.from, address, "the mail left from the address that its report comes to");
    const report = (to: string, action = "failed") =>
      `To: ${to}\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: ${action}\r\nStatus: 4.2.2\r\nDiagnostic-Code: smtp; 452 4.2.2 mailbox full\r\n--b--\r\n`;
    const ends = async (code: number, says: RegExp, ...mail: Parameters<typeof bounce>) => {
      const ended = await bounce(...mail);
      assert.equal(ended.code, code, ended.said);
      assert.match(ended.said, says);
    };
    await ends(67, /No mail was sent/, report("bounces@index.example"), []);
    await ends(67, /No mail was sent/, report(address), ["bounces+forged@index.example"]);
    await ends(65, /larger than/, Buffer.alloc(3 * 1024 * 1024, "x"), [address]);
    await ends(0, /no failed delivery/, report(address, "delayed"), []);
    await ends(75, /database cannot be used/, report(address), [], {
      DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/x",
    });
    await ends(75, /BOUNCE_ADDRESS is not set/, report(address), [], { BOUNCE_ADDRESS: "" });
    await ends(75, /BOUNCE_ADDRESS cannot be used/, report(address), [], { BOUNCE_ADDRESS: "a+b@example.org" });
    await ends(75, /keys\.json|later/, report(address), [], { DATA_DIR: join(folder, "elsewhere") });
    assert.equal((await listMails(database.db, { id }))[0]?.bounce, null, "nothing of that was noted");
    await ends(0, /is noted/, report(address), []);
    await ends(0, /known already/, report(address), [address]);
    assert.equal((await listMails(database.db, { id }))[0]?.bounce?.kind, "soft");
  });
});
