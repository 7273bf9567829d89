import { compareOutcomes, type Outcome, outcomeOf } from "./outcome.ts";
import { CLASS_IDS, forEachClass, type KindId, type Policy, type TierId } from "./types.ts";
import { type CountedFinding, groupOf, summarise, type Weighing } from "./weigh.ts";

/** What one more proof of a kind would change. */
export interface Help {
  readonly kind: KindId;
  /** Missing bits over all classes that it would close; the tier's whole gap is `ofBits`. */
  readonly closesBits: number;
  readonly ofBits: number;
  readonly addsRoot: boolean;
  /** Where the case would stand with it. */
  readonly wouldReach: Outcome["route"];
  readonly policyLine: string;
}

/**
 * The weighing with one more, freshly made finding of a kind, on a root of its own; or, where the kind is in no way stronger
 * than its family's stand-in (an old mail against the mailbox it lies in), on the root that family already has.
 */
function withOneMore(policy: Policy, weighing: Weighing, kind: KindId): Weighing {
  const known = policy.kinds[kind];
  if (!known) return weighing;
  const family = policy.roots[known.root];
  const standIn = family && policy.kinds[family.weighedAs];
  const isWeaker = standIn !== known && CLASS_IDS.every((id) => known.weights[id] <= (standIn?.weights[id] ?? 0));
  const shared = isWeaker ? weighing.counted.find((item) => item.family === known.root)?.root : undefined;
  const own = family?.counts === "once" ? known.root : `${known.root}:another`;
  const extra: CountedFinding = {
    finding: { kind, root: known.root, verdict: "supports", observedAt: new Date(0) },
    root: shared ?? own,
    family: known.root,
    group: groupOf(policy, kind, known.root),
    weights: known.weights,
    isCollapsed: false,
    policyLine: `/kinds/${kind}/weights`,
  };
  return summarise(policy, [...weighing.counted, extra], weighing.contradictions, weighing.setAside);
}

function gapOf(policy: Policy, tier: TierId, weighing: Weighing): number {
  const required = policy.tiers[tier].bits ?? forEachClass(() => 0);
  return CLASS_IDS.reduce((sum, id) => sum + Math.max(0, required[id] - weighing.perClass[id].bits), 0);
}

/**
 * The kinds that would help most, best first: by where they would bring the case, then by the gap they close. Pure.
 * Empty when the tier's thresholds are met. Kinds that would change nothing are left out.
 * @param offered the kinds that can be asked for in this installation
 */
export function whatWouldHelp(
  policy: Policy,
  tier: TierId,
  weighing: Weighing,
  offered: readonly KindId[],
): readonly Help[] {
  const now = outcomeOf(policy, tier, weighing);
  if (now.route !== "insufficient" && !now.isShortfall) return [];
  const gap = gapOf(policy, tier, weighing);
  const helps = offered.flatMap((kind): { readonly help: Help; readonly outcome: Outcome }[] => {
    const then = withOneMore(policy, weighing, kind);
    const outcome = outcomeOf(policy, tier, then);
    const closesBits = gap - gapOf(policy, tier, then);
    const addsRoot = then.roots.length > weighing.roots.length && weighing.roots.length < policy.tiers[tier].roots;
    if (closesBits <= 0 && !addsRoot && compareOutcomes(outcome, now) >= 0) return [];
    const policyLine = `/kinds/${kind}/weights`;
    return [{ help: { kind, closesBits, ofBits: gap, addsRoot, wouldReach: outcome.route, policyLine }, outcome }];
  });
  helps.sort(
    (a, b) =>
      compareOutcomes(a.outcome, b.outcome) ||
      b.help.closesBits - a.help.closesBits ||
      Number(b.help.addsRoot) - Number(a.help.addsRoot) ||
      (a.help.kind < b.help.kind ? -1 : 1),
  );
  return helps.map(({ help }) => help);
}
