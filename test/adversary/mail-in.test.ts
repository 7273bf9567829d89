import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { after, describe } from "node:test";
import { sql } from "kysely";
import { expectPage, type Person } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { serveNames, type Zone } from "../world/name-server.ts";
import { domainZone, MAIL_IN, replyAddress, SUPPORT, write } from "../world/sender.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { atTheDesk, DAY, elsewhere, maintainer, newestLink, staff } from "./cast.ts";

/* Mails that are forged, hostile, enormous or sent by machines. */

const zone: Record<string, Zone[string]> = {
  ...domainZone("alice.example"),
  ...domainZone("rosa.example"),
  ...domainZone("mallory.example"),
  ...domainZone("quiet.example", null),
};
const names = await serveNames(() => zone);
after(() => names.close());
const options = { settings: MAIL_IN, nameServers: [names.address] };

const count = async (world: World, table: string): Promise<number> => {
  const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(
    world.runtime.db.root,
  );
  return Number(rows[0]?.n);
};

/** Alice with an open case that she has confirmed, and the address that answers to it. */
async function aliceWithCase(world: World) {
  const alice = await maintainer(world, "alice", "alpenglow");
  await world.pass(10 * DAY);
  const lost = elsewhere(world, alice);
  const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
  await confirmContact(world, lost, opened.number);
  await world.settle();
  const mail = world.sent.findLast((one) => one.to === alice.address && one.subject.endsWith("is open"));
  assert(mail);
  return { alice, lost, opened, to: replyAddress(world, mail), world };
}

const deskSees = async (desk: Person, number: string) =>
  expectPage(await desk.browser.open(`/console/cases/${number}`), /Messages/).text;

describe("mail that is not what it says", () => {
  story(
    "forged mail from the owner and from a reviewer speaks for nobody",
    { ...options, seed: "forged" },
    async (world) => {
      const { opened, to, alice } = await aliceWithCase(world);
      const rosa = await staff(world, "rosa", "reviewer");
      const desk = await atTheDesk(world, rosa);
      const port = world.mailInPort;
      const text = "Please give the account to mallory now.";
      assert.match(
        await write(port, { from: alice.address, to, text, isSigned: false }),
        /^550 5\.7\.1 The domain of that sender/,
      );
      assert.match(
        await write(port, { from: rosa.address, to, text }),
        /^550 5\.7\.1 This answers a mail that went to another/,
      );
      assert.match(await write(port, { from: rosa.address, to, text, isSigned: false }), /^550 5\.7\.1/);
      assert.match(await write(port, { from: alice.address, to: SUPPORT, text, isSigned: false }), /^550 5\.7\.1/);
      // Two senders, of which one is hers: a mail program would show either.
      const headers = { From: "mallory@mallory.example" };
      assert.match(
        await write(port, { from: alice.address, to, text, headers, isSigned: false }),
        /^550 5\.(?:7\.1|6\.0)/,
      );
      const seen = await deskSees(desk, opened.number);
      assert.doesNotMatch(seen, /give the account/);
      assert.equal(await count(world, "inbound_mails"), 0);
    },
  );

  story(
    "a reply to somebody else's case, by number, by a guessed and by an old address",
    { ...options, seed: "others" },
    async (world) => {
      const { opened, to, lost } = await aliceWithCase(world);
      const port = world.mailInPort;
      const from = "mallory@mallory.example";
      const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
      const subject = `Re: [the test index] Your recovery case ${opened.number} is open`;
      assert.match(
        await write(port, { from, to, subject, text: "I take over" }),
        /^550 5\.7\.1 This answers a mail that went to another/,
      );
      assert.match(
        await write(port, { from, to: SUPPORT, subject, text: "I take over" }),
        /^250 2\.0\.0 opened a case/,
      );
      assert.doesNotMatch(await deskSees(desk, opened.number), /I take over/, "a subject finds no case");
      const forged = to.replace(/.(?=@)/, (last) => (last === "0" ? "1" : "0"));
      assert.match(
        await write(port, { from: "alice@alice.example", to: forged, text: "x" }),
        /^550 5\.1\.1 Nobody takes mail/,
      );
      assert.match(await write(port, { from, to: "root@index.example", text: "x" }), /^550 5\.1\.1/);
      // The notice that went to the account's own address is answered by its owner: the desk reads it, and nothing else follows.
      const notice = world.sent.findLast(
        (one) => one.to === "alice@alice.example" && /Somebody asks/.test(one.subject),
      );
      assert(notice);
      const owner = {
        from: "alice@alice.example",
        to: replyAddress(world, notice),
        text: "Stop this at once, approve nothing.",
      };
      assert.match(await write(port, owner), /^250 2\.0\.0 noted for the desk/);
      const seen = await deskSees(desk, opened.number);
      assert.match(seen, /Internal note Somebody whom we told of this case answered our mail.*Stop this at once/);
      assert.match(seen, /Collecting/, "only the button stops a case");
      assert.doesNotMatch((await lost.browser.open("/recovery/case")).text, /Stop this at once/);
    },
  );

  story("what quotes our mail or holds secrets is kept without them", { ...options, seed: "quotes" }, async (world) => {
    const { alice, to, opened } = await aliceWithCase(world);
    const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
    const code = alice.codes[3] ?? "";
    const link = newestLink(world, alice.address, /\/recovery\/open\//);
    const text = `I still have this one: ${code}\nand the page ${link}\n\n-----Original Message-----\nFrom: the index\nSent: today\nthe code is 1234-5678`;
    const log = { filename: "session.txt", contentType: "text/plain", content: `pasted ${alice.token ?? ""} here` };
    assert.match(await write(world.mailInPort, { from: alice.address, to, text, attachments: [log] }), /^250/);
    const seen = await deskSees(desk, opened.number);
    assert.match(
      seen,
      /I still have this one: \[a recovery code was here\] and the page \S*\[a private link was here\]/,
    );
    assert.doesNotMatch(seen, /1234-5678/);
    assert(!seen.includes(code) && !seen.includes(link));
    const path = /\/console\/cases\/[^"]+\/files\/inf_\w+/.exec(
      (await desk.browser.open(`/console/cases/${opened.number}`)).html,
    )?.[0];
    const file = await (await desk.browser.raw(path ?? "", {})).text();
    assert.equal(file, "pasted [an API token was here] here");
    const { rows } = await sql<{ revoked_at: Date | null }>`select revoked_at from api_tokens`.execute(
      world.runtime.db.root,
    );
    assert(
      rows.every((row) => row.revoked_at !== null),
      "the token is dead",
    );
  });

  story(
    "files that lie, archives, programs, and HTML that phones home",
    { ...options, seed: "files" },
    async (world) => {
      const { alice, to, opened, lost } = await aliceWithCase(world);
      const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
      const zip = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), Buffer.alloc(100)]);
      const attachments = [
        { filename: "photo.png", contentType: "image/png", content: zip },
        { filename: "nested.zip", contentType: "application/zip", content: zip },
        { filename: "invoice.pdf", contentType: "application/pdf", content: "MZ\x90\x00 this is a program" },
        { filename: "page.html", contentType: "text/html", content: "<script>alert(1)</script>" },
        { filename: "draw.svg", contentType: "image/svg+xml", content: "<svg onload='alert(1)'/>" },
        {
          filename: "really.png\u202Egnp.exe",
          contentType: "image/jpeg",
          content: Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1"),
        },
        { filename: "..\\..\\etc\\notes", contentType: "application/octet-stream", content: "plain words" },
      ];
      const html = `<html><head><style>x</style></head><body><p>Hello &lt;desk&gt;</p><img src="https://evil.example/seen.gif"><script>fetch("https://evil.example")</script><a href="https://evil.example/login">sign in here</a></body></html>`;
      assert.match(await write(world.mailInPort, { from: alice.address, to, html, attachments }), /^250/);
      const page = await desk.browser.open(`/console/cases/${opened.number}`);
      assert.match(page.text, /Hello <desk>.*sign in here/s);
      assert.doesNotMatch(page.html, /evil\.example|alert\(1\)/);
      assert.deepEqual(
        [...page.html.matchAll(/files\/inf_\w+" download>([^<]+)</g)].map((one) => one[1]),
        ["notes.txt"],
      );
      const told = expectPage(await lost.browser.open("/recovery/case"), /Not kept of the files in a mail/).text;
      for (const why of [
        /photo\.png: archives and office documents are not taken/,
        /nested\.zip: archives/,
        /invoice\.pdf: programs are not taken/,
        /page\.html: only pictures, PDF and plain text/,
        /draw\.svg: only pictures/,
        /really\.pnggnp\.exe: it says that it is image\/jpeg and is image\/png/,
      ])
        assert.match(told, why);
    },
  );

  story(
    "machines that answer, and mails in circles, get no answer and open nothing",
    { ...options, seed: "machines" },
    async (world) => {
      const { alice, to, opened } = await aliceWithCase(world);
      const port = world.mailInPort;
      const sent = world.sent.length;
      const from = alice.address;
      const text = "I am on holiday.";
      const machines = [
        { headers: { "Auto-Submitted": "auto-replied" } },
        { headers: { Precedence: "bulk" } },
        { headers: { "List-Id": "<list.alice.example>" } },
        { envelopeFrom: "" },
      ];
      for (const one of machines) {
        assert.match(await write(port, { from, to, text, ...one }), /^250 2\.0\.0 automatic, left alone/);
        assert.match(await write(port, { from, to: SUPPORT, text, ...one }), /^250 2\.0\.0 automatic, left alone/);
      }
      const received = Array.from(
        { length: 60 },
        (_, at) => `from a${at}.example by b.example; Mon, 2 Nov 2026 09:00:00 +0000`,
      );
      const circle = { from, to, text, headers: { Received: received } as unknown as Record<string, string> };
      assert.match(await write(port, circle), /^554 5\.4\.6 .*in a circle/);
      await world.settle();
      assert.equal(world.sent.length, sent, "nothing was sent");
      assert.equal(await count(world, "recovery_cases"), 1);
      const desk = await atTheDesk(world, await staff(world, "rosa", "reviewer"));
      assert.doesNotMatch(await deskSees(desk, opened.number), /holiday/);
    },
  );

  story(
    "thirty megabytes, ten thousand recipients, a thousand mails",
    { ...options, seed: "floods" },
    async (world) => {
      const port = world.mailInPort;
      const from = "noisy@quiet.example";
      const huge = { filename: "huge.txt", contentType: "text/plain", content: "x".repeat(30 * 1024 * 1024) };
      assert.match(
        await write(port, { from, to: SUPPORT, text: "see file", attachments: [huge] }),
        /^552 5\.3\.4 .*larger than 10 MB/,
      );
      const long = "a line of words\n".repeat(5000);
      assert.match(await write(port, { from, to: SUPPORT, text: long }), /^552 5\.3\.4 That text is longer/);
      const many = Array.from({ length: 11 }, (_, at) => ({
        filename: `${at}.txt`,
        contentType: "text/plain",
        content: "x",
      }));
      assert.match(
        await write(port, { from, to: SUPPORT, text: "many", attachments: many }),
        /^552 5\.3\.4 .*more than 10 files/,
      );

      const talk = await conversation(port, [
        "EHLO mx.quiet.example",
        "MAIL FROM:<noisy@quiet.example>",
        ...Array.from({ length: 10_000 }, (_, at) => `RCPT TO:<somebody${at}@index.example>`),
      ]);
      assert(talk.filter((line) => line.startsWith("550 5.1.1")).length === 10, "ten guesses");
      assert.match(talk.at(-1) ?? "", /^421 4\.7\.0 Too many unknown recipients/);
      const two = await conversation(port, [
        "EHLO mx.quiet.example",
        "MAIL FROM:<noisy@quiet.example>",
        `RCPT TO:<${SUPPORT}>`,
        `RCPT TO:<RECOVERY@index.example>`,
        `RCPT TO:<recovery@INDEX.example.>`,
        "QUIT",
      ]);
      assert(talk.length < 30 && two.some((line) => /^(?:250|452)/.test(line)));

      const answers: string[] = [];
      for (let at = 0; at < 6; at += 1) answers.push(await write(port, { from, to: SUPPORT, text: `mail ${at}` }));
      assert.deepEqual(
        answers.map((one) => one.slice(0, 9)),
        ["250 2.0.0", "250 2.0.0", "250 2.0.0", "451 4.7.1", "451 4.7.1", "451 4.7.1"],
      );
      assert.equal(await count(world, "recovery_cases"), 3);
      await world.pass(2 * DAY);
      assert.match(await write(port, { from, to: SUPPORT, text: "days later" }), /^250/);
    },
  );

  story(
    "broken and nested parts are read or refused, and nothing grows",
    { ...options, seed: "broken" },
    async (world) => {
      const port = world.mailInPort;
      const from = "noisy@quiet.example";
      const deep = (levels: number): string =>
        levels === 0
          ? "Content-Type: text/plain\r\n\r\ndeep\r\n"
          : `Content-Type: multipart/mixed; boundary=b${levels}\r\n\r\n--b${levels}\r\n${deep(levels - 1)}--b${levels}--\r\n`;
      const raws = [
        "no header at all",
        `From: ${from}\r\nFrom: other@quiet.example\r\n\r\ntwo fields`,
        `From: ${from}, other@quiet.example\r\n\r\ntwo senders`,
        `Subject: nobody\r\n\r\nno sender`,
        `From: ${from}\r\nMIME-Version: 1.0\r\n${deep(200)}`,
        `From: ${from}\r\nX-Long: ${"x".repeat(400_000)}\r\n\r\nlong header`,
      ];
      for (const raw of raws) {
        const talk = await conversation(port, [
          "EHLO x.example",
          `MAIL FROM:<${from}>`,
          `RCPT TO:<${SUPPORT}>`,
          "DATA",
          `${raw}\r\n.`,
          "QUIT",
        ]);
        const answer = talk.findLast((line) => /^[245]\d\d /.test(line) && !line.startsWith("221")) ?? "";
        assert.match(answer, /^550 5\.6\.0 That mail could not be read/, raw.slice(0, 60));
      }
      assert.equal(await count(world, "recovery_cases"), 0);
    },
  );
});

/** Says each line once the last was answered. @returns every line the server said */
function conversation(port: number, lines: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const left = [...lines];
    let text = "";
    const socket = createConnection(port, "127.0.0.1");
    socket.setTimeout(20_000, () => socket.destroy(new Error("the server is silent")));
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (line[3] === "-") continue;
        said.push(line);
        const next = left.shift();
        if (next !== undefined && socket.writable) socket.write(`${next}\r\n`);
      }
    });
    socket.on("error", (error) => (said.length > 0 ? resolve(said) : reject(error)));
    socket.on("close", () => resolve(said));
  });
}
