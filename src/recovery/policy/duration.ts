import { ok, refuse, type Result } from "../../kernel/result.ts";
import { policyRefusals } from "./refusals.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Ten years: longer than anything a recovery policy may ask for. */
export const LONGEST_DURATION_MS = 3650 * DAY;

const PATTERN = /^P(?:(\d{1,4})W|(?=\d|T\d)(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?)$/;

/**
 * Milliseconds of an ISO 8601 duration of whole weeks, or of whole days, hours, minutes and seconds ("P7D", "PT72H").
 * Refuses years and months, whose length is not fixed, fractions, and anything over ten years. Source: ISO 8601-1:2019 §5.5.2.
 */
export function parseDuration(text: string): Result<number> {
  const match = PATTERN.exec(text);
  if (!match) return refuse(policyRefusals["not-valid"]({ detail: 'is not a duration such as "PT72H" or "P7D"' }));
  const [weeks, days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  const ms =
    (weeks ?? 0) * 7 * DAY +
    (days ?? 0) * DAY +
    (hours ?? 0) * HOUR +
    (minutes ?? 0) * MINUTE +
    (seconds ?? 0) * SECOND;
  if (ms > LONGEST_DURATION_MS) return refuse(policyRefusals["not-valid"]({ detail: "is longer than ten years" }));
  return ok(ms);
}

/** A duration in milliseconds as people say it: "no time", "15 seconds", "72 hours", "7 days". */
export function durationInWords(ms: number): string {
  if (ms <= 0) return "no time";
  const [unit, name] =
    ms % DAY === 0 && ms > 3 * DAY
      ? [DAY, "day"]
      : ms % HOUR === 0
        ? [HOUR, "hour"]
        : ms % MINUTE === 0
          ? [MINUTE, "minute"]
          : [SECOND, "second"];
  const count = Math.ceil(ms / unit);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
