import type { Window } from "./types.ts";

/* Which acts are looked at, and what an account did to one thing among them. Pure. */

const DAY_MS = 24 * 3600_000;
/** How far back one may begin; what lies further back has been settled, or was never noticed by anybody. */
export const FURTHEST_DAYS = 120;
/** How long after it was given back an account may take back what happened before. */
export const OPEN_DAYS = 90;

export interface Moments {
  /** The first sign of trouble, as in the history. */
  readonly sign: { readonly act: string; readonly at: Date };
  /** Just before it. */
  readonly justBefore: Date;
  /** Some days before it, since a thief is seldom noticed at once: what is offered first. */
  readonly settled: Date;
  /** The earliest that may be chosen. */
  readonly earliest: Date;
}

/**
 * The moments to choose from.
 * @param sign the first sign of trouble, and `settled` how long before it things are taken to be as they should
 */
export function momentsOf(sign: Moments["sign"], settled: Date, until: Date): Moments {
  const earliest = new Date(until.getTime() - FURTHEST_DAYS * DAY_MS);
  const notBefore = (moment: Date) => (moment < earliest ? earliest : moment);
  return { sign, justBefore: notBefore(new Date(sign.at.getTime() - 1)), settled: notBefore(settled), earliest };
}

export type Choice =
  | { readonly kind: "settled" }
  | { readonly kind: "just-before" }
  | { readonly kind: "day"; readonly day: Date };

/** The window of a choice; null for a day that is too early, or not before the account was given back. */
export function windowOf(choice: Choice, moments: Moments, until: Date): Window | null {
  const from =
    choice.kind === "settled" ? moments.settled : choice.kind === "just-before" ? moments.justBefore : choice.day;
  const firstDay = Math.floor(moments.earliest.getTime() / DAY_MS) * DAY_MS;
  if (Number.isNaN(from.getTime()) || from.getTime() < firstDay || from >= until) return null;
  return { from, until };
}

export const isInside = ({ at }: { readonly at: Date }, { from, until }: Window): boolean => at >= from && at < until;

/** One act on one thing, in the order of the log. */
export interface Deed<State> {
  readonly at: Date;
  /** In the name of the account that is looked at. */
  readonly isOurs: boolean;
  readonly before: State;
  readonly after: State;
}

/** What an account did to one thing within the window. */
export interface Run<State> {
  /** When the first of it was. */
  readonly at: Date;
  /** How the thing was before: what undoing goes back to. */
  readonly before: State;
  readonly after: State;
  /** Whether anybody did something to it since the account was given back. */
  readonly isTouchedSince: boolean;
}

/**
 * What the account did to a thing in the window after which nobody else did anything: whatever another person decided later
 * is not the thief's, and stays. Null where there is no such act, or where all of them together changed nothing.
 */
export function runOf<State>(deeds: readonly Deed<State>[], { from, until }: Window): Run<State> | null {
  let run = null as Run<State> | null;
  for (const { at, isOurs, before, after } of deeds) {
    if (at >= until) {
      if (run) run = { ...run, isTouchedSince: true };
    } else if (at < from || !isOurs) {
      run = null;
    } else {
      run = run ? { ...run, after } : { at, before, after, isTouchedSince: false };
    }
  }
  return run && run.before === run.after ? null : run;
}
