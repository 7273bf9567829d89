import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { smtpAnswerOf } from "./answers.ts";
import { isAutomatic, isInLoop } from "./automatic.ts";
import { MOST_FILE_BYTES, sortFile } from "./files.ts";
import { mailInRefusals } from "./refusals.ts";
import { judgeSender } from "./sender.ts";
import type { Verdicts } from "./types.ts";
import { printable, textOfHtml, withoutQuotes } from "./words.ts";

const OLD = "the code is 1234-5678";

describe("the words of a mail", () => {
  const announced: readonly [client: string, announces: string][] = [
    ["Gmail", `On Mon, 2 Nov 2026 at 09:00, The Index <security@index.example> wrote:`],
    [
      "Gmail, broken in two",
      `On Mon, 2 Nov 2026 at 09:00, The Index account security\n<security@index.example> wrote:`,
    ],
    ["Apple Mail, German", `Am 02.11.2026 um 09:00 schrieb The Index <security@index.example>:`],
    ["Thunderbird, French", `Le 02/11/2026 à 09:00, The Index a écrit :`],
    ["Spanish", `El lun, 2 nov 2026 a las 9:00, The Index (<security@index.example>) escribió:`],
    ["Outlook", `-----Original Message-----`],
    ["Outlook on the web", `________________________________\nFrom: The Index`],
    ["Outlook, new", `From: The Index <security@index.example>\nSent: Monday, 2 November 2026 09:00`],
    ["Outlook, German", `Von: The Index <security@index.example>\nGesendet: Montag, 2. November 2026 09:00`],
  ];
  for (const [client, announces] of announced) {
    test(`end where ${client} begins the mail that is answered`, () => {
      assert.equal(withoutQuotes(`It was 1.0.\n\nYours\n\n${announces}\n${OLD}\n> more`), "It was 1.0.\n\nYours");
    });
  }
  test("between quotations stay, and sentences that look a little like an announcement", () => {
    assert.equal(withoutQuotes(`> Which one?\nalpenglow\n> Since when?\n2019`), "alpenglow\n2019");
    const words = "On Monday I wrote: nothing.\nFrom: is a word too.\nAm I right?";
    assert.equal(withoutQuotes(words), words);
    assert.equal(withoutQuotes(`> ${OLD}`), "");
  });
  test("no quoted line is ever kept", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60 }), { maxLength: 30 }), (lines) => {
        for (const line of withoutQuotes(lines.join("\n")).split("\n")) assert(!line.trimStart().startsWith(">"));
      }),
    );
  });
  test("of HTML are text: no tag, no address, no script", () => {
    assert.equal(
      textOfHtml(
        `<!-- x --><style>p{}</style><p>One &amp; two</p><p>three<br>four &#x1F600; &#0; &nope;</p><script>bad()</script><blockquote>${OLD}</blockquote><img src="https://evil.example/a">`,
      ).trim(),
      "One & two\nthree\nfour 😀 &nope;",
    );
    assert.equal(textOfHtml("a <b").trim(), "a");
    assert.equal(printable("a\u202Eb\u0000c\r\nd\te"), "abc\nd e");
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => typeof textOfHtml(`<p>${text}`) === "string"));
  });
});

describe("attached files", () => {
  const png = Buffer.from("\x89PNG\r\n\x1a\n0000", "latin1");
  const kept = (name: string | null, mediaType: string, content: Buffer | string) => {
    const sorted = sortFile({ name, mediaType, content: Buffer.from(content) });
    return sorted.kind === "kept" ? `${sorted.name} ${sorted.mediaType}` : sorted.why;
  };
  test("are what their content says, under a name with its ending", () => {
    assert.equal(kept("shot.png", "image/png", png), "shot.png image/png");
    assert.equal(kept("shot", "application/octet-stream", png), "shot.png image/png");
    assert.equal(
      kept("C:\\photos\\me.JPEG", "image/jpg", Buffer.from("\xff\xd8\xff\xe0", "latin1")),
      "me.JPEG image/jpeg",
    );
    assert.equal(kept("../../.bashrc", "text/plain", "alias"), "bashrc.txt text/plain");
    assert.equal(kept(null, "message/rfc822", "From: a@b.example\n\nold"), "file.eml message/rfc822");
    assert.equal(
      kept("x".repeat(300), "text/plain", "long name").length,
      "x".repeat(80).length + ".txt text/plain".length,
    );
  });
  test("that are something else are not kept, and it is said why", () => {
    assert.match(kept("a.png", "image/png", "no picture"), /it says that it is image\/png and is not/);
    assert.match(kept("a.jpg", "image/jpeg", png), /says that it is image\/jpeg and is image\/png/);
    assert.match(
      kept("a.docx", "application/vnd.openxmlformats", Buffer.from("PK\x03\x04")),
      /archives and office documents/,
    );
    assert.match(kept("a.txt", "text/plain", Buffer.from([0x7f, 0x45, 0x4c, 0x46])), /programs/);
    assert.match(kept("a.txt", "text/plain", Buffer.from([0x61, 0x00, 0x62])), /only pictures/);
    assert.match(kept("a.txt", "text/plain", Buffer.from([0xff, 0xfe, 0x61])), /only pictures/);
    assert.match(kept("a.html", "text/html", "<p>"), /only pictures/);
    assert.equal(kept("a.txt", "text/plain", ""), "it is empty");
    assert.equal(kept("a.txt", "text/plain", Buffer.alloc(MOST_FILE_BYTES + 1, 97)), "it is larger than 5 MB");
  });
  test("of any kind are sorted, and a kept one never has a name that leads elsewhere", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.uint8Array({ maxLength: 60 }), (name, mediaType, bytes) => {
        const sorted = sortFile({ name, mediaType, content: Buffer.from(bytes) });
        assert.doesNotMatch(sorted.name, /[/\\\u202e\n"]|^\./);
      }),
    );
  });
});

describe("whose mail it is", () => {
  const verdicts = (change: Partial<Verdicts>): Verdicts => ({
    spf: { result: "none", domain: "" },
    dkim: [],
    dmarc: { result: "none", policy: null },
    ...change,
  });
  test("DMARC decides where there is a record; else an aligned signature, or SPF of the very domain", () => {
    const from = "a@b.example";
    const signed = [{ result: "pass", domain: "b.example", isAligned: true }];
    const rows: readonly [Partial<Verdicts>, string][] = [
      [{ dmarc: { result: "pass", policy: "none" } }, "confirmed"],
      [{ dmarc: { result: "fail", policy: "reject" }, dkim: signed }, "forged"],
      [{ dmarc: { result: "fail", policy: "quarantine" }, dkim: signed }, "unconfirmed"],
      [{ dmarc: { result: "temperror", policy: null }, dkim: signed }, "unconfirmed"],
      [{ dkim: signed }, "confirmed"],
      [{ dkim: [{ result: "pass", domain: "other.example", isAligned: false }] }, "unconfirmed"],
      [{ dkim: [{ result: "neutral", domain: "b.example", isAligned: true }] }, "unconfirmed"],
      [{ spf: { result: "pass", domain: "B.example" } }, "confirmed"],
      [{ spf: { result: "pass", domain: "sender.example" } }, "unconfirmed"],
      [{ spf: { result: "softfail", domain: "b.example" } }, "unconfirmed"],
      [{}, "unconfirmed"],
    ];
    for (const [change, expected] of rows) assert.equal(judgeSender(from, verdicts(change)), expected);
  });
  test("a program's mail is told by its headers, and a person's is not taken for one", () => {
    const from = "a@b.example";
    assert(isAutomatic("", []));
    assert(isAutomatic("MAILER-DAEMON@b.example", []));
    assert(isAutomatic("noreply@b.example", []));
    assert(isAutomatic(from, [{ key: "auto-submitted", value: "auto-replied; owner-email=x" }]));
    assert(
      !isAutomatic(from, [
        { key: "auto-submitted", value: "no" },
        { key: "precedence", value: "first-class" },
      ]),
    );
    assert(!isAutomatic("noreplyhere@b.example", []));
    assert(isInLoop(Array.from({ length: 51 }, () => ({ key: "received", value: "x" }))));
  });
});

test("every refusal has an answer of SMTP that means the same", () => {
  for (const [name, refusal] of Object.entries(mailInRefusals)) {
    const { code, text } = smtpAnswerOf(refusal());
    assert(code >= 400 && code < 600, name);
    assert.equal(text.startsWith(`${Math.floor(code / 100)}.`), true, `${name}: ${text}`);
    assert.match(text, /^[\x20-\x7e]+$/, "one line of ASCII (RFC 5321 §4.2)");
  }
});
