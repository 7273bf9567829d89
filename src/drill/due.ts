import type { Reminded, Reminder, Standing, Way } from "./types.ts";

/* When a way back counts as tested, and when its owner is reminded. Pure. */

const DAY_MS = 86_400_000;
export const YEAR_MS = 365 * DAY_MS;
/** How long a reminder can be put off, each time. */
export const PUT_OFF_MS = 30 * DAY_MS;
/** An account that has nothing to test yet is looked at again after this. */
const LOOK_AGAIN_MS = 30 * DAY_MS;
/** How long somebody who was asked may take before it is the owner's turn again. */
const ANSWER_MS = 30 * DAY_MS;

const after = (date: Date, milliseconds: number): Date => new Date(date.getTime() + milliseconds);
const earliest = (dates: readonly Date[]): Date | null =>
  dates.reduce<Date | null>((least, one) => (least === null || one < least ? one : least), null);
const latest = (...dates: readonly Date[]): Date => dates.reduce((most, one) => (one > most ? one : most));

/** How a way stands now. */
export const standingOf = (way: Pick<Way, "lastTestedAt">, now: Date): Standing =>
  way.lastTestedAt === null ? "untested" : after(way.lastTestedAt, YEAR_MS) > now ? "tested" : "stale";

/** When its owner should hear of a way: a year after it last worked, or after it came to the account. */
export const staleAt = (way: Pick<Way, "lastTestedAt" | "since">): Date =>
  after(way.lastTestedAt ?? way.since, YEAR_MS);

/** The later of two dates of which either may be missing. */
export const laterOf = (one: Date | null, other: Date | null): Date | null =>
  one && other ? latest(one, other) : (one ?? other);

/** Whether a way is not for its owner to test just now: somebody was asked, in the last 30 days, and may still answer. */
export const isWaiting = (way: Pick<Way, "lastTestedAt" | "askedAt">, now: Date): boolean =>
  standingOf(way, now) !== "tested" && way.askedAt !== undefined && after(way.askedAt, ANSWER_MS) > now;

/** The way to test next: never tested before long ago; null where there is nothing left for the owner to do. */
export function nextToTest(ways: readonly Way[], now: Date): Way | null {
  const open = ways.filter((way) => standingOf(way, now) !== "tested" && !isWaiting(way, now));
  return open.toSorted((a, b) => (a.lastTestedAt?.getTime() ?? 0) - (b.lastTestedAt?.getTime() ?? 0))[0] ?? null;
}

/**
 * Whether to remind now, and when to look again. A reminder goes out when some way was not tested for a year, at most once
 * a year, or when the time is over by which its owner has put it off.
 */
export function reminderFor(ways: readonly Way[], reminded: Reminded, now: Date): Reminder {
  const stale = ways.filter((way) => staleAt(way) <= now);
  const firstStale = earliest(ways.map(staleAt));
  if (firstStale === null) return { isSent: false, stale, nextAt: after(now, LOOK_AGAIN_MS) };
  const free = reminded.putOffUntil ?? (reminded.lastSentAt ? after(reminded.lastSentAt, YEAR_MS) : firstStale);
  const dueAt = latest(firstStale, free);
  return dueAt <= now ? { isSent: true, stale, nextAt: after(now, YEAR_MS) } : { isSent: false, stale, nextAt: dueAt };
}
