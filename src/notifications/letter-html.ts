import { exactTime } from "../kernel/calendar.ts";
import type { Block, Letter } from "./letter.ts";
import { dateInWords } from "./wording.ts";

/*
 * The HTML form. Mail programs know neither our style sheet nor our script, so styles stand in the mail itself: inline
 * for the light form, a style block for dark mode where it is honoured. No image, no remote part: nothing to track.
 */

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (value: string): string => value.replace(/[&<>"']/g, (symbol) => escapes[symbol] ?? "");

const STYLE = {
  page: "margin:0;padding:24px 12px;background:#f3f4f5;color:#1d2226;font:16px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif",
  card: "max-width:600px;margin:0 auto;padding:28px 28px 20px;background:#ffffff;border-radius:10px",
  brand: "margin:0 0 20px;font-size:15px;color:#565f66",
  mark: "display:inline-block;width:26px;height:26px;margin-right:10px;border-radius:7px;background:#2b5f75;vertical-align:middle;text-align:center;line-height:0",
  bow: "display:inline-block;width:8px;height:8px;margin-top:6px;border-radius:50%;background:#ffffff",
  slot: "display:block;width:0;height:0;margin:-2px auto 0;border-left:4px solid transparent;border-right:4px solid transparent;border-bottom:10px solid #ffffff",
  title: "margin:0 0 18px;font-size:23px;line-height:1.3;font-weight:650",
  text: "margin:0 0 16px",
  label: "padding:3px 18px 3px 0;vertical-align:top;color:#565f66;white-space:nowrap",
  value: "padding:3px 0;vertical-align:top;overflow-wrap:anywhere",
  button:
    "display:inline-block;padding:11px 18px;border-radius:8px;background:#2b5f75;color:#ffffff;font-weight:600;text-decoration:none",
  url: "color:#2b5f75;font-size:14px;overflow-wrap:anywhere",
  code: "margin:6px 0 18px;font:600 30px/1.3 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:3px",
  exact: "color:#565f66;font-size:14px;font-weight:400;white-space:nowrap",
  callout: "margin:0 0 16px;padding:12px 16px;border-left:4px solid #2b5f75;background:#eef3f5",
  footer: "margin:0 0 10px;color:#565f66;font-size:14px",
} as const;

const DARK = `@media (prefers-color-scheme: dark) {
  .page { background: #121517 !important; color: #e7eaec !important; }
  .card { background: #1b1f22 !important; }
  .quiet { color: #a9b2b8 !important; }
  .accent { color: #8fc6dc !important; }
  .callout { background: #232a2e !important; border-color: #8fc6dc !important; }
}`;

const when = (at: Date): string =>
  `<time datetime="${exactTime(at)}">${dateInWords(at)}</time> <span class="quiet" style="${STYLE.exact}">(${exactTime(at)})</span>`;

/** Each anchor shows where it leads: the button names the host, the line beneath is the whole address. */
function renderLink(label: string, url: string): string {
  const href = escape(url);
  return (
    `<p style="${STYLE.text}"><a href="${href}" style="${STYLE.button}">${escape(label)} (${escape(new URL(url).host)})</a></p>\n` +
    `<p style="${STYLE.text}"><a class="accent" href="${href}" style="${STYLE.url}">${href}</a></p>`
  );
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return `<p style="${STYLE.text}">${escape(block.text)}</p>`;
    case "facts": {
      const rows = block.rows.map(
        ([label, value]) =>
          `<tr><th scope="row" align="left" class="quiet" style="${STYLE.label};font-weight:400">${escape(label)}</th>` +
          `<td style="${STYLE.value}">${value instanceof Date ? when(value) : escape(value)}</td></tr>`,
      );
      return `<table style="${STYLE.text};border-collapse:collapse">${rows.join("")}</table>`;
    }
    case "list":
      return `<ul style="${STYLE.text};padding-left:22px">${block.items.map((item) => `<li>${escape(item)}</li>`).join("")}</ul>`;
    case "link":
      return renderLink(block.label, block.url);
    case "code":
      return `<p style="margin:0">${escape(block.label)}:</p>\n<p style="${STYLE.code}">${escape(block.code)}</p>`;
    case "date":
      return `<p style="${STYLE.text}">${escape(block.label)}: <strong>${when(block.at)}</strong></p>`;
    case "callout":
      return (
        `<p class="callout" style="${STYLE.callout}"><strong>${block.tone === "important" ? "Important:" : "Note:"}</strong> ` +
        `${escape(block.text)}</p>`
      );
  }
}

/** The HTML form of a cleaned letter: one self-contained document. */
export function renderHtml(letter: Letter, indexName: string, footer: readonly string[]): string {
  const mark = `<span aria-hidden="true" style="${STYLE.mark}"><span style="${STYLE.bow}"></span><span style="${STYLE.slot}"></span></span>`;
  const preheader =
    letter.preheader === undefined
      ? ""
      : `<div style="display:none;max-height:0;overflow:hidden">${escape(letter.preheader)}</div>\n`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escape(letter.subject)}</title>
<style>
${DARK}
</style>
</head>
<body class="page" style="${STYLE.page}">
${preheader}<div class="card" style="${STYLE.card}">
<p class="quiet" style="${STYLE.brand}">${mark}${escape(indexName)}: account security</p>
<h1 style="${STYLE.title}">${escape(letter.subject)}</h1>
${letter.blocks.map(renderBlock).join("\n")}
<hr style="border:0;border-top:1px solid #d5dadd;margin:22px 0 16px">
${footer.map((line) => `<p class="quiet" style="${STYLE.footer}">${escape(line)}</p>`).join("\n")}
</div>
</body>
</html>
`;
}
