import { type Help, whatWouldHelp } from "./advise.ts";
import { durationInWords } from "./duration.ts";
import { classesHoldingAll, classesShort, type Outcome, outcomeOf, type Route } from "./outcome.ts";
import { type Impact, type TierChoice, tierOf } from "./tier.ts";
import {
  type Bits,
  CLASS_IDS,
  type ClassId,
  forEachClass,
  type KindId,
  type Policy,
  thresholdGroup,
  type TierId,
} from "./types.ts";
import type { Weighing } from "./weigh.ts";
import { bitsInWords, labelOf, plainNumber, withArticle } from "./words.ts";

/** Whether an owner who was not asking would notice. */
export interface SilenceFacts {
  readonly now: Date;
  /** The last sign of life before the case; null when there is none. */
  readonly lastSeenAt: Date | null;
  /** Channels that carry the notices and were not used as proof in this case. */
  readonly independentChannels: number;
}

export interface DecisionFacts {
  readonly impact: Impact;
  readonly weighing: Weighing;
  readonly silence: SilenceFacts;
  /** The account is frozen, or somebody says that it was taken over. */
  readonly isFrozen: boolean;
  readonly isTakeoverAlleged: boolean;
  /** An earlier recovery was taken back, and that alone is why the account is frozen: `isFrozen` is false then. */
  readonly wasReversed?: boolean;
  /** The owner wants no person to be able to let anybody in: then only the machine's route is one. */
  readonly isStrict?: boolean;
  /** Kinds of evidence that can be asked for here. Without it, every kind the policy offers. */
  readonly offered?: readonly KindId[];
}

export type ReasonCode =
  | "tier"
  | "root-counts"
  | "bits-reached"
  | "bits-doubled"
  | "roots-reached"
  | "shortfall-allowed"
  | "bits-short"
  | "roots-short"
  | "one-holder"
  | "finding-contradicts"
  | "finding-set-aside"
  | "owner-dormant"
  | "no-independent-channel"
  | "account-frozen"
  | "takeover-alleged"
  | "recovery-reversed"
  | "strict-mode";

/** One reason, for the desk and the audit trail. Claimants are told through explainDecision only. */
export interface Reason {
  readonly code: ReasonCode;
  /** JSON pointer into the policy file. */
  readonly policyLine: string;
  readonly words: string;
}

export interface Decision {
  readonly policyVersion: string;
  readonly route: Route;
  readonly tier: TierId;
  readonly tierWhy: string;
  readonly approvalsNeeded: number;
  readonly waitMs: number;
  readonly holdMs: number;
  readonly isShortfall: boolean;
  /** What waitMs has been lengthened by, because silence proves less here. */
  readonly waitAddedMs: number;
  readonly required: Bits;
  readonly reached: Bits;
  /** The class with the least to spare. */
  readonly bindingClass: ClassId;
  readonly rootsNeeded: number;
  readonly rootsReached: number;
  readonly reasons: { readonly for: readonly Reason[]; readonly against: readonly Reason[] };
  /** For the desk. The claimant's advice is explainDecision's: this list's order would tell whether a guess was right. */
  readonly whatWouldHelp: readonly Help[];
  /** The kinds that could be asked for. */
  readonly offered: readonly KindId[];
  /** The inputs, so that the decision can be read and judged again later. */
  readonly weighing: Weighing;
}

/**
 * Decides a recovery case by policy. Pure, total, and never lowers what the tier asks for.
 * Only `machine`, `one-reviewer` and `two-reviewers` lead to a grant, after waitMs and approvalsNeeded; with `insufficient`
 * the numbers are the tier's largest and nothing may be granted on them. An incident is never granted by the machine.
 */
export function decide(policy: Policy, facts: DecisionFacts): Decision {
  const { weighing } = facts;
  const choice = tierOf(policy, facts.impact);
  const tier = policy.tiers[choice.tier];
  const outcome = asTheOwnerWants(outcomeOf(policy, choice.tier, weighing), facts.isStrict === true);
  const isIncident = facts.isFrozen || facts.isTakeoverAlleged;
  const { route, approvals, waitMs, holdMs } = isIncident
    ? asIncident(policy, outcome)
    : facts.wasReversed
      ? afterReversal(policy, outcome, facts.isStrict === true)
      : outcome;
  const silence = silenceOf(policy, facts.silence);
  const wait = withSilence(policy, waitMs, tier.waitMs, silence.addsMs);
  const required = tier.bits ?? forEachClass(() => 0);
  const reached = forEachClass((id) => weighing.perClass[id].bits);
  const spare = (id: ClassId) => reached[id] - required[id];
  const offered = facts.offered ?? Object.keys(policy.kinds).filter((id) => policy.kinds[id]?.isOffered);
  return {
    policyVersion: policy.version,
    route,
    tier: choice.tier,
    tierWhy: choice.why,
    approvalsNeeded: approvals,
    waitMs: wait,
    holdMs,
    isShortfall: outcome.isShortfall,
    waitAddedMs: Math.max(0, wait - waitMs),
    required,
    reached,
    bindingClass: CLASS_IDS.reduce((least, id) => (spare(id) < spare(least) ? id : least)),
    rootsNeeded: tier.roots,
    rootsReached: weighing.roots.length,
    reasons: {
      for: reasonsFor(policy, choice, weighing, outcome),
      against: [
        ...incidentReasons(facts),
        ...strictReasons(facts, choice.tier),
        ...reasonsAgainst(policy, choice.tier, weighing, outcome),
        ...silence.reasons,
      ],
    },
    whatWouldHelp: whatWouldHelp(policy, choice.tier, weighing, offered),
    offered,
    weighing,
  };
}

/** In strict mode what people would have to decide is not enough, whatever was shown. */
const asTheOwnerWants = (outcome: Outcome, isStrict: boolean): Outcome =>
  isStrict && outcome.route !== "machine" ? { ...outcome, route: "insufficient", isShortfall: false } : outcome;

/** Nobody is believed: people decide, with no less than the tier or the incident asks for. */
function asIncident(policy: Policy, outcome: Outcome) {
  const { approvals, waitMs, holdMs } = policy.incident;
  return {
    route: "incident" as const,
    approvals: Math.max(approvals, outcome.approvals),
    waitMs: Math.max(waitMs, outcome.waitMs),
    holdMs: Math.max(holdMs, outcome.holdMs),
  };
}

/**
 * After a recovery that was taken back, people decide, with no less than an incident asks for: what was shown persuaded once
 * already, wrongly. Unlike an incident it can be granted, since nobody could get in otherwise.
 */
function afterReversal(policy: Policy, outcome: Outcome, isStrict: boolean) {
  const { approvals, waitMs, holdMs } = policy.incident;
  const longer = {
    ...outcome,
    waitMs: Math.max(waitMs, outcome.waitMs),
    holdMs: Math.max(holdMs, outcome.holdMs),
  };
  if (outcome.route !== "machine" && outcome.route !== "one-reviewer" && outcome.route !== "two-reviewers")
    return longer;
  if (isStrict) return longer; // the owner wants no person to be asked; the wait and the notices remain
  const needed = Math.max(approvals, outcome.approvals);
  const route: Route = needed > 1 ? "two-reviewers" : "one-reviewer";
  return { ...longer, approvals: needed, route };
}

/**
 * Where silence proves less, the wait is never the shortened one and grows by what the policy says. The limit on the
 * longest wait limits what is added, not what the tier asks for. A tier without a wait stays without: it protects nothing.
 */
function withSilence(policy: Policy, waitMs: number, tierWaitMs: number, addsMs: number): number {
  if (addsMs === 0 || waitMs === 0) return waitMs;
  const full = Math.max(waitMs, tierWaitMs);
  return Math.max(full, Math.min(full + addsMs, policy.silence.longestWaitMs));
}

function silenceOf(
  policy: Policy,
  facts: SilenceFacts,
): { readonly addsMs: number; readonly reasons: readonly Reason[] } {
  const { dormantAfterMs, dormantAddsMs, noChannelAddsMs } = policy.silence;
  const reasons: Reason[] = [];
  let addsMs = 0;
  const unseenMs = facts.lastSeenAt === null ? Number.NaN : facts.now.getTime() - facts.lastSeenAt.getTime();
  if (!(unseenMs < dormantAfterMs)) {
    addsMs += dormantAddsMs;
    const words = `The owner has not been seen for ${durationInWords(dormantAfterMs)} or longer: silence is weak evidence, so the wait grows by ${durationInWords(dormantAddsMs)}.`;
    reasons.push({ code: "owner-dormant", policyLine: "/silence/dormantAdds", words });
  }
  if (!(facts.independentChannels >= 1)) {
    addsMs += noChannelAddsMs;
    const words = `No notice goes to a channel that was not itself used as proof, so the wait grows by ${durationInWords(noChannelAddsMs)}.`;
    reasons.push({ code: "no-independent-channel", policyLine: "/silence/noChannelAdds", words });
  }
  return { addsMs, reasons };
}

function strictReasons({ isStrict }: DecisionFacts, tier: TierId): readonly Reason[] {
  const words = "The owner has chosen strict mode: no person may let anybody in.";
  return isStrict ? [{ code: "strict-mode", policyLine: `/tiers/${tier}/approvals`, words }] : [];
}

function incidentReasons({ isFrozen, isTakeoverAlleged, wasReversed }: DecisionFacts): readonly Reason[] {
  const reasons: Reason[] = [];
  if (wasReversed) {
    const words = "An earlier recovery of this account was taken back: people decide, whatever is shown.";
    reasons.push({ code: "recovery-reversed", policyLine: "/incident", words });
  }
  if (isTakeoverAlleged) {
    const words = "Somebody says that the account was taken over: nobody is believed, people decide.";
    reasons.push({ code: "takeover-alleged", policyLine: "/incident", words });
  }
  if (isFrozen) {
    const words = "The account is frozen: people decide before anything is given back.";
    reasons.push({ code: "account-frozen", policyLine: "/incident", words });
  }
  return reasons;
}

function reasonsFor(policy: Policy, choice: TierChoice, weighing: Weighing, outcome: Outcome): readonly Reason[] {
  const tier = policy.tiers[choice.tier];
  const at = `/tiers/${choice.tier}`;
  const tierWords = `Tier ${choice.tier}, ${tier.name}: ${choice.why}`;
  const reasons: Reason[] = [{ code: "tier", policyLine: choice.policyLine, words: tierWords }];
  for (const { finding, root, policyLine } of weighing.counted) {
    const words = `${labelOf(policy, finding.kind)} supports, by root ${root}.`;
    reasons.push({ code: "root-counts", policyLine, words });
  }
  if (weighing.roots.length >= tier.roots) {
    const words = `${weighing.roots.length} independent roots of trust (${weighing.roots.join(", ")}); ${tier.roots} needed.`;
    reasons.push({ code: "roots-reached", policyLine: `${at}/roots`, words });
  }
  const { bits } = tier;
  if (bits) {
    const short = classesShort(weighing, bits);
    for (const id of CLASS_IDS.filter((one) => !short.includes(one))) {
      reasons.push({
        code: "bits-reached",
        policyLine: `${at}/bits/${thresholdGroup(id)}`,
        words: bitsLine(policy, id, weighing, bits),
      });
    }
  }
  if (outcome.isFast) {
    const words = `At least ${tier.fastWait?.timesBits} times the bits against every class: the shorter wait.`;
    reasons.push({ code: "bits-doubled", policyLine: `${at}/fastWait`, words });
  }
  if (outcome.isShortfall) {
    const words = "Enough roots, fewer bits: a person, a longer wait and a longer hold make up for them.";
    reasons.push({ code: "shortfall-allowed", policyLine: `${at}/shortfall`, words });
  }
  return reasons;
}

function reasonsAgainst(policy: Policy, tierId: TierId, weighing: Weighing, outcome: Outcome): readonly Reason[] {
  const tier = policy.tiers[tierId];
  const at = `/tiers/${tierId}`;
  const reasons: Reason[] = [];
  if (weighing.roots.length < tier.roots) {
    const words = `${weighing.roots.length} independent roots of trust; ${tier.roots} needed.`;
    reasons.push({ code: "roots-short", policyLine: `${at}/roots`, words });
  }
  const { bits, shortfall } = tier;
  if (bits) {
    for (const id of classesShort(weighing, bits)) {
      reasons.push({
        code: "bits-short",
        policyLine: `${at}/bits/${thresholdGroup(id)}`,
        words: bitsLine(policy, id, weighing, bits),
      });
    }
  }
  if (outcome.route === "insufficient" && shortfall) {
    for (const id of classesShort(weighing, shortfall.bits)) {
      const words = `${bitsLine(policy, id, weighing, shortfall.bits)} That is the least a reviewer may look at.`;
      reasons.push({ code: "bits-short", policyLine: `${at}/shortfall/bits/${thresholdGroup(id)}`, words });
    }
    for (const id of classesHoldingAll(policy, weighing)) {
      const words = `Everything shown may be in the hands of one ${policy.classes[id].label} (${id}).`;
      reasons.push({ code: "one-holder", policyLine: "/shortfallRule/rootsOutsideEachClass", words });
    }
  }
  for (const { finding, bits: cost, policyLine } of weighing.contradictions) {
    const words = `${labelOf(policy, finding.kind)} contradicts: ${plainNumber(cost)} bits less against every class.`;
    reasons.push({ code: "finding-contradicts", policyLine, words });
  }
  for (const { finding, words, policyLine } of weighing.setAside) {
    const text = `${labelOf(policy, finding.kind)} does not count: ${words}`;
    reasons.push({ code: "finding-set-aside", policyLine, words: text });
  }
  return reasons;
}

function bitsLine(policy: Policy, id: ClassId, weighing: Weighing, required: Bits): string {
  const reached = weighing.perClass[id].bits;
  const { label } = policy.classes[id];
  return `Against ${withArticle(label)} (${id}): ${plainNumber(reached)} bits, ${bitsInWords(reached)}; ${plainNumber(required[id])} needed.`;
}
