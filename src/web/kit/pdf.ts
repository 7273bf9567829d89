import PDFDocument from "pdfkit";
import type { Kit } from "./content.ts";

const MARGIN = 56;
const BOX = 9;
const GAP = 0.6;

/** The fonts every PDF reader has know Windows-1252 only; what they cannot write becomes a question mark, not a wrong letter. */
const writable = (text: string): string =>
  text.normalize("NFC").replace(/[^\u0020-\u007e\u00a0-\u00ff‘’“”–—•…]/gu, "?");

/** The kit as an A4 document of a page or two, in bytes. The same kit always gives the same bytes. */
export function kitPdf(kit: Kit, madeAt: Date): Promise<Buffer> {
  const document = new PDFDocument({
    size: "A4",
    margin: MARGIN,
    lang: "en",
    displayTitle: true,
    info: { Title: writable(kit.title), CreationDate: madeAt, ModDate: madeAt },
  });
  const chunks: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    document.on("data", (chunk: Buffer) => chunks.push(chunk));
    document.on("error", reject);
    document.on("end", () => resolve(Buffer.concat(chunks)));
  });
  document.font("Helvetica-Bold").fontSize(20).text(writable(kit.title)).moveDown(GAP);
  for (const [name, value] of kit.facts) {
    document
      .font("Helvetica")
      .fontSize(11)
      .text(`${writable(name)}: `, { continued: true });
    document.font("Helvetica-Bold").text(writable(value));
  }
  for (const part of kit.parts) {
    document
      .moveDown(1.2)
      .font("Helvetica-Bold")
      .fontSize(14)
      .text(writable(part.title))
      .moveDown(GAP / 2);
    document.font("Helvetica").fontSize(11);
    for (const line of part.lines) document.text(writable(line)).moveDown(GAP / 2);
    for (const box of part.boxes ?? []) {
      document.rect(MARGIN, document.y + 1, BOX, BOX).stroke();
      document.text(writable(box), MARGIN + BOX + 8, document.y).moveDown(GAP / 2);
      document.x = MARGIN;
    }
    for (const blank of part.blanks ?? []) {
      document.moveDown(GAP).text(`${writable(blank)}: ${"_".repeat(48)}`);
    }
  }
  document.end();
  return done;
}
