import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { exactTime } from "../kernel/calendar.ts";
import {
  code,
  date,
  facts,
  important,
  type Installation,
  type Letter,
  link,
  list,
  paragraph,
  renderLetter,
} from "./letter.ts";
import { dateInWords, oneLine, quoted } from "./wording.ts";

const HERE: Installation = { indexName: "the test index", publicUrl: new URL("https://index.example") };
const letter = (...blocks: Letter["blocks"]): Letter => ({ subject: "A subject", blocks });

describe("a letter", () => {
  test("says the same in text and HTML", () => {
    const at = new Date("2026-12-24T23:05:00.000Z");
    const { text, html } = renderLetter(
      letter(
        paragraph("Fish & chips"),
        facts(["When", at], ["Where", "<here>"]),
        list("one", "two"),
        code("Code", "AB-12"),
      ),
      HERE,
    );
    assert.match(text, /Fish & chips/);
    assert.match(html, /Fish &amp; chips/);
    assert.match(text, /When: {2}Thursday 24 December 2026, 23:05 UTC \(2026-12-24T23:05:00Z\)/);
    assert.match(html, /<time datetime="2026-12-24T23:05:00Z">Thursday 24 December 2026, 23:05 UTC<\/time>/);
    assert.match(text, /Where: <here>/);
    assert.match(html, /&lt;here&gt;/);
    assert.match(text, /^- two$/m);
    assert.match(html, /<li>two<\/li>/);
    assert.match(text, /^ {4}AB-12$/m);
    assert.match(html, />AB-12<\/p>/);
  });

  test("ends with how to tell our mails from a phisher's, in both forms", () => {
    const { text, html } = renderLetter(letter(), HERE);
    for (const form of [text.replace(/\s+/g, " "), html]) {
      assert.match(form, /never contain a link that signs you in/);
      assert.match(form, /never ask you to send or tell us a password or a code/);
      assert.match(form, /If this was not you/);
      assert.match(form, /the test index/);
      assert.match(form, /index\.example/);
    }
  });

  test("links to nowhere else, and to no sign-in page", () => {
    const elsewhere = [
      "https://evil.example/confirm",
      "http://index.example/confirm",
      "https://index.example:8443/confirm",
      "https://index.example@evil.example/",
      "https://me:pw@index.example/confirm",
      "javascript:alert(1)",
    ];
    for (const url of elsewhere)
      assert.throws(() => renderLetter(letter(link("Open", url)), HERE), /this installation only/, url);
    for (const path of ["/sign-in", "/sign-in/totp", "/login", "/Sign-In", "/signin?next=/"]) {
      assert.throws(
        () => renderLetter(letter(link("Open", `https://index.example${path}`)), HERE),
        /sign-in page/,
        path,
      );
    }
    assert.match(
      renderLetter(letter(link("Open", "https://index.example/case/abc")), HERE).text,
      /^https:\/\/index\.example\/case\/abc$/m,
    );
  });

  test("never breaks a URL, and keeps every other line within 72 characters", () => {
    const url = `https://index.example/confirm/${"x".repeat(120)}`;
    const long = "w".repeat(200);
    const { text } = renderLetter(
      letter(
        paragraph(`${long} end`),
        facts(["Name", long]),
        link("Open", url),
        date("Until", new Date(0)),
        important(long),
      ),
      HERE,
    );
    for (const line of text.split("\n")) assert.ok(line.length <= 72 || line === url, line);
    assert.ok(text.split("\n").includes(url));
  });

  test("keeps any value in its place: no line, header, tag or attribute of its own", () => {
    const nasty = fc.oneof(
      fc.string({ unit: "binary", maxLength: 200, size: "max" }),
      fc.constantFrom(
        "a\r\nBcc: all@example.org",
        "</p><script>alert(1)</script>",
        '" onmouseover="x',
        "\u202egnp.exe",
        "\u2028line",
        "a\u0000b",
        "\ud800",
      ),
    );
    fc.assert(
      fc.property(nasty, nasty, (one, two) => {
        const { subject, text, html } = renderLetter(
          {
            subject: one,
            preheader: two,
            blocks: [paragraph(one), facts([two, one]), list(one), code(one, "AB-12"), important(two)],
          },
          { ...HERE, indexName: two },
        );
        // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
        const unprintable = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;
        assert.doesNotMatch(subject, unprintable);
        assert.doesNotMatch(subject, /\n/);
        assert.doesNotMatch(text, unprintable);
        assert.doesNotMatch(html, unprintable);
        assert.doesNotMatch(html, /<script|onmouseover="x/i);
        assert.equal(
          html.match(/<[a-z]/g)?.length,
          renderLetter(
            {
              subject: "s",
              preheader: "p",
              blocks: [paragraph("a"), facts(["b", "c"]), list("d"), code("e", "f"), important("g")],
            },
            HERE,
          ).html.match(/<[a-z]/g)?.length,
        );
        for (const line of text.split("\n")) assert.ok(line.length <= 72 || /https?:\/\//.test(line), line);
      }),
      { numRuns: 300 },
    );
  });
});

describe("wording", () => {
  test("quotes the words of others without making links of them", () => {
    assert.equal(quoted("Firefox 141.0 on Linux"), "Firefox 141.0 on Linux");
    assert.equal(quoted("192.0.2.7"), "192.0.2.7");
    assert.equal(quoted("see https://evil.example/now"), "see https[:]//evil[.]example/now");
    assert.equal(quoted("www.evil.example"), "www[.]evil[.]example");
    assert.equal(quoted("x".repeat(100), 10), `${"x".repeat(9)}…`);
    assert.equal(quoted("a\r\nb"), "a b");
  });

  test("one line is one line", () => {
    assert.equal(oneLine(" a\tb\r\n\r\nc\u0000 "), "a b c");
    assert.equal(oneLine("José 李 🙂"), "José 李 🙂");
  });

  test("dates in words and exact, in UTC", () => {
    const at = new Date("2027-01-03T00:07:09.123Z");
    assert.equal(dateInWords(at), "Sunday 3 January 2027, 00:07 UTC");
    assert.equal(exactTime(at), "2027-01-03T00:07:09Z");
  });
});
