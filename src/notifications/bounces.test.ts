import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { testRandom } from "../../test/world/runtime.ts";
import { makeKeyFile, makeKeyring } from "../kernel/crypto/keyring.ts";
import { newId } from "../kernel/ids.ts";
import { BOUNCE_DAYS, LONGEST_NAME, makeBounceAddresses, parsePlusMailbox } from "./signed-address.ts";
import { type Bounced, doesNotArrive, kindOfFailure, SOFT_WINDOW_MS, statusIn } from "./bounce-rules.ts";
import { readDeliveryReport, readDeliveryStatus } from "./delivery-report.ts";

const DAY = 24 * 3600_000;
const NOW = new Date("2026-11-02T09:00:00.000Z");
const random = testRandom("bounces");
const keys = makeKeyring(makeKeyFile(random));
const mailbox = { name: "bounces", domain: "index.example" };
const addresses = makeBounceAddresses(mailbox, keys);
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY);

describe("the envelope sender of a mail", () => {
  test("names its mail for two weeks, whatever became of its case", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: BOUNCE_DAYS }), fc.boolean(), (days, isLoud) => {
        const id = newId("mail", NOW, random);
        const made = addresses.addressFor(id, NOW);
        assert.match(made, /^bounces\+[0-9a-z]{46}@index\.example$/);
        const read = addresses.read(isLoud ? made.toUpperCase() : made, later(days));
        assert.deepEqual(read, { ok: true, value: id });
      }),
    );
    const old = addresses.read(addresses.addressFor(newId("mail", NOW, random), NOW), later(BOUNCE_DAYS + 1));
    assert.equal(!old.ok && old.refusal.code, "mail-address/expired");
  });

  test("cannot be made by anybody else: every change of one symbol is refused", () => {
    const made = addresses.addressFor(newId("mail", NOW, random), NOW);
    const start = "bounces+".length;
    for (let at = start; at < start + 46; at += 1) {
      const other = made[at] === "7" ? "8" : "7";
      const read = addresses.read(`${made.slice(0, at)}${other}${made.slice(at + 1)}`, NOW);
      assert.equal(!read.ok && read.refusal.code, "mail-address/unknown", `symbol ${at - start}`);
    }
    const strangers = makeBounceAddresses(mailbox, makeKeyring(makeKeyFile(testRandom("a stranger"))));
    assert.equal(strangers.read(made, NOW).ok, false);
    for (const bad of ["", "bounces@index.example", made.replace("@", "@x."), ` ${made} <`, "a".repeat(5000)])
      assert.equal(addresses.read(bad, NOW).ok, false, bad.slice(0, 40));
  });

  test("is read by a key that was replaced since", () => {
    const file = makeKeyFile(random);
    const made = makeBounceAddresses(mailbox, makeKeyring(file)).addressFor(newId("mail", NOW, random), NOW);
    const newer = makeKeyFile(random);
    const both = makeKeyring({ current: newer.current, keys: { ...file.keys, ...newer.keys } });
    assert.equal(makeBounceAddresses(mailbox, both).read(made, NOW).ok, true);
  });

  test("BOUNCE_ADDRESS leaves room for it, and holds nothing that it could be confused with", () => {
    const longest = "b".repeat(LONGEST_NAME);
    const parsed = parsePlusMailbox(`${longest}@Index.Example`);
    assert.deepEqual(parsed, { ok: true, value: { name: longest, domain: "index.example" } });
    assert(parsed.ok);
    const made = makeBounceAddresses(parsed.value, keys).addressFor(newId("mail", NOW, random), NOW);
    assert.equal(made.indexOf("@"), 64, "RFC 5321 §4.5.3.1.1");
    for (const bad of [
      "",
      "bounces",
      "@x.example",
      `b${longest}@x.example`,
      "a+b@x.example",
      "a@localhost",
      "a b@x.example",
    ])
      assert.equal(parsePlusMailbox(bad).ok, false, bad);
  });
});

describe("what a failure says of an address", () => {
  test("only a mailbox that is not there is hard; what is about us or passes is soft", () => {
    const cases: readonly (readonly [status: string | null, answer: string, kind: "hard" | "soft"])[] = [
      ["5.1.1", "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown", "hard"],
      ["5.0.0", "550 5.1.1 no such mailbox", "hard"],
      [null, "550-5.1.1 The email account that you tried to reach does not exist.", "hard"],
      ["5.1.2", "", "hard"],
      ["5.1.10", "556 5.1.10 Recipient address has null MX", "hard"],
      ["5.2.1", "550 5.2.1 The mailbox is disabled", "hard"],
      ["5.0.0", "550 no such user here", "hard"],
      [null, "553 sorry, no mailbox here by that name", "hard"],
      ["5.5.0", "550 Requested action not taken: mailbox unavailable", "hard"],
      ["5.2.2", "552 5.2.2 mailbox full", "soft"],
      ["5.7.1", "550 5.7.1 Service unavailable; client host blocked", "soft"],
      ["5.1.1", "550 5.7.26 This mail has been blocked because the sender is unauthenticated", "soft"],
      [null, "554 rejected as spam", "soft"],
      ["4.4.1", "connect to mx.example.org[203.0.113.9]:25: Connection timed out", "soft"],
      ["4.2.2", "452 4.2.2 over quota", "soft"],
      ["5.4.4", "", "soft"],
      ["5.1.8", "", "soft"],
      [null, "", "soft"],
      [null, "5.1.1.9 said nothing", "soft"],
      [null, "554 5.1.1.9 is not welcome", "soft"],
    ];
    for (const [status, answer, kind] of cases)
      assert.equal(kindOfFailure({ status, answer }), kind, `${status} ${answer}`);
    assert.equal(statusIn("550 5.1.1 no"), "5.1.1");
    assert.equal(statusIn("the address 5.1.1.9"), null);
  });

  const soft = fc.record({ kind: fc.constant("soft" as const), days: fc.integer({ min: -60, max: 0 }) });
  const bounces = (list: readonly { kind: "soft"; days: number }[]): Bounced[] =>
    list.map(({ kind, days }) => ({ kind, at: later(days) }));

  test("one hard bounce is enough, and soft ones only over days", () => {
    assert.equal(doesNotArrive([], NOW), false);
    assert.equal(doesNotArrive([{ kind: "hard", at: later(-400) }], NOW), true);
    const on = (...days: number[]) => doesNotArrive(bounces(days.map((each) => ({ kind: "soft", days: each }))), NOW);
    assert.equal(on(0, -1, -3), true);
    assert.equal(on(0, -1, -2), false, "two days between the first and the last");
    assert.equal(on(0, 0, -3, -3), false, "two days");
    assert.equal(on(0, -1, -31), false, "one of them is old");
  });

  test("more bounces never help an address, their order means nothing, and one day alone takes nothing", () => {
    fc.assert(
      fc.property(fc.array(soft, { maxLength: 8 }), soft, (list, another) => {
        const before = doesNotArrive(bounces(list), NOW);
        assert(!before || doesNotArrive(bounces([...list, another]), NOW));
        assert.equal(doesNotArrive(bounces(list.toReversed()), NOW), before);
        if (before) assert(list.filter(({ days }) => days * DAY >= -SOFT_WINDOW_MS).length >= 3);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: DAY - 1 }), { maxLength: 20 }), (times) => {
        const start = Math.floor(NOW.getTime() / DAY) * DAY;
        const all = times.map((at) => ({ kind: "soft" as const, at: new Date(start + at) }));
        assert.equal(doesNotArrive(all, NOW), false);
      }),
    );
  });
});

const REPORT = `Reporting-MTA: dns; mx.example.org
Arrival-Date: Mon, 2 Nov 2026 09:00:00 +0000

Final-Recipient: rfc822; gone@example.org
Original-Recipient: rfc822;gone@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.org>:
    Recipient address rejected: User unknown
`;

const message = (status: string, to = "bounces+x@index.example", encoding = "7bit"): string =>
  `Return-Path: <>
X-Original-To: ${to}
From: MAILER-DAEMON@mx.example.org
To: other@index.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain

I'm sorry to have to inform you.

--=_b
Content-Type: message/delivery-status
Content-Transfer-Encoding: ${encoding}

${status}
--=_b
Content-Type: message/rfc822

To: gone@example.org
Subject: hello

the original
--=_b--
`.replaceAll("\n", "\r\n");

describe("a report of a mail server", () => {
  const failed = { status: "5.1.1", answer: "550 5.1.1 <gone@example.org>: Recipient address rejected: User unknown" };

  test("is read with its recipients, folded, and encoded", async () => {
    const read = await readDeliveryReport(Buffer.from(message(REPORT)));
    assert.deepEqual(read, { recipients: ["bounces+x@index.example", "other@index.example"], failure: failed });
    const encoded = Buffer.from(REPORT).toString("base64").replace(/.{76}/g, "$&\n");
    assert.deepEqual(
      (await readDeliveryReport(Buffer.from(message(encoded, "<a@b.example>", "base64")))).failure,
      failed,
    );
  });

  test("of a delay, a success, or one of two reached tells of no failure", () => {
    assert.equal(readDeliveryStatus(REPORT.replace("Action: failed", "Action: delayed")), null);
    assert.equal(readDeliveryStatus(REPORT.replace("Action: failed", "Action: relayed")), null);
    assert.equal(
      readDeliveryStatus(`${REPORT}\nFinal-Recipient: rfc822; b@x\nAction: delivered\nStatus: 2.0.0\n`),
      null,
    );
    assert.deepEqual(readDeliveryStatus(`${REPORT}\nFinal-Recipient: rfc822; b@x\nAction: failed\n`), failed);
    assert.deepEqual(readDeliveryStatus("a: b\n\nACTION:failed\nStatus: (unknown) 5.2.2 (full)\n"), {
      status: "5.2.2",
      answer: "",
    });
  });

  test("a holiday note, a report inside the original, and no mail at all are none", async () => {
    const note = "To: bounces+x@index.example\r\nAuto-Submitted: auto-replied\r\n\r\nI am away. Action: failed\r\n";
    assert.deepEqual(await readDeliveryReport(Buffer.from(note)), {
      recipients: ["bounces+x@index.example"],
      failure: null,
    });
    const inside = `Content-Type: message/rfc822\r\n\r\n${message(REPORT)}`;
    assert.equal((await readDeliveryReport(Buffer.from(inside))).failure, null);
    assert.deepEqual(await readDeliveryReport(Buffer.alloc(0)), { recipients: [], failure: null });
  });

  test("nothing that is sent makes it throw or grow", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.nat(2000), async (noise, at) => {
        const whole = Buffer.from(message(REPORT));
        const cut = Buffer.concat([whole.subarray(0, at % whole.length), noise, whole.subarray(at % whole.length)]);
        const { recipients, failure } = await readDeliveryReport(cut);
        assert(recipients.length <= 8 && (failure?.answer.length ?? 0) <= 300);
      }),
      { numRuns: 150 },
    );
    const many = Buffer.from(message("Action: failed\nStatus: 5.1.1\n\n".repeat(20_000)));
    assert.equal((await readDeliveryReport(many)).failure?.status, "5.1.1");
    const deep = Array.from(
      { length: 500 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
    );
    assert.equal((await readDeliveryReport(Buffer.from(deep.join("")))).failure, null);
  });
});
