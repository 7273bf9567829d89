import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, linkIn, makePerson, type Person } from "../../src/bin/demo/person.ts";
import {
  deliverDue,
  type MailTransport,
  outboxDepth,
  senderFor,
  smtpTransport,
} from "../../src/notifications/index.ts";
import { startRelay } from "../world/process.ts";
import { type ReceivedMail, startSmtpSink } from "../world/smtp-sink.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/*
 * The mail server goes away and comes back. People go on meanwhile; what they did is mailed when it can be, and a second
 * copy of a mail carries the Message-ID of the first.
 */

const MINUTE = 60_000;

const smtpTo = (world: World, port: number): MailTransport =>
  smtpTransport(
    { host: "127.0.0.1", port, tls: "opportunistic", login: null },
    { sender: senderFor(world.runtime.publicUrl, world.runtime.indexName) },
  );

async function registerOnly(person: Person): Promise<void> {
  await person.browser.open("/register");
  const { username, address, password } = person;
  expectPage(await person.browser.submit("/register", { username, address, password }), /Confirm your address/);
}

/** The text part of a quoted-printable mail, with its lines joined again. */
const readable = (mail: ReceivedMail): string =>
  mail.raw
    .toString("latin1")
    .replace(/=\r\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const ids = (mails: readonly ReceivedMail[]): readonly string[] => mails.map((mail) => mail.messageId).toSorted();

describe("the mail server", () => {
  story(
    "is away: people register all the same, and get their links when it is back",
    { seed: "mail-away" },
    async (world) => {
      const sink = await startSmtpSink();
      const relay = await startRelay({ host: "127.0.0.1", port: sink.port });
      const transport = smtpTo(world, relay.port);
      try {
        await relay.takeAway();
        const people = ["anna", "berta", "clara", "doris"].map((name) => makePerson(world, name));
        for (const person of people) await registerOnly(person);
        assert.deepEqual(await deliverDue(world.runtime, transport), { sent: 0, deferred: 4, failed: 0 });
        world.runtime.clock.advance(MINUTE);
        assert.deepEqual(await deliverDue(world.runtime, transport), { sent: 0, deferred: 4, failed: 0 });
        await relay.bringBack();
        assert.deepEqual(
          await deliverDue(world.runtime, transport),
          { sent: 0, deferred: 0, failed: 0 },
          "not before its time",
        );
        world.runtime.clock.advance(2 * MINUTE);
        assert.deepEqual(await deliverDue(world.runtime, transport), { sent: 4, deferred: 0, failed: 0 });
        assert.deepEqual(
          new Set(sink.received.map((mail) => mail.to[0])),
          new Set(people.map((person) => person.address)),
        );
        assert.equal(new Set(ids(sink.received)).size, 4);
        for (const person of people) {
          const mail = sink.received.find((one) => one.to[0] === person.address);
          assert(mail);
          const text = readable(mail);
          const link = linkIn({ subject: "", text, links: text.match(/http:[^\s"<>]+/g) ?? [] }, /\/confirm-address\//);
          await person.browser.open(link);
          expectPage(await person.browser.submit(link), /address is confirmed/i);
        }
      } finally {
        await transport.close();
        await relay.close();
        await sink.stop();
      }
    },
  );

  story(
    "goes away in the middle of sixty mails and two workers: each arrives, a second copy says so",
    { seed: "mail-middle" },
    async (world) => {
      const sink = await startSmtpSink();
      const relay = await startRelay({ host: "127.0.0.1", port: sink.port });
      const workers = [smtpTo(world, relay.port), smtpTo(world, relay.port)];
      const { runtime } = world;
      try {
        const person = makePerson(world, "edith");
        await registerOnly(person);
        // One account that asks again and again would be slowed down; sixty mails of one act are as good.
        await runtime.db.pool.query(
          `insert into outbox_mails select (jsonb_populate_record(m, jsonb_build_object(
           'id', left(m.id, 5) || lpad(n::text, 26, '0'), 'to_address', 'p' || n || '@mail.example'))).*
         from outbox_mails m, generate_series(1, 59) n`,
        );
        sink.beforeAcknowledging(async () => {
          // Taken by the server, and the line breaks before it can say so: nobody can know that it was.
          if (sink.received.length === 17) await relay.takeAway();
        });
        const first = await Promise.all(workers.map((worker) => deliverDue(runtime, worker)));
        const sent = first.reduce((sum, one) => sum + one.sent, 0);
        const deferred = first.reduce((sum, one) => sum + one.deferred, 0);
        assert.equal(sent + deferred, 60);
        assert(deferred > 0 && sent < 60, `${sent} sent, ${deferred} deferred`);
        await relay.bringBack();
        runtime.clock.advance(MINUTE);
        const second = await Promise.all(workers.map((worker) => deliverDue(runtime, worker)));
        assert.equal(
          second.reduce((sum, one) => sum + one.sent, 0),
          deferred,
        );
        assert.equal((await outboxDepth(runtime.db)).waiting, 0);
        const { rows } = await runtime.db.pool.query<{ id: string }>("select id from outbox_mails");
        assert.deepEqual([...new Set(ids(sink.received))], rows.map(({ id }) => `<${id}@localhost>`).toSorted());
        const copies = sink.received.length - 60;
        assert(copies >= 1 && copies <= 10, `${copies} copies: those whose line broke before the answer`);
      } finally {
        await Promise.all(workers.map((worker) => worker.close()));
        await relay.close();
        await sink.stop();
      }
    },
  );
});
