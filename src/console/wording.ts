import { type Content, html, type Html } from "../kernel/html/index.ts";
import type { CaseState } from "../recovery/index.ts";

/** A case number as it is printed. */
export const CASE_NUMBER = /^LK-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/;

export type Tone = "neutral" | "info" | "success" | "warning" | "danger";

export const STATE_TONE: Readonly<Record<CaseState, Tone>> = {
  unconfirmed: "neutral",
  collecting: "info",
  review: "warning",
  "second-review": "warning",
  "information-requested": "info",
  waiting: "info",
  contested: "danger",
  incident: "danger",
  disputed: "danger",
  "disputed-second": "danger",
  ready: "success",
  restored: "success",
  reversed: "neutral",
  refused: "neutral",
  withdrawn: "neutral",
  expired: "neutral",
};

/** A name of ours as people read it: `second-review` is “Second review”, `api-token` “API token”. */
export const inWords = (name: string): string =>
  name
    .replaceAll("-", " ")
    .replace(/\b(api|ssh)\b/g, (short) => short.toUpperCase())
    .replace(/^./, (first) => first.toUpperCase());

/** Facts side by side, each under its name; a fact that is null is left out. */
export const facts = (all: readonly (readonly [name: string, value: Content] | null)[]): Html =>
  html`<dl class="facts">${all.filter((one) => one !== null).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
