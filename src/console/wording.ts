import type { CaseState } from "../recovery/index.ts";

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
  ready: "success",
  restored: "success",
  refused: "neutral",
  withdrawn: "neutral",
  expired: "neutral",
};

/** A state as the desk says it. */
export const stateName = (state: CaseState): string =>
  state.replaceAll("-", " ").replace(/^./, (first) => first.toUpperCase());
