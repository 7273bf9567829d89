import { type Bits, CLASS_IDS, type ClassId, type Policy, type TierId } from "./types.ts";
import type { Weighing } from "./weigh.ts";

/**
 * Who has to agree. `insufficient`: nothing may be granted on this evidence. `incident`: somebody says the account was
 * taken over or it is frozen, so nobody is believed and people decide.
 */
export type Route = "machine" | "one-reviewer" | "two-reviewers" | "insufficient" | "incident";

/** What a weighing leads to at a tier, before silence and incidents are looked at. */
export interface Outcome {
  readonly route: Exclude<Route, "incident">;
  /** Enough roots but fewer bits than the tier asks for: more people, more time, longer hold. */
  readonly isShortfall: boolean;
  /** The evidence is strong enough for the tier's shorter wait. */
  readonly isFast: boolean;
  readonly approvals: number;
  readonly waitMs: number;
  readonly holdMs: number;
}

const ROUTES = ["machine", "one-reviewer", "two-reviewers"] as const;

/** The classes against which the bits do not reach what is asked. */
export function classesShort(weighing: Weighing, required: Bits, times = 1): readonly ClassId[] {
  return CLASS_IDS.filter((id) => !(weighing.perClass[id].bits >= required[id] * times));
}

/** The classes that may hold every root shown. */
export function classesHoldingAll(policy: Policy, weighing: Weighing): readonly ClassId[] {
  return CLASS_IDS.filter((id) => weighing.perClass[id].rootsOutside < policy.shortfallRule.rootsOutsideEachClass);
}

/**
 * The rule itself: what evidence leads to at a tier. Pure; the decision, the advice and the policy's own check all use it.
 * For `insufficient`, approvals, wait and hold are the tier's largest, so that nothing can be read as cheap.
 */
export function outcomeOf(policy: Policy, tierId: TierId, weighing: Weighing): Outcome {
  const tier = policy.tiers[tierId];
  const { shortfall } = tier;
  const routeFor = (approvals: number) => ROUTES[approvals] ?? "two-reviewers";
  const hasRoots = weighing.roots.length >= tier.roots;
  if (hasRoots && (tier.bits === null || classesShort(weighing, tier.bits).length === 0)) {
    const { fastWait, approvals, holdMs } = tier;
    const isFast =
      tier.bits !== null && fastWait !== null && classesShort(weighing, tier.bits, fastWait.timesBits).length === 0;
    const waitMs = isFast && fastWait ? fastWait.waitMs : tier.waitMs;
    return { route: routeFor(approvals), isShortfall: false, isFast, approvals, waitMs, holdMs };
  }
  const most = {
    isShortfall: true,
    isFast: false,
    approvals: Math.max(tier.approvals, shortfall?.approvals ?? 0),
    waitMs: Math.max(tier.waitMs, shortfall?.waitMs ?? 0),
    holdMs: Math.max(tier.holdMs, shortfall?.holdMs ?? 0),
  };
  const isEnoughForPeople =
    shortfall !== null &&
    hasRoots &&
    classesShort(weighing, shortfall.bits).length === 0 &&
    classesHoldingAll(policy, weighing).length === 0;
  if (isEnoughForPeople) return { ...most, route: routeFor(most.approvals) };
  return { ...most, isShortfall: false, route: "insufficient" };
}

const RANK: Readonly<Record<Route, number>> = {
  machine: 0,
  "one-reviewer": 1,
  "two-reviewers": 2,
  insufficient: 3,
  incident: 4,
};

/** Negative when `a` is better for the claimant than `b`: route first, then wait, then hold. */
export function compareOutcomes(
  a: Pick<Outcome, "waitMs" | "holdMs"> & { readonly route: Route },
  b: Pick<Outcome, "waitMs" | "holdMs"> & { readonly route: Route },
): number {
  return RANK[a.route] - RANK[b.route] || a.waitMs - b.waitMs || a.holdMs - b.holdMs;
}
