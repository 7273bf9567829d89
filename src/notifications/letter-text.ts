import { exactTime } from "../kernel/calendar.ts";
import type { Block, Letter } from "./letter.ts";
import { dateInWords } from "./wording.ts";

const WIDTH = 72;

/** Breaks text into lines of at most 72 characters. A URL is never broken; any other over-long word is. */
function wrap(text: string, first = "", rest = ""): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  const flush = () => {
    lines.push(line.trimEnd());
    line = rest;
    isEmpty = true;
  };
  for (const word of text.split(" ").flatMap((each) => pieces(each, WIDTH - rest.length))) {
    if (!isEmpty && line.length + 1 + word.length > WIDTH) flush();
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  flush();
  return lines.join("\n");
}

function pieces(word: string, most: number): readonly string[] {
  if (word.length <= most || /^https?:\/\//.test(word)) return [word];
  const symbols = Array.from(word);
  const parts: string[] = [];
  while (symbols.length > 0) parts.push(symbols.splice(0, Math.floor(most / 2)).join(""));
  return parts;
}

const whole = (at: Date): string => `${dateInWords(at)} (${exactTime(at)})`;

const LONGEST_LABEL = 24;

function renderFacts(rows: readonly (readonly [string, string | Date])[]): string {
  const column = Math.min(LONGEST_LABEL, Math.max(0, ...rows.map(([label]) => label.length)));
  const indent = " ".repeat(column + 4);
  return rows
    .map(([label, value]) => {
      const said = value instanceof Date ? whole(value) : value;
      const isShort = label.length <= column;
      return isShort
        ? wrap(said, `  ${`${label}:`.padEnd(column + 1)} `, indent)
        : `${wrap(`${label}:`, "  ", "  ")}\n${wrap(said, indent, indent)}`;
    })
    .join("\n");
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return wrap(block.text);
    case "facts":
      return renderFacts(block.rows);
    case "list":
      return block.items.map((item) => wrap(item, "- ", "  ")).join("\n");
    case "link":
      return `${wrap(`${block.label}:`)}\n\n${block.url}`;
    case "code":
      return `${wrap(`${block.label}:`)}\n\n    ${block.code}`;
    case "date":
      return wrap(`${block.label}: ${whole(block.at)}`);
    case "callout":
      return wrap(`${block.tone === "important" ? "Important:" : "Note:"} ${block.text}`, "* ", "  ");
  }
}

/** The plain-text form of a cleaned letter, ending with a line feed. */
export function renderText(letter: Letter, indexName: string, footer: readonly string[]): string {
  const heading = wrap(letter.subject);
  const underline = "=".repeat(Math.min(WIDTH, Math.max(...heading.split("\n").map((line) => line.length))));
  const parts = [
    wrap(`${indexName}: account security`),
    `${heading}\n${underline}`,
    ...letter.blocks.map(renderBlock),
    "-".repeat(WIDTH),
    ...footer.map((line) => wrap(line)),
  ];
  return `${parts.join("\n\n")}\n`;
}
