import { type Outcome, outcomeOf } from "./outcome.ts";
import { CLASS_IDS, type ClassId, type KindId, type Policy, TIER_IDS, type TierId } from "./types.ts";
import { type CountedFinding, type Finding, summarise, type Weighing, weigh } from "./weigh.ts";

/** A day on which everything below is old enough to count. */
const NOW = new Date(Date.UTC(2100, 0, 1));
const LONG_AGO = new Date(0);

/** Tiers that protect something. At tier 0 one root is enough by design: there is nothing to steal. */
export const GUARDED_TIERS = TIER_IDS.filter((tier): tier is Exclude<TierId, 0> => tier > 0);

/** A finding that counts fully: bound long ago, observed now. */
export function ripe(kind: KindId, root: string): Finding {
  return { kind, root, verdict: "supports", boundAt: LONG_AGO, observedAt: NOW };
}

/** Weighs findings on a day on which each of them is ripe. */
export function weighRipe(policy: Policy, findings: readonly Finding[]): Weighing {
  return weigh(policy, findings, { now: NOW, caseOpenedAt: NOW });
}

/** As many findings of a kind as may count, each on a root of its own: the most that a holder can make of it. */
export function mostOf(policy: Policy, kind: KindId, family = policy.kinds[kind]?.root): readonly Finding[] {
  const copies = policy.kinds[kind]?.atMost ?? 0;
  return Array.from({ length: copies }, (_, index) => ripe(kind, `${family}:${kind}-${index}`));
}

/**
 * What a class can present, one entry a choice: each kind it holds, on each root it may rest on, and each other kind that is
 * only as good as a root it holds, such as a password reset through its mailbox or a website served by its forge.
 */
export function handOf(policy: Policy, holds: readonly KindId[]): readonly (readonly Finding[])[] {
  const collapsed = Object.entries(policy.kinds).flatMap(([id, kind]) =>
    kind.alsoRoots
      .filter((family) => holds.includes(id) || holds.includes(policy.roots[family]?.weighedAs ?? ""))
      .map((family) => mostOf(policy, id, family)),
  );
  return [...holds.map((kind) => mostOf(policy, kind)), ...collapsed];
}

/** A start-up tries 4,096 sets a class at most; a test tries them all. */
const MOST_CHOICES = 12;

/**
 * Every set of choices, the empty one too. With more choices than `mostChoices`, what rests on one family of roots goes
 * together: less of it is never more, so the sets left out are weaker than one that is tried.
 */
export function* everySet(
  choices: readonly (readonly Finding[])[],
  mostChoices: number,
): Generator<readonly Finding[]> {
  const units = choices.length <= mostChoices ? choices : [...byFamily(choices)];
  for (let set = 0; set < 2 ** units.length; set++) yield units.filter((_, index) => (set >> index) & 1).flat();
}

function byFamily(choices: readonly (readonly Finding[])[]): Iterable<readonly Finding[]> {
  return Map.groupBy(choices.flat(), (finding) => finding.root.split(":")[0]).values();
}

export interface Passing {
  readonly tier: Exclude<TierId, 0>;
  readonly outcome: Outcome;
}

/** The guarded tiers at which a weighing leads anywhere, with or without people. */
export function passes(policy: Policy, weighing: Weighing): readonly Passing[] {
  return GUARDED_TIERS.map((tier) => ({ tier, outcome: outcomeOf(policy, tier, weighing) })).filter(
    ({ outcome }) => outcome.route !== "insufficient",
  );
}

export interface ClassProof {
  readonly class: ClassId;
  readonly holds: readonly KindId[];
  readonly setsTried: number;
  /** What rests on one family of roots was taken together, there being too many choices. */
  readonly isByRoot: boolean;
  /** The first set that passes, if any: then the policy is refused. */
  readonly broken: (Passing & { readonly kinds: readonly KindId[] }) | undefined;
  /** Everything it can present, weighed. */
  readonly full: Weighing;
}

/** Tries every set that a class can hold against every guarded tier. Pure. */
export function proveClass(policy: Policy, id: ClassId, mostChoices = MOST_CHOICES): ClassProof {
  const { holds } = policy.classes[id];
  const hand = handOf(policy, holds);
  const full = weighRipe(policy, hand.flat());
  const isByRoot = hand.length > mostChoices;
  let setsTried = 0;
  for (const set of everySet(hand, mostChoices)) {
    setsTried++;
    // Weighing each finding once would be the same: everything is ripe, so only what counts differs from set to set.
    const weighing = summarise(policy, pick(full.counted, set), [], []);
    const [first] = passes(policy, weighing);
    if (first) {
      const kinds = [...new Set(set.map(({ kind }) => kind))];
      return { class: id, holds, setsTried, isByRoot, broken: { ...first, kinds }, full };
    }
  }
  return { class: id, holds, setsTried, isByRoot, broken: undefined, full };
}

const pick = (counted: readonly CountedFinding[], set: readonly Finding[]) =>
  counted.filter(({ finding }) => set.includes(finding));

export interface Alliance {
  readonly classes: readonly ClassId[];
  /** Kinds that a class only sometimes holds, where the report asks what they would change. */
  readonly additions: readonly KindId[];
  readonly passing: readonly Passing[];
}

/** Every two classes together, with all they hold, and the tiers at which they get anywhere. Reported, not refused. */
export function pairsThatPass(policy: Policy): readonly Alliance[] {
  return CLASS_IDS.flatMap((one, index) =>
    CLASS_IDS.slice(index + 1).map((other): Alliance => {
      const holds = [...new Set([...policy.classes[one].holds, ...policy.classes[other].holds])];
      const passing = passes(policy, weighRipe(policy, handOf(policy, holds).flat()));
      return { classes: [one, other], additions: [], passing };
    }),
  ).filter(({ passing }) => passing.length > 0);
}

/** Each class with one or two of the kinds it sometimes holds too, where that gets it anywhere; smallest additions only. */
export function additionsThatPass(policy: Policy): readonly Alliance[] {
  return CLASS_IDS.flatMap((id) => {
    const { holds, mayHold } = policy.classes[id];
    const singles = mayHold.map((kind) => [kind]);
    const doubles = mayHold.flatMap((kind, index) => mayHold.slice(index + 1).map((other) => [kind, other]));
    const found: Alliance[] = [];
    for (const additions of [...singles, ...doubles]) {
      const passing = passes(policy, weighRipe(policy, handOf(policy, [...holds, ...additions]).flat()));
      const isNews = passing.some(
        ({ tier, outcome }) =>
          !found.some(
            (one) =>
              one.additions.every((kind) => additions.includes(kind)) &&
              one.passing.some((known) => known.tier === tier && known.outcome.route === outcome.route),
          ),
      );
      if (isNews) found.push({ classes: [id], additions, passing });
    }
    return found;
  });
}
