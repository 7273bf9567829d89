/** The attacker classes, weakest first. Every bit is scored against one of them. */
export const CLASS_IDS = ["a0", "a1", "a2", "a3", "a4", "a5"] as const;
export type ClassId = (typeof CLASS_IDS)[number];

export const TIER_IDS = [0, 1, 2, 3] as const;
export type TierId = (typeof TIER_IDS)[number];

/** Bits (log2 of a likelihood ratio) against each attacker class. */
export type Bits = Readonly<Record<ClassId, number>>;

/** The id of an evidence kind: its folder's name, and its key under /kinds in the policy file. */
export type KindId = string;

/** The family of a root of trust: the part of a root before the colon, and its key under /roots. */
export type RootFamilyId = string;

export interface AttackerClass {
  readonly label: string;
  readonly can: string;
  readonly plain: string;
  /** Kinds this class is taken to hold: the check proves that no set of them passes alone. */
  readonly holds: readonly KindId[];
  /** Kinds it sometimes holds as well: the check reports what each would change. */
  readonly mayHold: readonly KindId[];
  readonly why: string;
}

export interface RootFamily {
  readonly label: string;
  /** `once`: all roots of the family are one root. `each`: every concrete root is its own. */
  readonly counts: "once" | "each";
  /** Whether it counts towards the number of roots a tier asks for. Its bits add either way. */
  readonly isRootOfTrust: boolean;
  /** A finding of another kind that collapses into this root weighs no more than this kind does. */
  readonly weighedAs: KindId;
  readonly why: string;
}

export interface EvidenceKind {
  readonly label: string;
  /** What the claimant calls it: "your password". */
  readonly plain: string;
  readonly root: RootFamilyId;
  readonly alsoRoots: readonly RootFamilyId[];
  /** Whether it rests on a binding made earlier, which must be mature. */
  readonly isBound: boolean;
  /** Whether a claimant can be asked for it. */
  readonly isOffered: boolean;
  /** Whether the claimant is told that it counted; false where that would answer a guess. */
  readonly isTold: boolean;
  /** How long a finding without an expiry of its own counts after it was observed. */
  readonly lifetimeMs: number;
  /** How many findings of this kind, each on its own root, may add. */
  readonly atMost: number;
  readonly weights: Bits;
  /** Bits subtracted against every class when a finding of this kind contradicts. */
  readonly against: number;
  readonly why: Readonly<Record<string, string>>;
}

export interface Shortfall {
  readonly bits: Bits;
  readonly approvals: number;
  readonly waitMs: number;
  readonly holdMs: number;
  readonly why: Readonly<Record<string, string>>;
}

export interface Tier {
  readonly name: string;
  readonly who: string;
  /** Null only at tier 0, where there is nothing to weigh against. */
  readonly bits: Bits | null;
  readonly roots: number;
  readonly waitMs: number;
  /** The shorter wait when every class is exceeded `timesBits` times. */
  readonly fastWait: { readonly waitMs: number; readonly timesBits: number } | null;
  readonly approvals: number;
  readonly holdMs: number;
  /** What applies with enough roots but fewer bits, down to this floor. */
  readonly shortfall: Shortfall | null;
  readonly why: Readonly<Record<string, string>>;
}

export interface ImpactThreshold {
  readonly dependents: number;
  readonly downloads30d: number;
}

export interface Limits {
  readonly triesPerCase: number;
  readonly triesPerKind: number;
  readonly challengeLifetimeMs: number;
  readonly standingFindingLifetimeMs: number;
  readonly fleetingFindingLifetimeMs: number;
  readonly restorationRightLifetimeMs: number;
  readonly caseIdleMs: number;
  readonly caseLongestMs: number;
  readonly objectionLinkLifetimeMs: number;
}

/** A recovery policy, parsed: durations in milliseconds, thresholds for every class. `rationale` has the why of each number. */
export interface Policy {
  readonly version: string;
  readonly title: string;
  /** A demonstration's waits are seconds; an installation for real people refuses one. */
  readonly purpose: "production" | "demonstration";
  readonly why: string;
  readonly classes: Readonly<Record<ClassId, AttackerClass>>;
  readonly roots: Readonly<Record<RootFamilyId, RootFamily>>;
  readonly kinds: Readonly<Record<KindId, EvidenceKind>>;
  readonly maturity: { readonly boundForMs: number; readonly mailResetWindowMs: number };
  readonly impact: { readonly tier2: ImpactThreshold; readonly tier3: ImpactThreshold };
  readonly tiers: readonly [Tier, Tier, Tier, Tier];
  readonly shortfallRule: { readonly rootsOutsideEachClass: number };
  readonly silence: {
    readonly dormantAfterMs: number;
    readonly dormantAddsMs: number;
    readonly noChannelAddsMs: number;
    readonly longestWaitMs: number;
  };
  readonly incident: { readonly approvals: number; readonly waitMs: number; readonly holdMs: number };
  readonly limits: Limits;
  /** JSON pointer into the policy file → its basis and its reason, for every number that stands alone. */
  readonly rationale: Readonly<Record<string, { readonly basis: Basis; readonly why: string }>>;
}

/** What a number rests on: measured, a published standard or practice, or somebody's judgement. */
export type Basis = "judgement" | "standard" | "measured";

/** A record with one entry for each attacker class. */
export function forEachClass<T>(make: (id: ClassId) => T): Readonly<Record<ClassId, T>> {
  return { a0: make("a0"), a1: make("a1"), a2: make("a2"), a3: make("a3"), a4: make("a4"), a5: make("a5") };
}

/** The name under which a class's threshold stands in the policy file: "a0-a3" covers four classes. */
export function thresholdGroup(id: ClassId): "a0-a3" | "a4" | "a5" {
  return id === "a4" || id === "a5" ? id : "a0-a3";
}
