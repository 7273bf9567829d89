import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { client } from "../../test/clients.ts";
import { type TestDatabase, testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { type SmtpSink, startSmtpSink } from "../../test/world/smtp-sink.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import { deliverDue, listMails, parseSmtpUrl, queueMail, senderFor, smtpTransport } from "./index.ts";

/*
 * The outbox against a real Postfix from the distribution: a private instance in a temporary folder, which relays what
 * it takes to a sink. Postfix must be started by root.
 */

const run = promisify(execFile);
const postfix = client("postfix");
const openssl = client("openssl");
const reason =
  postfix === null || openssl === null
    ? "postfix or openssl is not installed"
    : process.getuid?.() !== 0 && "Postfix needs root";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number }; // listening on TCP, so never a path
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface PrivatePostfix {
  readonly port: number;
  command(verb: "start" | "stop"): Promise<void>;
}

const SERVICES = [
  "cleanup",
  "qmgr",
  "rewrite",
  "bounce",
  "defer",
  "trace",
  "verify",
  "flush",
  "proxymap",
  "smtp",
  "relay",
  "error",
  "retry",
  "discard",
  "anvil",
  "scache",
  "tlsmgr",
  "showq",
  "pickup",
];
const PROGRAMS: Readonly<Record<string, string>> = {
  rewrite: "trivial-rewrite",
  defer: "bounce",
  trace: "bounce",
  relay: "smtp",
  retry: "error",
};

async function makePostfix(folder: string, sinkPort: number): Promise<PrivatePostfix> {
  assert.ok(postfix && openssl);
  const port = await freePort();
  const [etc, queue, data] = ["etc", "queue", "data"].map((name) => join(folder, name)) as [string, string, string];
  await mkdir(etc);
  await mkdir(queue);
  await mkdir(data, { mode: 0o700 });
  const { stdout: uid } = await run("id", ["-u", "postfix"]);
  await chown(data, Number(uid), 0);
  const key = join(etc, "key.pem");
  const certificate = join(etc, "certificate.pem");
  await run(openssl, [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=mx.postfix.example",
    "-keyout",
    key,
    "-out",
    certificate,
  ]);
  await writeFile(
    join(etc, "main.cf"),
    `compatibility_level = 3.6
queue_directory = ${queue}
data_directory = ${data}
maillog_file_prefixes = ${folder}
maillog_file = ${join(folder, "log")}
myhostname = mx.postfix.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
default_transport = smtp:[127.0.0.1]:${sinkPort}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{ {gone@example.org = 550 5.1.1 no such mailbox}, {busy@example.org = 450 4.2.0 greylisted} }, permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = ${certificate}
smtpd_tls_key_file = ${key}
`,
  );
  const service = (name: string) => {
    const shape = ["qmgr", "tlsmgr"].includes(name) ? "300 1" : name === "pickup" ? "60 1" : "- 0";
    return `${name} unix ${["pickup", "cleanup", "qmgr", "flush", "showq"].includes(name) ? "n" : "-"} - n ${shape} ${PROGRAMS[name] ?? name}`;
  };
  await writeFile(
    join(etc, "master.cf"),
    `127.0.0.1:${port} inet n - n - - smtpd\n${SERVICES.map(service).join("\n")}\npostlog unix-dgram n - n - 1 postlogd\n`,
  );
  return {
    port,
    command: async (verb) => {
      await run(postfix, ["-c", etc, verb]);
    },
  };
}

describe("a real Postfix", { skip: reason, timeout: 120_000 }, () => {
  let folder: string;
  let sink: SmtpSink;
  let server: PrivatePostfix;
  let database: TestDatabase;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "locksmith-postfix-"));
    await chmod(folder, 0o755);
    sink = await startSmtpSink();
    server = await makePostfix(folder, sink.port);
    await server.command("start");
    database = await testDatabase();
  });
  after(async () => {
    await server.command("stop").catch(() => undefined); // it may be down already
    await sink.stop();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  test("takes our mail over TLS and passes it on, refuses and defers as SMTP says, and may be away for a while", async () => {
    const runtime = testRuntime(database.db);
    const settings = parseSmtpUrl(`smtp://127.0.0.1:${server.port}`);
    assert.ok(settings.ok);
    const transport = smtpTransport(settings.value, {
      sender: senderFor(new URL("https://index.example"), "the test index"),
    });
    const tell = (to: string) =>
      transact(database.db, { now: runtime.clock.now() }, async (tx) => {
        audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" } });
        return ok(
          await queueMail(tx, runtime, { to, message: "account-finder", params: { usernames: ["alice", "Zoë"] } }),
        );
      });
    const arrival = new Promise<void>((resolve) => sink.beforeAcknowledging(async () => resolve()));
    try {
      for (const to of ["alice@example.org", "gone@example.org", "busy@example.org"]) await tell(to);
      assert.deepEqual(await deliverDue(runtime, transport), { sent: 1, deferred: 1, failed: 1 });
      await arrival;

      const [received] = sink.received;
      assert.deepEqual(received?.to, ["alice@example.org"]);
      const raw = received?.raw.toString("latin1") ?? "";
      assert.match(raw, /^Received: from index\.example .*with ESMTPS id/ms);
      assert.match(raw, /^Message-ID: <mail_[0-9a-z]{26}@index\.example>\r$/im);
      const log = new Map((await listMails(database.db, {})).map((mail) => [mail.toAddress, mail]));
      assert.equal(log.get("alice@example.org")?.acceptedBy, "mx.postfix.example");
      assert.match(log.get("alice@example.org")?.lastAnswer ?? "", /^250 2\.0\.0 Ok: queued as /);
      assert.match(log.get("gone@example.org")?.lastAnswer ?? "", /550 5\.1\.1 .*no such mailbox/);
      assert.match(log.get("busy@example.org")?.lastAnswer ?? "", /450 4\.2\.0 .*greylisted/);

      await server.command("stop");
      await tell("bob@example.org");
      assert.deepEqual(await deliverDue(runtime, transport), { sent: 0, deferred: 1, failed: 0 });
      const secondArrival = new Promise<void>((resolve) => sink.beforeAcknowledging(async () => resolve()));
      await server.command("start");
      runtime.clock.advance(60_000);
      assert.deepEqual(await deliverDue(runtime, transport), { sent: 1, deferred: 1, failed: 0 }, "busy@ stays busy");
      await secondArrival;
      assert.deepEqual(
        sink.received.map((mail) => mail.to),
        [["alice@example.org"], ["bob@example.org"]],
      );
    } catch (error) {
      const path = join(folder, "log");
      if (await stat(path).catch(() => null)) console.error(await readFile(path, "utf8"));
      throw error;
    } finally {
      await transport.close();
    }
  });
});
