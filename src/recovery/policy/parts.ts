import { type Decision, type DecisionFacts, decide } from "./decide.ts";
import type { Route } from "./outcome.ts";
import type { Impact } from "./tier.ts";
import { CLASS_IDS, type Policy } from "./types.ts";
import { type Finding, weigh, type WeighingFacts } from "./weigh.ts";

/*
 * A person who vouches speaks only for what they share with the account. What an account reaches is therefore parted by
 * who speaks for it, each part is decided with the findings that speak for all of it, and the strictest decision stands.
 */

/** One project or organisation the account reaches. */
export interface Thing {
  readonly id: string;
  readonly kind: "project" | "organisation";
  readonly isOwner: boolean;
  readonly dependents: number;
  readonly downloads30d: number;
}

/** What is decided about together. */
export interface Part {
  /** Ids of things; of what is no thing, like working on the index itself, a word that nobody speaks for. */
  readonly reaches: readonly string[];
  readonly impact: Impact;
}

const THE_REST = "the rest";

/** The things that the same limited findings speak for are one part; what nobody shares is parts of its own. */
export function partsOf(whole: Impact, things: readonly Thing[], findings: readonly Finding[]): readonly Part[] {
  const limited = findings.flatMap(({ limitedTo }) => (limitedTo ? [new Set(limitedTo)] : []));
  if (limited.length === 0) return [{ reaches: [THE_REST], impact: whole }];
  const groups = new Map<string, Thing[]>();
  for (const thing of things) {
    const key = limited.map((ids) => (ids.has(thing.id) ? "1" : "0")).join("");
    groups.set(key, [...(groups.get(key) ?? []), thing]);
  }
  const parts: Part[] = [...groups.values()].map((group) => ({
    reaches: group.map(({ id }) => id),
    impact: impactOfPart(whole, group),
  }));
  const isMore = whole.isStaff || parts.length === 0;
  const rest: Impact = parts.length === 0 ? whole : { ...impactOfPart(whole, []), isStaff: whole.isStaff };
  return isMore ? [...parts, { reaches: [THE_REST], impact: rest }] : parts;
}

/** Tokens reach whatever the account reaches, and so belong to every part. */
function impactOfPart(whole: Impact, things: readonly Thing[]): Impact {
  const projects = things.filter(({ kind }) => kind === "project");
  const owned = projects.filter(({ isOwner }) => isOwner).length;
  const largest = (counts: readonly number[]): number => counts.reduce((most, one) => Math.max(most, one), 0);
  return {
    ownedProjects: owned,
    roles: projects.length - owned,
    ownedOrganisations: things.filter(({ kind, isOwner }) => kind === "organisation" && isOwner).length,
    liveTokens: whole.liveTokens,
    dependents: largest(projects.map(({ dependents }) => dependents)),
    downloads30d: largest(projects.map(({ downloads30d }) => downloads30d)),
    isStaff: false,
  };
}

export interface PartsFacts extends Omit<DecisionFacts, "weighing"> {
  readonly things: readonly Thing[];
  readonly findings: readonly Finding[];
  readonly weighingFacts: Omit<WeighingFacts, "reaches">;
}

/**
 * Decides a case whose findings may be limited to what their givers share. Without such findings it is `decide`. With
 * them, no part of the account is opened by somebody who does not share it: the strictest decision stands, with the
 * longest wait, the longest hold and the most approvals of all parts. Pure.
 */
export function decideByParts(policy: Policy, facts: PartsFacts): Decision {
  const { things, findings, weighingFacts, ...rest } = facts;
  const decisions = partsOf(facts.impact, things, findings).map(({ reaches, impact }) =>
    decide(policy, { ...rest, impact, weighing: weigh(policy, findings, { ...weighingFacts, reaches }) }),
  );
  const strictest = decisions.toSorted(stricterFirst)[0];
  if (!strictest) throw new Error("An account has at least one part.");
  const highest = decisions.reduce((most, one) => (one.tier > most.tier ? one : most), strictest);
  const most = (of: (decision: Decision) => number): number => Math.max(...decisions.map(of));
  return {
    ...strictest,
    tier: highest.tier,
    tierWhy: highest.tierWhy,
    approvalsNeeded: most(({ approvalsNeeded }) => approvalsNeeded),
    waitMs: most(({ waitMs }) => waitMs),
    holdMs: most(({ holdMs }) => holdMs),
    waitAddedMs: most(({ waitAddedMs }) => waitAddedMs),
  };
}

const STRICTNESS: Readonly<Record<Route, number>> = {
  machine: 0,
  "one-reviewer": 1,
  "two-reviewers": 2,
  insufficient: 3,
  incident: 3,
};

const spareOf = ({ reached, required }: Decision): number =>
  Math.min(...CLASS_IDS.map((id) => reached[id] - required[id]));

const stricterFirst = (a: Decision, b: Decision): number =>
  STRICTNESS[b.route] - STRICTNESS[a.route] || b.waitMs - a.waitMs || spareOf(a) - spareOf(b);
