import { icon, type IconName } from "./icon.ts";
import { keyhole } from "./pictures.ts";
import { attr, html, type Html, type Value } from "./template.ts";
import { distanceInWords, exactInWords } from "./time.ts";

type Maybe<T> = T | undefined;
export type Tone = "neutral" | "info" | "success" | "warning" | "danger";

const TONE_ICON: Readonly<Record<Tone, IconName>> = { neutral: "circle", info: "info", success: "circle-check", warning: "triangle-alert", danger: "octagon-alert" };

export interface FrameOptions {
  readonly title: string;
  /** The name people know this installation by. */
  readonly indexName: string;
  readonly nav: readonly { readonly href: string; readonly label: string }[];
  readonly body: Html;
  readonly width?: Maybe<"narrow" | "wide" | "full">;
  readonly banner?: Maybe<Html>;
  readonly refreshSeconds?: Maybe<number>;
  readonly currentPath?: Maybe<string>;
}

/** The frame of every page: skip link, header with the mark, main, footer. */
export const page = (options: FrameOptions): Html => html`
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${options.title} – ${options.indexName}</title>
  ${options.refreshSeconds ? html`<meta http-equiv="refresh" content="${options.refreshSeconds}">` : null}
  <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/pico.min.css">
  <link rel="stylesheet" href="/assets/locksmith.css">
  <script src="/assets/locksmith.js" defer></script>
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header class="site-header">
    <div class="bar">
      <a class="brand" href="/">${keyhole}<span>${options.indexName}</span></a>
      ${options.nav.length > 0 ? html`<nav aria-label="Main"><ul>${options.nav.map((one) => html`<li><a href="${one.href}" ${attr("aria-current", one.href === options.currentPath ? "page" : null)}>${one.label}</a></li>`)}</ul></nav>` : null}
    </div>
  </header>
  <main id="main" class="${options.width ?? "narrow"}" tabindex="-1">
    ${options.banner}
    ${options.body}
  </main>
  <footer class="site-footer"><p>Kept safe by Locksmith. We never telephone, and never ask for a password or a code.</p></footer>
</body>
</html>`;

/** A message with a tone: said by icon, word and colour. */
export const notice = (options: { readonly tone: Tone; readonly title: string; readonly body?: Maybe<Html> }): Html => html`
  <section class="notice ${options.tone}" ${attr("role", options.tone === "danger" ? "alert" : "status")}>
    ${icon(TONE_ICON[options.tone])}
    <div><h2>${options.title}</h2>${options.body}</div>
  </section>`;

export const badge = (options: { readonly tone: Tone; readonly text: string }): Html =>
  html`<span class="badge ${options.tone}">${icon(TONE_ICON[options.tone])}${options.text}</span>`;

export interface SummaryRow {
  readonly key: string;
  readonly value: Value;
  readonly action?: Maybe<Html>;
}

export const summaryList = (rows: readonly SummaryRow[]): Html => html`
  <dl class="summary">${rows.map((row) => html`<div><dt>${row.key}</dt><dd>${row.value}</dd>${row.action ? html`<dd class="action">${row.action}</dd>` : null}</div>`)}</dl>`;

/** A table that becomes cards on a phone. */
export function table(options: { readonly caption: string; readonly columns: readonly string[]; readonly rows: readonly (readonly Value[])[]; readonly empty: string }): Html {
  if (options.rows.length === 0) return html`<p class="empty-line">${options.empty}</p>`;
  return html`
    <div class="table-wrap"><table>
      <caption>${options.caption}</caption>
      <thead><tr>${options.columns.map((column) => (column ? html`<th scope="col">${column}</th>` : html`<td></td>`))}</tr></thead>
      <tbody>${options.rows.map((row) => html`<tr>${row.map((cell, index) => html`<td data-label="${options.columns[index] ?? ""}">${cell}</td>`)}</tr>`)}</tbody>
    </table></div>`;
}

/** Text to be taken elsewhere: shown whole, with buttons that scripts add. */
export const copyable = (options: { readonly id: string; readonly text: string; readonly label: string; readonly download?: Maybe<string>; readonly print?: Maybe<boolean> }): Html => html`
  <div class="copyable" data-copyable ${attr("data-download", options.download)} ${attr("data-print", options.print ? "" : null)}>
    <p class="copy-label" id="${options.id}-label">${options.label}</p>
    <pre id="${options.id}" tabindex="0" role="region" aria-labelledby="${options.id}-label">${options.text}</pre>
  </div>`;

export const details = (options: { readonly summary: string; readonly body: Html; readonly open?: Maybe<boolean> }): Html =>
  html`<details ${attr("open", options.open ?? false)}><summary>${options.summary}</summary>${options.body}</details>`;

export const emptyState = (options: { readonly title: string; readonly body: Html }): Html =>
  html`<section class="empty"><h2>${options.title}</h2>${options.body}</section>`;

/** The one date that matters, in large type. */
export const bigDate = (options: { readonly label: string; readonly date: Date; readonly now: Date; readonly note?: Maybe<Html> }): Html => html`
  <section class="big-date">
    <p class="label">${options.label}</p>
    <p class="when"><time datetime="${options.date.toISOString()}">${distanceInWords(options.date, options.now)}</time></p>
    <p class="exact">${exactInWords(options.date)}</p>
    ${options.note}
  </section>`;

export const card = (options: { readonly title: string; readonly body: Html; readonly aside?: Maybe<Html>; readonly id?: Maybe<string> }): Html => html`
  <section class="card" ${attr("id", options.id)}><div class="card-head"><h3>${options.title}</h3>${options.aside}</div>${options.body}</section>`;

/** Progress in words, with a bar behind them. @param share 0 to 1 */
export const progress = (options: { readonly label: string; readonly share: number; readonly words: string }): Html => {
  const percent = Math.round(Math.min(1, Math.max(0, options.share)) * 100);
  return html`<div class="progress"><p><strong>${options.label}</strong> ${options.words}</p><progress max="100" value="${percent}" aria-label="${options.label}">${percent} %</progress></div>`;
};

export function pagination(options: { readonly page: number; readonly pages: number; readonly href: (page: number) => string }): Html | null {
  if (options.pages <= 1) return null;
  const { page: at, pages } = options;
  return html`<nav class="pages" aria-label="Pages"><ul>
    ${at > 1 ? html`<li><a href="${options.href(at - 1)}" rel="prev">Previous</a></li>` : null}
    <li>Page ${at} of ${pages}</li>
    ${at < pages ? html`<li><a href="${options.href(at + 1)}" rel="next">Next</a></li>` : null}
  </ul></nav>`;
}
