/*
 * When a mail is tried again, and when no more. Pure.
 */

const FIRST_PAUSE_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 4 * 3600;

/** Eight doublings take 4¼ hours, the seventeen pauses of 4 hours after them the rest of three days. */
export const MOST_ATTEMPTS = 26;

/** How long one attempt may take, and how long nobody else may try: the lease outlasts the attempt by far. */
export const ATTEMPT_TIMEOUT_MS = 2 * 60 * 1000;
export const LEASE_MS = 10 * 60 * 1000;

/** Seconds to wait after this many failed attempts: one minute, doubling, at most four hours. */
export const pauseSeconds = (attempts: number): number =>
  Math.min(FIRST_PAUSE_SECONDS * 2 ** Math.max(0, attempts - 1), LONGEST_PAUSE_SECONDS);

/** When to try again after a failure that may pass; null when it has been tried for about three days. */
export const nextAttempt = (attempts: number, now: Date): Date | null =>
  attempts >= MOST_ATTEMPTS ? null : new Date(now.getTime() + pauseSeconds(attempts) * 1000);
