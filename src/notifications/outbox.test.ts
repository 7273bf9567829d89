import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { sql } from "kysely";
import { type SmtpSink, startSmtpSink } from "../../test/world/smtp-sink.ts";
import { type TestDatabase, testDatabase } from "../../test/world/database.ts";
import { type TestRuntime, testRuntime } from "../../test/world/runtime.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { AccountId, CaseId, MailId } from "../kernel/ids.ts";
import { runDue, startJobs } from "../kernel/jobs/index.ts";
import { defineRefusals } from "../kernel/refusal.ts";
import { ok, refuse } from "../kernel/result.ts";
import { ATTEMPT_TIMEOUT_MS, LEASE_MS, MOST_ATTEMPTS, nextAttempt, pauseSeconds } from "./delivery-rules.ts";
import {
  deliverDue,
  listMails,
  makeDeliverMailJob,
  type MailRequest,
  type MailTransport,
  outboxDepth,
  queueMail,
} from "./index.ts";
import { senderFor, smtpTransport } from "./transports.ts";

const MINUTE = 60_000;
const refusals = defineRefusals("outbox-test", { no: { status: 409, title: "No." } });
const sample: MailRequest<"account-finder"> = {
  to: "alice@example.org",
  message: "account-finder",
  params: { usernames: ["alice"] },
};

/** One act that tells somebody by mail. */
async function act(runtime: TestRuntime, mail: Partial<MailRequest<"account-finder">> = {}): Promise<MailId> {
  const done = await transact(runtime.db, { now: runtime.clock.now() }, async (tx) => {
    audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" } });
    return ok(await queueMail(tx, runtime, { ...sample, ...mail }));
  });
  assert.ok(done.ok);
  return done.value;
}

const smtpTo = (port: number, runtime: TestRuntime): MailTransport =>
  smtpTransport(
    { host: "127.0.0.1", port, tls: "opportunistic", login: null },
    { sender: senderFor(runtime.publicUrl, runtime.indexName) },
  );

describe("the rules of delivery", () => {
  test("pauses double from one minute to four hours", () => {
    assert.deepEqual([1, 2, 3, 8, 9, 10, 25].map(pauseSeconds), [60, 120, 240, 7680, 14_400, 14_400, 14_400]);
  });

  test("it is given up after about three days", () => {
    let at = new Date(0);
    for (let attempts = 1; ; attempts += 1) {
      const next = nextAttempt(attempts, at);
      if (!next) break;
      at = next;
    }
    const hours = at.getTime() / 3_600_000;
    assert.ok(hours > 68 && hours < 76, `${hours} hours`);
    fc.assert(
      fc.property(fc.integer({ min: MOST_ATTEMPTS, max: 10_000 }), (n) => nextAttempt(n, new Date(0)) === null),
    );
  });

  test("a lease outlasts an attempt", () => {
    assert.ok(LEASE_MS >= 4 * ATTEMPT_TIMEOUT_MS);
  });
});

describe("the outbox", () => {
  let database: TestDatabase;
  let runtime: TestRuntime;
  let sink: SmtpSink;
  let transport: MailTransport;
  before(async () => {
    database = await testDatabase();
    sink = await startSmtpSink();
  });
  after(async () => {
    await transport.close();
    await sink.stop();
    await database.drop();
  });
  beforeEach(async () => {
    await transport?.close();
    await sql`truncate outbox_mails`.execute(database.db.root);
    await sql`delete from pgboss.job`.execute(database.db.root);
    runtime = testRuntime(database.db, { seed: String(Math.random()) });
    transport = smtpTo(sink.port, runtime);
    (sink.received as unknown[]).length = 0; // emptied between tests
    sink.answer("recipient", null);
    sink.answer("message", null);
    sink.beforeAcknowledging(async () => {});
  });
  const only = async () => {
    const [mail, ...others] = await listMails(database.db, {});
    assert.ok(mail);
    assert.equal(others.length, 0);
    return mail;
  };
  const wakeUps = async () => {
    const { rows } = await sql<{ start_after: Date }>`
      select start_after from pgboss.job where name = 'notifications-deliver' order by 1`.execute(database.db.root);
    return rows.map((row) => row.start_after.toISOString());
  };

  test("an act that is refused or fails leaves neither mail nor job", async () => {
    const now = runtime.clock.now();
    await transact(database.db, { now }, async (tx) => {
      audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" } });
      await queueMail(tx, runtime, sample);
      return refuse(refusals.no());
    });
    const failing = transact(database.db, { now }, async (tx) => {
      await queueMail(tx, runtime, sample);
      throw new Error("outage");
    });
    await assert.rejects(failing, /outage/);
    assert.deepEqual(await outboxDepth(database.db), { waiting: 0, oldest: null });
    assert.deepEqual(await wakeUps(), []);
  });

  test("a mail does not stand in for the audit event of its act", async () => {
    const silent = transact(database.db, { now: runtime.clock.now() }, async (tx) =>
      ok(await queueMail(tx, runtime, sample)),
    );
    await assert.rejects(silent, /without an audit event/);
  });

  test("a mail is sent once, logged with the server's name and answer, and its body forgotten", async () => {
    const accountId = "acc_00000000000000000000000001" as AccountId;
    const caseId = "case_00000000000000000000000001" as CaseId;
    const id = await act(runtime, { accountId, caseId });
    assert.equal((await wakeUps()).length, 1);
    assert.deepEqual(await deliverDue(runtime, transport), { sent: 1, deferred: 0, failed: 0 });
    assert.deepEqual(await deliverDue(runtime, transport), { sent: 0, deferred: 0, failed: 0 });

    const [received] = sink.received;
    assert.deepEqual(
      sink.received.map((mail) => mail.to),
      [["alice@example.org"]],
    );
    assert.equal(received?.messageId, `<${id}@localhost>`);
    const mail = await only();
    assert.equal(mail.state, "sent");
    assert.equal(mail.acceptedBy, "mx.sink.example");
    assert.match(mail.lastAnswer ?? "", /^250 .*taken as 1/);
    assert.deepEqual(mail.acceptedAt, runtime.clock.now());
    for (const filter of [
      { accountId },
      { caseId },
      { address: "ALICE@example.org" },
      { id },
      { state: "sent" as const },
    ]) {
      assert.equal((await listMails(database.db, filter)).length, 1, JSON.stringify(filter));
    }
    assert.equal((await listMails(database.db, { address: "lice@example.org" })).length, 0);
    const { rows } = await sql<{
      size: number;
    }>`select length(text_body || html_body) as size from outbox_mails`.execute(database.db.root);
    assert.deepEqual(rows, [{ size: 0 }]);
  });

  test("a delayed mail waits for the runtime's clock", async () => {
    await act(runtime, { delayUntil: new Date(runtime.clock.now().getTime() + 60 * MINUTE) });
    const sweep = [makeDeliverMailJob(transport)];
    await runDue(runtime, sweep);
    runtime.clock.advance(60 * MINUTE - 1);
    await runDue(runtime, sweep);
    assert.equal(sink.received.length, 0);
    runtime.clock.advance(1);
    await runDue(runtime, sweep);
    assert.equal(sink.received.length, 1);
  });

  test("a hundred mails and four workers: each mail goes out exactly once", async () => {
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_, index) => act(runtime, { to: `p${index}@example.org` })),
    );
    const workers = Array.from({ length: 4 }, () => smtpTo(sink.port, runtime));
    const reports = await Promise.all(workers.map((worker) => deliverDue(runtime, worker)));
    await Promise.all(workers.map((worker) => worker.close()));
    assert.equal(
      reports.reduce((sum, report) => sum + report.sent, 0),
      100,
    );
    assert.deepEqual(
      sink.received.map((mail) => mail.messageId).toSorted(),
      ids.map((id) => `<${id}@localhost>`).toSorted(),
    );
  });

  test("while the server is down nothing is lost; when it is up again the mail goes out", async () => {
    const gone = await startSmtpSink();
    const { port } = gone;
    await gone.stop();
    const there = smtpTo(port, runtime);
    await act(runtime);
    assert.deepEqual(await deliverDue(runtime, there), { sent: 0, deferred: 1, failed: 0 });
    const waiting = await only();
    assert.equal(waiting.state, "queued");
    assert.equal(waiting.nextAttemptAt.getTime(), runtime.clock.now().getTime() + MINUTE);
    assert.match(waiting.lastAnswer ?? "", /ECONNREFUSED/);
    assert.ok(
      (await wakeUps()).includes(waiting.nextAttemptAt.toISOString()),
      "a wake-up is due with the next attempt",
    );

    const back = await startSmtpSink({ port });
    try {
      assert.deepEqual(await deliverDue(runtime, there), { sent: 0, deferred: 0, failed: 0 });
      runtime.clock.advance(MINUTE);
      assert.deepEqual(await deliverDue(runtime, there), { sent: 1, deferred: 0, failed: 0 });
      assert.equal(back.received.length, 1);
    } finally {
      await there.close();
      await back.stop();
    }
  });

  test("a temporary refusal is tried again, later each time, until it is accepted", async () => {
    sink.answer("recipient", { code: 451, text: "greylisted, try later" });
    await act(runtime);
    for (const pause of [1, 2, 4]) {
      assert.equal((await deliverDue(runtime, transport)).deferred, 1);
      const mail = await only();
      assert.equal(mail.nextAttemptAt.getTime() - runtime.clock.now().getTime(), pause * MINUTE);
      assert.match(mail.lastAnswer ?? "", /451.*greylisted/);
      runtime.clock.advance(pause * MINUTE);
    }
    sink.answer("recipient", null);
    assert.equal((await deliverDue(runtime, transport)).sent, 1);
    assert.equal((await only()).attempts, 4);
  });

  test("a permanent refusal is final at once, and other mails go on", async () => {
    sink.answer("recipient", { code: 550, text: "no such mailbox" });
    await act(runtime);
    assert.deepEqual(await deliverDue(runtime, transport), { sent: 0, deferred: 0, failed: 1 });
    const mail = await only();
    assert.equal(mail.state, "failed");
    assert.equal(mail.attempts, 1);
    assert.match(mail.lastAnswer ?? "", /550.*no such mailbox/);
    sink.answer("recipient", null);
    await act(runtime, { to: "bob@example.org" });
    assert.equal((await deliverDue(runtime, transport)).sent, 1);
    assert.doesNotMatch(runtime.logLines.join(""), /example\.org/);
  });

  test("a server that refuses for three days is given up", async () => {
    sink.answer("message", { code: 452, text: "disk full" });
    await act(runtime);
    let attempts = 0;
    for (let mail = await only(); mail.state === "queued"; mail = await only()) {
      runtime.clock.advance(Math.max(0, mail.nextAttemptAt.getTime() - runtime.clock.now().getTime()));
      await deliverDue(runtime, transport);
      attempts += 1;
    }
    assert.equal(attempts, MOST_ATTEMPTS);
    assert.equal((await only()).state, "failed");
  });

  test("a worker that dies after the server's 250: the mail goes again when the lease is over, under the same Message-ID", async () => {
    const id = await act(runtime);
    // The process ends between acceptance and our note of it: the note is the only thing that does not happen.
    const dying: MailTransport = {
      ...transport,
      send: async (mail) => {
        await transport.send(mail);
        throw new Error("the process ends here");
      },
    };
    await assert.rejects(deliverDue(runtime, dying), /the process ends here/);
    assert.equal((await only()).state, "sending");
    assert.deepEqual(
      await deliverDue(runtime, transport),
      { sent: 0, deferred: 0, failed: 0 },
      "leased: nobody else may send",
    );
    runtime.clock.advance(LEASE_MS);
    assert.deepEqual(await deliverDue(runtime, transport), { sent: 1, deferred: 0, failed: 0 });
    assert.deepEqual(
      sink.received.map((mail) => mail.messageId),
      [`<${id}@localhost>`, `<${id}@localhost>`],
    );
    assert.equal((await only()).state, "sent");
  });

  test("a worker whose lease passed to another does not write over the other's result", async () => {
    await act(runtime);
    let isFirst = true;
    sink.beforeAcknowledging(async () => {
      if (!isFirst) return;
      isFirst = false;
      runtime.clock.advance(LEASE_MS);
      const second = smtpTo(sink.port, runtime);
      assert.deepEqual(await deliverDue(runtime, second), { sent: 1, deferred: 0, failed: 0 });
      await second.close();
    });
    assert.deepEqual(await deliverDue(runtime, transport), { sent: 0, deferred: 0, failed: 0 });
    const mail = await only();
    assert.equal(mail.state, "sent");
    assert.equal(mail.attempts, 2);
  });

  test("an address that could add a header or a recipient is never taken", async () => {
    const bad = [
      "alice@example.org\r\nBcc: all@example.org",
      "alice@example.org, mallory@example.net",
      "Alice <alice@example.org>",
      "alice@example.org\u0000",
      "alice",
      "@example.org",
      "alice@",
      "a@b@c",
      `${"a".repeat(65)}@example.org`,
      "al ice@example.org",
      "alice@example.org\u202e",
    ];
    for (const to of bad) await assert.rejects(act(runtime, { to }), /not one plain address/, JSON.stringify(to));
    assert.equal((await outboxDepth(database.db)).waiting, 0);
  });

  test("values with line breaks add no header, on the wire", async () => {
    const evil = "alice\r\nBcc: mallory@example.net\r\n\r\n<script>alert(1)</script>";
    await act({ ...runtime, indexName: evil }, { params: { usernames: [evil] } });
    const there = smtpTransport(
      { host: "127.0.0.1", port: sink.port, tls: "opportunistic", login: null },
      { sender: senderFor(runtime.publicUrl, evil) },
    );
    await deliverDue(runtime, there);
    await there.close();
    const raw = sink.received[0]?.raw.toString("latin1") ?? "";
    const head = raw.slice(0, raw.indexOf("\r\n\r\n"));
    assert.doesNotMatch(head, /^bcc:/im);
    assert.equal(head.match(/^subject:/gim)?.length, 1);
    assert.deepEqual(sink.received[0]?.to, ["alice@example.org"]);
    const html = raw.slice(raw.indexOf("Content-Type: text/html")).replace(/=\r\n/g, "");
    assert.match(html, /&lt;script&gt;/);
    assert.doesNotMatch(html, /<script/);
  });

  test("a worker process sends by itself as soon as the act is committed", { timeout: 30_000 }, async () => {
    const arrived = new Promise<void>((resolve) => sink.beforeAcknowledging(async () => resolve()));
    const runner = await startJobs(runtime, database.connectionString, [makeDeliverMailJob(transport)]);
    try {
      await act(runtime);
      await arrived;
    } finally {
      await runner.stop();
    }
    assert.equal(sink.received.length, 1);
    assert.equal((await only()).state, "sent");
  });
});
