import assert from "node:assert/strict";
import { inflateSync } from "node:zlib";
import { describe, test } from "node:test";
import type { Kit } from "./content.ts";
import { kitPdf } from "./pdf.ts";

const AT = new Date("2026-11-02T09:00:00Z");

const kit = (boxes: readonly string[]): Kit => ({
  title: "Recovery kit for Example Index",
  facts: [["Username", "alice"]],
  parts: [{ title: "What speaks for me", lines: ["One line."], boxes, blanks: ["Done on"] }],
});

/** The text that a page shows: hexadecimal strings in its compressed streams. */
function textOf(pdf: Buffer): string {
  const raw = pdf.toString("latin1");
  const streams = [...raw.matchAll(/stream\n([\s\S]*?)\nendstream/g)].map((match) =>
    Buffer.from(match[1] ?? "", "latin1"),
  );
  const pages = streams.map((stream) => {
    try {
      return inflateSync(stream).toString("latin1");
    } catch {
      return ""; // a stream that is no text
    }
  });
  return pages
    .join("\n")
    .replace(/<([0-9a-f]+)>/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1"))
    .replace(/[[\]]| -?\d+(?:\.\d+)? (?=[A-Za-z“])/g, "");
}

describe("the recovery kit as PDF", () => {
  test("is a PDF that shows whose it is, and is the same for the same kit", async () => {
    const one = await kitPdf(kit(["The mailbox alice@mail.example"]), AT);
    assert.match(one.subarray(0, 8).toString("latin1"), /^%PDF-1\.\d/);
    const shown = textOf(one).replace(/\s+/g, " ");
    for (const word of ["alice", "mailbox", "Done on"])
      assert(shown.includes(word), `${word} in ${shown.slice(0, 500)}`);
    const again = await kitPdf(kit(["The mailbox alice@mail.example"]), AT);
    assert.deepEqual(again, one);
  });

  test("what the fonts cannot write is a question mark, and many things take more pages", async () => {
    const strange = await kitPdf(kit(["SSH key \u202Eevil \u4E2D"]), AT);
    assert(textOf(strange).includes("SSH key ?evil ?"));
    const many = await kitPdf(kit(Array.from({ length: 120 }, (_, index) => `Key ${index}`)), AT);
    assert((many.toString("latin1").match(/\/Type \/Page\b/g) ?? []).length >= 3);
  });
});
