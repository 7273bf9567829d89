import { ok, refuse, type Result } from "../../kernel/result.ts";
import {
  type Alliance,
  additionsThatPass,
  type ClassProof,
  GUARDED_TIERS,
  mostOf,
  pairsThatPass,
  proveClass,
  weighRipe,
} from "./attackers.ts";
import { DAY, durationInWords } from "./duration.ts";
import { compareOutcomes, outcomeOf } from "./outcome.ts";
import { policyRefusals } from "./refusals.ts";
import { CLASS_IDS, type KindId, type Policy, type Tier } from "./types.ts";
import type { Weighing } from "./weigh.ts";

/** What checkPolicy proved, and what it found that is allowed but must be known. */
export interface PolicyReport {
  readonly version: string;
  readonly purpose: Policy["purpose"];
  readonly policy: Policy;
  readonly proofs: readonly ClassProof[];
  /** Pairs of classes that get somewhere together: what stops them is time, notices, people and holds. */
  readonly pairs: readonly Alliance[];
  /** Single classes that get somewhere when they also hold what they only sometimes hold. */
  readonly additions: readonly Alliance[];
  /** Sets of evidence that were compared with the same set and one more. */
  readonly comparisons: number;
}

/**
 * Proves that a policy is safe to start with, or refuses `policy/unsafe` with every problem found. Pure.
 * By enumeration: no set of kinds that one attacker class holds passes any tier above 0, with or without people. By comparison:
 * a higher tier never asks for less, missing bits are never cheaper than having them, and more evidence never makes the
 * outcome worse. By rule: times fit together, and a production policy has no wait shorter than product.md's least.
 */
export function checkPolicy(policy: Policy): Result<PolicyReport> {
  const proofs = CLASS_IDS.map((id) => proveClass(policy, id));
  const evidence = compareEvidence(policy);
  const problems = [
    ...proofs.flatMap(describeBroken),
    ...evidence.problems,
    ...tierProblems(policy),
    ...timeProblems(policy),
    ...(policy.purpose === "production" ? productionProblems(policy) : []),
  ];
  if (problems.length > 0) return refuse(policyRefusals.unsafe({ detail: problems.join("\n") }));
  return ok({
    version: policy.version,
    purpose: policy.purpose,
    policy,
    proofs,
    pairs: pairsThatPass(policy),
    additions: additionsThatPass(policy),
    comparisons: evidence.comparisons,
  });
}

function describeBroken({ class: id, broken }: ClassProof): readonly string[] {
  if (!broken) return [];
  const { tier, outcome, kinds } = broken;
  return [`/classes/${id}: alone passes tier ${tier} (${outcome.route}) with ${kinds.join(", ") || "nothing"}`];
}

/** Every set of up to two kinds, and each with one more kind. */
function compareEvidence(policy: Policy): { readonly problems: readonly string[]; readonly comparisons: number } {
  const problems: string[] = [];
  let comparisons = 0;
  const ids = Object.keys(policy.kinds).sort();
  const weighed = new Map<string, Weighing>();
  const weighingOf = (kinds: readonly KindId[]) => {
    const key = kinds.toSorted().join(" ");
    const known = weighed.get(key);
    if (known) return known;
    const made = weighRipe(
      policy,
      kinds.flatMap((kind) => mostOf(policy, kind)),
    );
    weighed.set(key, made);
    return made;
  };
  const bases = [[], ...ids.map((id) => [id])];
  for (const base of bases) {
    for (const extra of ids.filter((id) => !base.includes(id))) {
      comparisons++;
      for (const tier of GUARDED_TIERS) {
        const before = outcomeOf(policy, tier, weighingOf(base));
        const after = outcomeOf(policy, tier, weighingOf([...base, extra]));
        if (compareOutcomes(after, before) > 0) {
          problems.push(`/tiers/${tier}: ${extra} beside ${base.join(", ") || "nothing"} makes the outcome worse`);
        }
      }
    }
  }
  return { problems, comparisons };
}

/** A higher tier never asks for less, and fewer bits are never cheaper than enough. */
function tierProblems(policy: Policy): readonly string[] {
  const problems: string[] = [];
  const need = (isRight: boolean, problem: string) => {
    if (!isRight) problems.push(problem);
  };
  const asks = (tier: Pick<Tier, "approvals" | "waitMs" | "holdMs">) =>
    [
      ["approvals", tier.approvals],
      ["wait", tier.waitMs],
      ["hold", tier.holdMs],
    ] as const;
  const notLess = (
    more: Pick<Tier, "approvals" | "waitMs" | "holdMs">,
    less: typeof more,
    at: string,
    than: string,
  ) => {
    const least = new Map(asks(less));
    for (const [name, value] of asks(more)) need(value >= (least.get(name) ?? 0), `${at}/${name}: less than ${than}`);
  };
  policy.tiers.forEach((tier, index) => {
    const at = `/tiers/${index}`;
    const { bits, shortfall, fastWait } = tier;
    const lower = policy.tiers[index - 1];
    if (fastWait) need(fastWait.waitMs <= tier.waitMs, `${at}/fastWait/wait: longer than the tier's wait`);
    if (bits && shortfall) {
      notLess(shortfall, tier, `${at}/shortfall`, "with full bits");
      for (const id of CLASS_IDS) {
        need(shortfall.bits[id] <= bits[id], `${at}/shortfall/bits: asks for more than full bits against ${id}`);
        need(shortfall.bits[id] > 0, `${at}/shortfall/bits: asks for nothing against ${id}`);
      }
      need(tier.roots >= 2, `${at}/roots: one root alone opens the account`);
    }
    if (!lower) return;
    const than = `at tier ${index - 1}`;
    notLess(tier, lower, at, than);
    need(tier.roots >= lower.roots, `${at}/roots: less than ${than}`);
    const quickest = { ...lower, waitMs: lower.fastWait?.waitMs ?? lower.waitMs };
    const own = fastWait?.waitMs ?? tier.waitMs;
    need(own >= quickest.waitMs, `${at}/fastWait/wait: less than ${than}`);
    if (shortfall && lower.shortfall) notLess(shortfall, lower.shortfall, `${at}/shortfall`, than);
    for (const id of CLASS_IDS) {
      need((bits?.[id] ?? 0) >= (lower.bits?.[id] ?? 0), `${at}/bits: less against ${id} than ${than}`);
      const floor = shortfall?.bits[id] ?? 0;
      need(floor >= (lower.shortfall?.bits[id] ?? 0), `${at}/shortfall/bits: less against ${id} than ${than}`);
    }
  });
  const { tier2, tier3 } = policy.impact;
  for (const name of ["dependents", "downloads30d"] as const) {
    need(tier3[name] >= tier2[name], `/impact/tier3/${name}: less than at tier 2`);
  }
  return problems;
}

/** Times that would make another rule empty. */
function timeProblems({ tiers, silence, incident, limits }: Policy): readonly string[] {
  const waits = tiers.flatMap((tier) => [tier.waitMs, tier.shortfall?.waitMs ?? 0]);
  const holds = tiers.flatMap((tier) => [tier.holdMs, tier.shortfall?.holdMs ?? 0]);
  const longestWait = Math.max(...waits, incident.waitMs, silence.longestWaitMs);
  const longestHold = Math.max(...holds, incident.holdMs);
  const rules: readonly (readonly [boolean, string])[] = [
    [
      limits.objectionLinkLifetimeMs >= longestWait + limits.restorationRightLifetimeMs + longestHold,
      "/limits/objectionLinkLifetime: ends before the longest wait, the restoration right and the longest hold have",
    ],
    [limits.caseLongestMs >= longestWait, "/limits/caseLongest: shorter than the longest wait"],
    [limits.caseLongestMs >= limits.caseIdleMs, "/limits/caseLongest: shorter than caseIdle"],
    [silence.longestWaitMs >= Math.max(...waits), "/silence/longestWait: shorter than a tier's wait"],
    [
      limits.challengeLifetimeMs <= limits.fleetingFindingLifetimeMs,
      "/limits/challengeLifetime: longer than a finding made with it may count",
    ],
    [
      limits.fleetingFindingLifetimeMs <= limits.standingFindingLifetimeMs,
      "/limits/fleetingFindingLifetime: longer than the standing one",
    ],
    [limits.triesPerKind <= limits.triesPerCase, "/limits/triesPerKind: more than triesPerCase"],
  ];
  return rules.flatMap(([isRight, problem]) => (isRight ? [] : [problem]));
}

/** The least that a policy for real people may ask for, whatever else an operator changes. */
function productionProblems({ tiers, maturity, silence }: Policy): readonly string[] {
  const problems: string[] = [];
  const atLeast = (ms: number, leastMs: number, at: string) => {
    if (ms < leastMs) problems.push(`${at}: less than ${durationInWords(leastMs)}, the least for production`);
  };
  atLeast(maturity.boundForMs, 7 * DAY, "/maturity/boundFor");
  atLeast(maturity.mailResetWindowMs, 30 * DAY, "/maturity/mailResetWindow");
  atLeast(silence.dormantAddsMs, DAY, "/silence/dormantAdds");
  atLeast(silence.noChannelAddsMs, DAY, "/silence/noChannelAdds");
  for (const tier of GUARDED_TIERS) {
    const { waitMs, fastWait, holdMs, shortfall } = tiers[tier];
    atLeast(fastWait?.waitMs ?? waitMs, DAY, `/tiers/${tier}/${fastWait ? "fastWait/wait" : "wait"}`);
    atLeast(waitMs, 3 * DAY, `/tiers/${tier}/wait`);
    atLeast(holdMs, 3 * DAY, `/tiers/${tier}/hold`);
    if (shortfall) atLeast(shortfall.waitMs, 7 * DAY, `/tiers/${tier}/shortfall/wait`);
  }
  return problems;
}
