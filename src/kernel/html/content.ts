import { icon, type IconName, keyhole } from "./icon.ts";
import { attr, type Content, html, type Html } from "./template.ts";
import { bigDate, time } from "./time.ts";

export type Tone = "neutral" | "info" | "success" | "warning" | "danger";

/** Each tone has a shape of its own, so that it is told apart without colour. */
const TONE_ICON: Readonly<Record<Tone, IconName>> = {
  neutral: "circle-dashed",
  info: "info",
  success: "circle-check",
  warning: "triangle-alert",
  danger: "octagon-alert",
};

type Level = 2 | 3 | 4;

function heading(level: Level, text: Content, id?: string): Html {
  const attributes = attr("id", id);
  if (level === 2) return html`<h2 ${attributes}>${text}</h2>`;
  return level === 3 ? html`<h3 ${attributes}>${text}</h3>` : html`<h4 ${attributes}>${text}</h4>`;
}

export interface CardOptions {
  readonly title?: Content;
  readonly body: Content;
  /** Beside the title: a badge, a date. */
  readonly aside?: Content;
  readonly level?: Level | undefined;
}

/** A part of a page that stands on its own. */
export const card = (options: CardOptions): Html =>
  html`<section class="card">${
    options.title
      ? html`<div class="card-head">${heading(options.level ?? 2, options.title)}${options.aside ? html`<div class="card-aside">${options.aside}</div>` : null}</div>`
      : null
  }${options.body}</section>`;

export interface PanelOptions {
  readonly title: Content;
  /** The one date that matters on this page. */
  readonly date?: Date | undefined;
  readonly now?: Date | undefined;
  readonly body?: Content;
}

/** The answer of a page in large type: what is so, and the one date that matters. */
export const panel = (options: PanelOptions): Html =>
  html`<section class="panel">${keyhole()}<p class="panel-title">${options.title}</p>${
    options.date ? html`<p class="panel-date">${bigDate(options.date, options.now ?? options.date)}</p>` : null
  }${options.body ? html`<div class="panel-body">${options.body}</div>` : null}</section>`;

export interface NoticeOptions {
  readonly tone: Exclude<Tone, "neutral">;
  readonly title: Content;
  readonly body?: Content;
}

/** Something to know before reading on. */
export const notice = (options: NoticeOptions): Html =>
  html`<div class="notice tone-${options.tone}">${icon(TONE_ICON[options.tone])}<div class="notice-text"><p class="notice-title">${options.title}</p>${options.body}</div></div>`;

export interface BadgeOptions {
  readonly tone: Tone;
  readonly text: Content;
  readonly icon?: IconName | undefined;
}

/** A state in one or two words, with a shape and a colour. */
export const badge = (options: BadgeOptions): Html =>
  html`<span class="badge badge-${options.tone}">${icon(options.icon ?? TONE_ICON[options.tone])}<span>${options.text}</span></span>`;

export interface SummaryItem {
  readonly key: Content;
  readonly value: Content;
  /** Usually one link. */
  readonly action?: Content;
}

/** Facts by name. */
export const summaryList = (items: readonly SummaryItem[]): Html =>
  html`<dl class="summary-list">${items.map(
    (item) =>
      html`<div><dt>${item.key}</dt><dd>${item.value}</dd>${item.action ? html`<dd class="summary-action">${item.action}</dd>` : null}</div>`,
  )}</dl>`;

export interface Step {
  readonly title: Content;
  readonly state: "done" | "current" | "todo";
  readonly body?: Content;
}

const STEP_WORD = { done: "done", current: "now", todo: "to come" } as const;
const STEP_ICON = { done: "circle-check", current: "circle-dot", todo: "circle" } as const satisfies Record<
  string,
  IconName
>;

/** Where one is on a way with a known number of steps. */
export const steps = (list: readonly Step[]): Html =>
  html`<ol class="steps">${list.map(
    (step) =>
      html`<li class="step-${step.state}" ${attr("aria-current", step.state === "current" ? "step" : null)}>${icon(STEP_ICON[step.state])}<div><p class="step-title">${step.title} <span class="step-word">${STEP_WORD[step.state]}</span></p>${step.body ? html`<div class="step-body">${step.body}</div>` : null}</div></li>`,
  )}</ol>`;

export interface TimelineEvent {
  readonly at: Date;
  readonly title: Content;
  readonly body?: Content;
  readonly tone?: Tone | undefined;
}

/** What happened, in the order given. */
export const timeline = (events: readonly TimelineEvent[], now: Date): Html =>
  html`<ol class="timeline">${events.map(
    (event) =>
      html`<li class="timeline-${event.tone ?? "neutral"}">${icon(event.tone && event.tone !== "neutral" ? TONE_ICON[event.tone] : "circle-dot")}<div><p class="timeline-title">${event.title}</p><p class="timeline-time">${time(event.at, now)}</p>${event.body ? html`<div>${event.body}</div>` : null}</div></li>`,
  )}</ol>`;

export interface CopyableOptions {
  /** Once in a page. */
  readonly id: string;
  readonly text: string;
  readonly label: Content;
  /** Name of a text file to offer for download. */
  readonly download?: string | undefined;
  /** Offers to print the page. */
  readonly print?: boolean | undefined;
  /** Folds the text away, where the page shows it already in another form. */
  readonly isFolded?: boolean | undefined;
}

/** Text to take along: a command, a key, codes. Its buttons appear with scripts; without, it is selected by hand. */
export function copyable(options: CopyableOptions): Html {
  const { id, download } = options;
  const quiet = (name: IconName, word: string, attributes: readonly ReturnType<typeof attr>[]) =>
    html`<button type="button" class="button button-quiet" hidden ${attributes}>${icon(name)}<span>${word}</span></button>`;
  const text = html`<pre id="${id}" tabindex="0" role="region" aria-labelledby="${id}-label"><code>${options.text}</code></pre>`;
  return html`<div class="copyable"><div class="copyable-head"><span class="copyable-label" id="${id}-label">${options.label}</span><span class="copyable-status" role="status" data-status="${id}"></span><div class="copyable-buttons">${[
    quiet("copy", "Copy", [attr("data-copy", id)]),
    download ? quiet("download", "Download", [attr("data-download", download), attr("data-source", id)]) : null,
    options.print ? quiet("printer", "Print", [attr("data-print", true)]) : null,
  ]}</div></div>${options.isFolded ? details({ summary: "Show it as text", body: text }) : text}</div>`;
}

export interface EmptyStateOptions {
  readonly title: Content;
  readonly body?: Content;
  readonly action?: Content;
  readonly icon?: IconName | undefined;
}

/** Nothing to show, and what that means. */
export const emptyState = (options: EmptyStateOptions): Html =>
  html`<div class="empty">${icon(options.icon ?? "inbox")}<p class="empty-title">${options.title}</p>${options.body}${options.action ? html`<div class="actions">${options.action}</div>` : null}</div>`;

export interface PaginationOptions {
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly href: (page: number) => string;
}

/** Earlier and later pages of a list; nothing when there is one page. */
export function pagination(options: PaginationOptions): Html | null {
  const { page, pages, href } = options;
  if (pages <= 1) return null;
  return html`<nav class="pagination" aria-label="Pages">${
    page > 1 ? html`<a class="button button-secondary" rel="prev" href="${href(page - 1)}">Previous</a>` : null
  }<span>Page ${page} of ${pages}</span>${
    page < pages ? html`<a class="button button-secondary" rel="next" href="${href(page + 1)}">Next</a>` : null
  }</nav>`;
}

export interface ProgressOptions {
  readonly label: Content;
  readonly value: number;
  readonly max: number;
  /** The same in words: "2 of 3 proofs", "strong". */
  readonly words: Content;
  readonly id: string;
}

/** How far something is, in words, with a bar beside them. */
export const progressMeter = (options: ProgressOptions): Html =>
  html`<div class="meter"><p><span id="${options.id}-label">${options.label}</span> <strong>${options.words}</strong></p><progress value="${options.value}" max="${options.max}" aria-labelledby="${options.id}-label"></progress></div>`;

export interface DetailsOptions {
  readonly summary: Content;
  readonly body: Content;
  readonly isOpen?: boolean | undefined;
  /** By which it stays open in a part that keeps itself up to date. */
  readonly id?: string | undefined;
}

/** Something only some need. */
export const details = (options: DetailsOptions): Html =>
  html`<details class="more" ${[attr("id", options.id), attr("open", options.isOpen)]}><summary>${icon("chevron-right")}<span>${options.summary}</span></summary><div class="more-body">${options.body}</div></details>`;

export interface LiveRegionOptions {
  readonly id: string;
  /** A page of ours that holds an element of the same id. */
  readonly url: string;
  readonly seconds: number;
  readonly body: Content;
}

/** A part that keeps itself up to date (with scripts), and says aloud what changed. */
export const liveRegion = (options: LiveRegionOptions): Html =>
  html`<div id="${options.id}" aria-live="polite" data-refresh-url="${options.url}" data-refresh-seconds="${options.seconds}">${options.body}</div>`;
