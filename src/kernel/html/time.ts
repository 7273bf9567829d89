import { clockTime, exactTime, weekdayAndDay } from "../calendar.ts";
import { attr, html, type Html } from "./template.ts";

const DAY_MILLISECONDS = 86_400_000;

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? "" : "s"}`;

/** A length of time as people say it, to one unit: 40 seconds, 12 minutes, 30 hours, 3 days, 5 months. */
export function durationInWords(seconds: number): string {
  const length = Math.max(0, Math.round(seconds));
  if (length < 60) return counted(length, "second");
  if (Math.round(length / 60) < 60) return counted(Math.round(length / 60), "minute");
  if (Math.round(length / 3600) < 36) return counted(Math.round(length / 3600), "hour");
  const days = Math.round(length / 86_400);
  if (days < 60) return counted(days, "day");
  const months = Math.round(days / 30.44);
  return months < 24 ? counted(months, "month") : counted(Math.round(days / 365.25), "year");
}

/** `in 3 days`, `12 minutes ago`, `just now`. The page's script says the same, so that an open page keeps up. */
export function relativeInWords(date: Date, now: Date): string {
  const seconds = (date.getTime() - now.getTime()) / 1000;
  if (seconds > 0) return `in ${durationInWords(Math.max(1, seconds))}`;
  return seconds > -5 ? "just now" : `${durationInWords(-seconds)} ago`;
}

const dayNumber = (date: Date): number => Math.floor(date.getTime() / DAY_MILLISECONDS);

/** `today`, `tomorrow`, `yesterday`, `Thursday 26 November`, and the year when it is another one than now. */
export function dayInWords(date: Date, now: Date): string {
  const difference = dayNumber(date) - dayNumber(now);
  const near = new Map([
    [-1, "yesterday"],
    [0, "today"],
    [1, "tomorrow"],
  ]).get(difference);
  return near ?? longDay(date, now);
}

const longDay = (date: Date, now: Date): string => {
  const year = date.getUTCFullYear() === now.getUTCFullYear() ? "" : ` ${date.getUTCFullYear()}`;
  return `${weekdayAndDay(date)}${year}`;
};

const secondsTo = (date: Date, now: Date): number => Math.round((date.getTime() - now.getTime()) / 1000);

/**
 * A moment as people say it, with the exact time in its title. What is past begins with how long ago it was
 * (`3 days ago, Friday 20 November at 14:05 UTC`); what is to come begins with its date, so that it also reads well after
 * "until" and "ends" (`Thursday 26 November at 14:05 UTC, in 3 days`).
 * @param form `full` unless said; `relative`: `3 days ago` alone, for dense tables; `date`: without the relative part
 */
export function time(date: Date, now: Date, form: "full" | "relative" | "date" = "full"): Html {
  const relative = html`<span class="time-relative" data-relative="${secondsTo(date, now)}">${relativeInWords(date, now)}</span>`;
  const absolute = html`<span class="time-exact">${dayInWords(date, now)} at ${clockTime(date)}</span>`;
  const [first, second] = date.getTime() > now.getTime() ? [absolute, relative] : [relative, absolute];
  const words =
    form === "relative"
      ? relative
      : form === "date"
        ? absolute
        : html`${first}<span class="time-comma">, </span>${second}`;
  return html`<time datetime="${exactTime(date)}" title="${exactTime(date)}" ${attr("class", form === "full" ? "time-full" : null)}>${words}</time>`;
}

/** The one date of a page in large type: the day, and under it the time and how far away it is. */
export function bigDate(date: Date, now: Date): Html {
  const day = dayInWords(date, now);
  return html`<time class="big-date" datetime="${exactTime(date)}" title="${exactTime(date)}"><span class="big-date-day">${day.replace(/^./, (first) => first.toUpperCase())}</span> <span class="big-date-time">${clockTime(date)}<span class="big-date-gap" aria-hidden="true"> · </span><span data-relative="${secondsTo(date, now)}">${relativeInWords(date, now)}</span></span></time>`;
}
