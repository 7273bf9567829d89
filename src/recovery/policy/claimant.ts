import { type Help, whatWouldHelp } from "./advise.ts";
import type { Decision } from "./decide.ts";
import type { Route } from "./outcome.ts";
import type { KindId, Policy } from "./types.ts";
import { type SetAsideCode, summarise, type Weighing } from "./weigh.ts";

/*
 * A decision as its claimant may know it: from what they know to have counted, so that neither words nor order tell whether
 * a guess was right.
 */

/** What counted and of which the claimant may hear, weighed alone. */
export function toldWeighing(policy: Policy, { weighing }: Pick<Decision, "weighing">): Weighing {
  const told = weighing.counted.filter(({ finding }) => policy.kinds[finding.kind]?.isTold);
  return summarise(policy, told, [], []);
}

/** Kinds that counted and of which the claimant may hear, each once. */
export const toldKinds = (policy: Policy, decision: Pick<Decision, "weighing">): readonly KindId[] => [
  ...new Set(toldWeighing(policy, decision).counted.map(({ finding }) => finding.kind)),
];

/**
 * What would help, the best first, judged by what they know to have counted. Kinds that are never told and prove no root are
 * left out: asking for more guesses helps nobody. So are those that they cannot give.
 * @param unavailable kinds that the account does not have, or of which the claimant said that they cannot
 */
export function claimantHelp(
  policy: Policy,
  decision: Pick<Decision, "weighing" | "tier" | "offered">,
  unavailable: readonly KindId[] = [],
): readonly Help[] {
  const asked = decision.offered.filter((kind) => {
    const known = policy.kinds[kind];
    if (known === undefined || unavailable.includes(kind)) return false;
    return known.isTold || policy.roots[known.root]?.isRootOfTrust === true;
  });
  return whatWouldHelp(policy, decision.tier, toldWeighing(policy, decision), asked);
}

const STEPS: Readonly<Record<Route, number>> = {
  machine: 0,
  "one-reviewer": 1,
  "two-reviewers": 2,
  insufficient: 3,
  incident: 4,
};
/** What adds a root and no bits still adds something. */
const LEAST_SHARE = 0.05;

/** The same as numbers to order by: how far the case would get, 0 the farthest, and the part of the gap it closes. */
export const helpInNumbers = ({ kind, wouldReach, closesBits, ofBits }: Help) => ({
  kind,
  step: STEPS[wouldReach],
  share: Math.max(LEAST_SHARE, ofBits > 0 ? closesBits / ofBits : 0),
});

/** What a claimant is told about a proof that does not count. Empty: they are told nothing. */
const SET_ASIDE: Readonly<Record<SetAsideCode, string>> = {
  inconclusive: "could not be checked. Try it again.",
  "public-facts": "",
  "unknown-kind": "",
  "unknown-root": "",
  "dated-in-the-future": "could not be checked. Try it again.",
  expired: "was shown too long ago. Show it again.",
  "no-binding-date": "does not count, because we do not know since when it belongs to the account.",
  "not-shared": "speaks only for a part of what the account reaches.",
  "too-young": "does not count, because it was added too recently.",
  "changed-lately": "does not count, because it was changed too recently.",
};

/** Kinds that were shown and do not count, with the end of a sentence that says why. */
export function claimantSetAside(
  policy: Policy,
  decision: Pick<Decision, "weighing">,
): ReadonlyMap<KindId, { readonly code: SetAsideCode; readonly words: string }> {
  const counts = toldKinds(policy, decision);
  const told = new Map<KindId, { readonly code: SetAsideCode; readonly words: string }>();
  for (const { finding, code } of decision.weighing.setAside) {
    const isTold = policy.kinds[finding.kind]?.isTold === true && SET_ASIDE[code] !== "";
    if (isTold && !counts.includes(finding.kind) && !told.has(finding.kind))
      told.set(finding.kind, { code, words: SET_ASIDE[code] });
  }
  return told;
}

const COUNTS = ["nothing", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"] as const;
const things = (count: number): string =>
  count === 0 ? "nothing" : `${COUNTS[count] ?? count} independent ${count === 1 ? "thing" : "things"}`;

/**
 * How far the claimant has come towards what is needed, in one or two sentences. Two things are independent when no theft
 * of one gives the other.
 */
export function progressInWords(policy: Policy, decision: Decision): string {
  const shown = toldWeighing(policy, decision).roots.length;
  const start = shown === 0 ? "You have shown nothing yet that counts" : `You have shown ${things(shown)}`;
  if (decision.route === "incident") return `${start}. People decide in this case.`;
  if (decision.route !== "insufficient") return `${start}. That is enough; you need not show more.`;
  const missing = decision.rootsNeeded - shown;
  if (missing > 0) {
    const more = COUNTS[missing] ?? String(missing);
    if (shown === 0) return `${start}; at least ${things(missing)} ${missing === 1 ? "is" : "are"} needed.`;
    return `${start}; ${more} more of another kind ${missing === 1 ? "is" : "are"} needed.`;
  }
  return `${start}, but together they are not strong enough yet: one more of another kind is needed.`;
}
