import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { bigDate, dayInWords, durationInWords, relativeInWords, time } from "./time.ts";

const NOW = new Date("2026-11-23T09:40:00Z");
const after = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const words = (html: unknown): string => String(html).replace(/<[^>]*>/g, "");

test("durations are said in one unit", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 seconds"],
    [1, "1 second"],
    [59, "59 seconds"],
    [60, "1 minute"],
    [3569, "59 minutes"],
    [3570, "1 hour"],
    [35 * 3600, "35 hours"],
    [36 * 3600, "2 days"],
    [59 * 86_400, "59 days"],
    [60 * 86_400, "2 months"],
    [800 * 86_400, "2 years"],
    [-5, "0 seconds"],
  ];
  for (const [seconds, expected] of cases) assert.equal(durationInWords(seconds), expected);
});

test("relative to now", () => {
  assert.equal(relativeInWords(after(0), NOW), "just now");
  assert.equal(relativeInWords(after(-4), NOW), "just now");
  assert.equal(relativeInWords(after(-90), NOW), "2 minutes ago");
  assert.equal(relativeInWords(after(0.2), NOW), "in 1 second");
  assert.equal(relativeInWords(after(3 * 86_400), NOW), "in 3 days");
});

test("days near now have names, and another year is named", () => {
  assert.equal(dayInWords(after(0), NOW), "today");
  assert.equal(dayInWords(after(14.4 * 3600), NOW), "tomorrow");
  assert.equal(dayInWords(after(-10 * 3600), NOW), "yesterday");
  assert.equal(dayInWords(after(3 * 86_400), NOW), "Thursday 26 November");
  assert.equal(dayInWords(after(60 * 86_400), NOW), "Friday 22 January 2027");
});

describe("time", () => {
  test("what is to come begins with its date, what is past with how long ago", () => {
    assert.equal(words(time(new Date("2026-11-26T14:05:00Z"), NOW)), "Thursday 26 November at 14:05 UTC, in 3 days");
    assert.equal(words(time(new Date("2026-11-20T14:05:00Z"), NOW)), "3 days ago, Friday 20 November at 14:05 UTC");
  });
  test("the exact time is in the element, whatever the form", () => {
    const date = new Date("2026-11-26T14:05:09.123Z");
    for (const form of ["full", "relative", "date"] as const) {
      assert.match(
        String(time(date, NOW, form)),
        /^<time datetime="2026-11-26T14:05:09Z" title="2026-11-26T14:05:09Z" /,
      );
    }
    assert.equal(words(time(date, NOW, "relative")), "in 3 days");
    assert.equal(words(time(date, NOW, "date")), "Thursday 26 November at 14:05 UTC");
    assert.equal(words(bigDate(date, NOW)), "Thursday 26 November 14:05 UTC · in 3 days");
  });
});

test("the page's script says relative times in the same words", () => {
  const script = readFileSync(new URL("../../web/assets/locksmith.js", import.meta.url), "utf8");
  const start = script.indexOf("const counted");
  const end = script.indexOf("// Each relative time");
  assert.ok(start > 0 && end > start);
  const say = runInNewContext(`${script.slice(start, end)}; relativeInWords`) as (seconds: number) => string; // our own script
  for (const seconds of [
    -4e8, -9e6, -200_000, -3570, -61, -5, -4, 0, 0.3, 59, 60, 3569, 3570, 129_599, 129_600, 5_184_000, 9e7,
  ]) {
    assert.equal(say(seconds), relativeInWords(after(seconds), NOW), String(seconds));
  }
});
