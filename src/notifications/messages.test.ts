import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { exactTime } from "../kernel/calendar.ts";
import type { MailId } from "../kernel/ids.ts";
import { type Block, type Letter, type RenderedLetter, renderLetter } from "./letter.ts";
import type { Message } from "./message.ts";
import { SAMPLE_DATE, SAMPLE_ORIGIN } from "./message.ts";
import * as registry from "./messages.ts";
import { emlTransport, senderFor } from "./transports.ts";
import { dateInWords } from "./wording.ts";

const HERE = { indexName: "the test index", publicUrl: new URL(SAMPLE_ORIGIN) };
// Every message goes with its own sample, which a union of them cannot say.
const messages = Object.entries(registry as unknown as Record<string, Message<unknown>>);

const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
};
const shownIn = (html: string): string =>
  html
    .replace(/<head>[\s\S]*<\/head>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity)
    .replace(/\s+/g, " ");

/** Everything a block says, piece by piece. */
function saidBy(block: Block): readonly string[] {
  const words = (value: string | Date) => (value instanceof Date ? [dateInWords(value), exactTime(value)] : [value]);
  switch (block.kind) {
    case "paragraph":
    case "callout":
      return [block.text];
    case "facts":
      return block.rows.flatMap(([label, value]) => [label, ...words(value)]);
    case "list":
      return block.items;
    case "link":
      return [block.label, block.url];
    case "code":
      return [block.label, block.code];
    case "date":
      return [block.label, ...words(block.at)];
  }
}

/** Whether every tag that opens closes in order. */
function assertBalanced(html: string): void {
  const open: string[] = [];
  const empty = new Set(["meta", "hr", "br"]);
  for (const [, slash, name = ""] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
    if (empty.has(name)) continue;
    if (slash === "") open.push(name);
    else assert.equal(open.pop(), name, `</${name}>`);
  }
  assert.deepEqual(open, []);
}

test("every folder of messages/ is registered under its own name", async () => {
  const entries = await readdir(join(import.meta.dirname, "messages"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  assert.deepEqual(messages.map(([name]) => name).toSorted(), folders.toSorted());
  for (const [name, message] of messages) assert.equal(message.name, name);
});

for (const [name, message] of messages) {
  describe(`the mail ${name}`, () => {
    let letter: Letter;
    let rendered: RenderedLetter;
    before(() => {
      letter = message.compose(message.sample);
      rendered = renderLetter(letter, HERE);
    });

    test("says the same in text and in HTML", () => {
      const text = rendered.text.replace(/\n[* ] +/g, " ").replace(/\s+/g, " ");
      const html = shownIn(rendered.html);
      for (const piece of letter.blocks.flatMap(saidBy)) {
        assert.ok(text.includes(piece), `text: ${piece}`);
        assert.ok(html.includes(piece), `HTML: ${piece}`);
      }
    });

    test("has the same links in both, each shown as what it is, none to a sign-in page", () => {
      const inText = [...new Set(rendered.text.match(/https?:\/\/\S+/g) ?? [])];
      const anchors = [...rendered.html.matchAll(/<a [^>]*href="([^"]*)"[^>]*>(.*?)<\/a>/g)];
      assert.deepEqual([...new Set(anchors.map(([, href]) => href))], inText);
      for (const [, href = "", shown = ""] of anchors) {
        const url = new URL(href);
        assert.ok(shown.includes(url.host), `${shown} does not name ${url.host}`);
        assert.equal(url.origin, SAMPLE_ORIGIN);
        assert.doesNotMatch(url.pathname, /sign-?in|log-?in/i);
      }
      assert.doesNotMatch(rendered.html, /<(?:img|script|link|iframe|form|object)\b|url\(|@import/i);
    });

    test("reads well as plain text, and is well-formed as HTML", () => {
      for (const line of rendered.text.split("\n")) {
        assert.ok(line.length <= 72 || /^https:\/\/\S+$/.test(line), line);
        assert.equal(line, line.trimEnd());
      }
      assert.doesNotMatch(rendered.text, /\n{3}/);
      assert.doesNotMatch(rendered.text, /undefined|null|\[object|Invalid Date/);
      assertBalanced(rendered.html);
    });

    test("has a subject that stays, without personal data", () => {
      assert.match(rendered.subject, /^\[the test index\] [A-Z][^@\n]{5,70}$/);
      assert.doesNotMatch(rendered.subject, /192\.0\.2|202\d|https?:/);
      assert.equal(renderLetter(message.compose(message.sample), HERE).subject, rendered.subject);
    });
  });
}

describe("on the wire", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "locksmith-mail-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("every mail's headers are ASCII, also where the index has a name that is not", async () => {
    const installation = { ...HERE, indexName: "Índice 李 🙂" };
    const transport = emlTransport(folder, { sender: senderFor(HERE.publicUrl, installation.indexName) });
    for (const [index, [, message]] of messages.entries()) {
      const id = `mail_${String(index).padStart(26, "0")}` as MailId;
      const mail = renderLetter(message.compose(message.sample), installation);
      await transport.send({ id, to: "alice@example.org", at: SAMPLE_DATE, isAboutCase: false, ...mail });
      const raw = await readFile(join(folder, `${id}.eml`), "latin1");
      const head = raw.slice(0, raw.indexOf("\r\n\r\n"));
      assert.match(head, /^[\x20-\x7e\r\n\t]*$/);
      assert.match(head, /^Subject: =\?UTF-8\?[BQ]\?/im);
      for (const line of raw.split("\r\n")) assert.ok(line.length <= 998, "RFC 5322 §2.1.1");
    }
    await transport.close();
  });
});
