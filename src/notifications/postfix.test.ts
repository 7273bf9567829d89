import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type TestDatabase, testDatabase } from "../../test/world/database.ts";
import { makePostfix, noPostfix, type PrivatePostfix } from "../../test/world/postfix.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { type SmtpSink, startSmtpSink } from "../../test/world/smtp-sink.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import { deliverDue, listMails, parseSmtpUrl, queueMail, senderFor, smtpTransport } from "./index.ts";

/* The outbox against a real Postfix. */

describe("a real Postfix", { skip: noPostfix, timeout: 120_000 }, () => {
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
