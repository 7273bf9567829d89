import { caseLifecycle, type CaseState } from "./lifecycle.ts";

/*
 * How long a case may wait. Pure: the clock and the desk go by it.
 */

const HOUR_MS = 3600_000;

/** How long a case may wait for the desk: a frozen account a day, a claimant three. A promise to people, no rule of the policy. */
export const DESK_HOURS = { frozen: 24, review: 72 } as const;

const FROZEN: ReadonlySet<CaseState> = new Set(["contested", "incident", "disputed", "disputed-second"]);

/** States that wait for the desk, in the two kinds that are told apart. */
export const DESK_STATES = {
  frozen: ["contested", "incident", "disputed", "disputed-second"],
  review: ["review", "second-review"],
} as const satisfies Readonly<Record<keyof typeof DESK_HOURS, readonly CaseState[]>>;

/** Since when a case would have to wait to be overdue now. */
export const overdueBefore = (kind: keyof typeof DESK_HOURS, now: Date): Date =>
  new Date(now.getTime() - DESK_HOURS[kind] * HOUR_MS);

/** Whether the desk has let a case wait for longer than it promises. */
export function isOverdue({ state, stateSince }: { readonly state: CaseState; readonly stateSince: Date }, now: Date) {
  if (caseLifecycle.states[state].next !== "reviewer") return false;
  return stateSince < overdueBefore(FROZEN.has(state) ? "frozen" : "review", now);
}

/** A claimant is reminded when a quarter of their time is left, and when a twentieth is: of thirty days a week, and a day. */
export const REMIND_AT = [0.25, 0.05] as const;

/**
 * How many reminders a case should have had by now, of those that come before it closes.
 * @param since when it began to wait for its claimant
 */
export function remindersDue(since: Date, closesAt: Date, now: Date): number {
  const span = closesAt.getTime() - since.getTime();
  if (now >= closesAt) return 0; // it closes, and is told so
  return REMIND_AT.filter((left) => closesAt.getTime() - span * left <= now.getTime()).length;
}
