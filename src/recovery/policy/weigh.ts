import { durationInWords } from "./duration.ts";
import { type Edge, heaviestMatching } from "./matching.ts";
import {
  type Bits,
  CLASS_IDS,
  type ClassId,
  type EvidenceKind,
  forEachClass,
  type KindId,
  type Policy,
  type RootFamily,
  type RootFamilyId,
} from "./types.ts";

/** What a kind of evidence concluded from one observation. */
export interface Finding {
  readonly kind: KindId;
  /** The concrete root of trust, "family:identifier" or "family" alone; see README.md for each family's convention. */
  readonly root: string;
  readonly verdict: "supports" | "contradicts" | "inconclusive";
  /** When the thing proven was bound to the account: address verified, key or token made, project linked, password set. */
  readonly boundAt?: Date;
  /** When that binding last changed. */
  readonly changedAt?: Date;
  readonly observedAt: Date;
  readonly expiresAt?: Date;
  /** Supports by public facts alone: then it is worth nothing. */
  readonly isPublic?: boolean;
  /** Ids of what it speaks for, where that is not all the account reaches. It counts only where they are all that is asked. */
  readonly limitedTo?: readonly string[];
  readonly note?: string;
}

/** What weighing must know besides the findings. */
export interface WeighingFacts {
  readonly now: Date;
  readonly caseOpenedAt: Date;
  /** The first sign of trouble, if it came before the case: bindings made after it prove nothing. */
  readonly firstTroubleAt?: Date;
  /** The latest password reset that went through a mailbox, with that mailbox's root. */
  readonly passwordReset?: { readonly at: Date; readonly mailboxRoot: string };
  /** Ids of what is decided about. Without it, a finding that speaks for less than everything does not count. */
  readonly reaches?: readonly string[];
}

/** A supporting finding that counts, with the root and the bits it counts for. */
export interface CountedFinding {
  readonly finding: Finding;
  /** The root as counted: the family's name where all its roots count once. */
  readonly root: string;
  readonly family: RootFamilyId;
  /** What shares its cap. A repository and a CI run stay one power when one of them also rests on a mailbox. */
  readonly group: string;
  readonly weights: Bits;
  /** True when it rests on another family's root than its kind's own, and is weighed as that. */
  readonly isCollapsed: boolean;
  readonly policyLine: string;
}

export type SetAsideCode =
  | "inconclusive"
  | "public-facts"
  | "unknown-kind"
  | "unknown-root"
  | "dated-in-the-future"
  | "expired"
  | "no-binding-date"
  | "too-young"
  | "changed-lately"
  | "not-shared";

/** A finding that does not count, and why. */
export interface SetAside {
  readonly finding: Finding;
  readonly code: SetAsideCode;
  readonly words: string;
  readonly policyLine: string;
}

export interface Contribution {
  readonly root: string;
  readonly kind: KindId;
  readonly bits: number;
}

export interface ClassWeight {
  /** Support less contradiction; may be negative. */
  readonly bits: number;
  readonly support: number;
  readonly against: number;
  /** The finding that counts in each root. */
  readonly contributions: readonly Contribution[];
  /** Counted roots of trust resting on something this class is not taken to hold. */
  readonly rootsOutside: number;
}

export interface Weighing {
  readonly policyVersion: string;
  readonly perClass: Readonly<Record<ClassId, ClassWeight>>;
  /** The class with the fewest bits, the first one if several. */
  readonly weakest: ClassId;
  /** Distinct roots of trust that count towards a tier's number. */
  readonly roots: readonly string[];
  readonly counted: readonly CountedFinding[];
  readonly contradictions: readonly { readonly finding: Finding; readonly bits: number; readonly policyLine: string }[];
  readonly setAside: readonly SetAside[];
}

/** The kind of that id, or undefined. Never a property every object has. */
export function kindOf(policy: Policy, id: KindId): EvidenceKind | undefined {
  return Object.hasOwn(policy.kinds, id) ? policy.kinds[id] : undefined;
}

function familyOf(policy: Policy, root: string): { id: RootFamilyId; family: RootFamily } | undefined {
  const colon = root.indexOf(":");
  const id = colon < 0 ? root : root.slice(0, colon);
  const family = Object.hasOwn(policy.roots, id) ? policy.roots[id] : undefined;
  return family && { id, family };
}

/**
 * What a finding shares its cap with: the family it rests on or, failing that, its kind's own, where that counts once; else
 * its kind. A family and a kind of one name are told apart by the prefix.
 */
export function groupOf(policy: Policy, kind: KindId, family: RootFamilyId): string {
  const once = [family, kindOf(policy, kind)?.root ?? family].find((id) => policy.roots[id]?.counts === "once");
  return once === undefined ? kind : `root ${once}`;
}

/** One text for each finding, so that the order they come in does not matter. */
const sortKey = (f: Finding) =>
  JSON.stringify([
    f.kind,
    f.root,
    f.verdict,
    f.observedAt,
    f.boundAt,
    f.changedAt,
    f.expiresAt,
    f.isPublic,
    f.limitedTo,
    f.note,
  ]);

/**
 * Weighs the findings of a case against every attacker class. Pure, and total over any findings.
 * Inside one root the largest weight counts, across roots weights add, contradictions subtract from every class, public
 * facts are worth nothing, and what is immature, expired or unknown is set aside with its reason. Bits are log2 of a
 * likelihood ratio (I. J. Good); rules EV-01 to EV-06 of the design.
 */
export function weigh(policy: Policy, findings: readonly Finding[], facts: WeighingFacts): Weighing {
  const counted: CountedFinding[] = [];
  const setAside: SetAside[] = [];
  const contradictions = new Map<string, Weighing["contradictions"][number]>();
  const sorted = findings
    .map((finding) => ({ finding, key: sortKey(finding) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const { finding } of sorted) {
    const kind = kindOf(policy, finding.kind);
    if (finding.verdict === "contradicts" && kind) {
      // Neither age nor a public source weakens a contradiction; the same one twice is still one.
      const family = familyOf(policy, finding.root);
      const root = family?.family.counts === "each" ? finding.root : kind.root;
      const policyLine = `/kinds/${finding.kind}/against`;
      const key = `${finding.kind} ${root}`;
      if (!contradictions.has(key)) contradictions.set(key, { finding, bits: kind.against, policyLine });
      continue;
    }
    const verdict = judge(policy, finding, kind, facts);
    if ("code" in verdict) setAside.push(verdict);
    else counted.push(verdict);
  }
  return summarise(policy, counted, [...contradictions.values()], setAside);
}

/** Adds up what counts. Used by weigh, and to try out what one more finding would change. */
export function summarise(
  policy: Policy,
  counted: readonly CountedFinding[],
  contradictions: Weighing["contradictions"],
  setAside: readonly SetAside[],
): Weighing {
  const against = contradictions.reduce((sum, { bits }) => sum + bits, 0);
  const perClass = forEachClass((id): ClassWeight => {
    const chosen = match(policy, counted, ({ weights }) => weights[id]);
    const support = chosen.reduce((sum, { weight }) => sum + weight, 0);
    const outside = counted.filter((item) => !isHeldBy(policy, id, item));
    return {
      bits: support - against,
      support,
      against,
      contributions: chosen.map(({ kind, root, weight }) => ({ kind, root, bits: weight })),
      rootsOutside: rootsOfTrust(policy, outside).length,
    };
  });
  const weakest = CLASS_IDS.reduce((least, id) => (perClass[id].bits < perClass[least].bits ? id : least));
  const roots = rootsOfTrust(policy, counted);
  return { policyVersion: policy.version, perClass, weakest, roots, counted, contradictions, setAside };
}

function match(policy: Policy, counted: readonly CountedFinding[], weight: (item: CountedFinding) => number) {
  const edges = counted.map(
    (item): Edge => ({ kind: item.finding.kind, group: item.group, root: item.root, weight: weight(item) }),
  );
  return heaviestMatching(edges, (group) => kindOf(policy, group)?.atMost ?? 1);
}

/** Distinct roots of trust, nothing giving more of them than its cap. */
function rootsOfTrust(policy: Policy, counted: readonly CountedFinding[]): readonly string[] {
  const trusted = counted.filter(({ family }) => policy.roots[family]?.isRootOfTrust);
  return match(policy, trusted, () => 1)
    .map(({ root }) => root)
    .sort();
}

/** Whether a class is taken to hold a finding: its kind, or what it collapsed into. */
function isHeldBy(policy: Policy, id: ClassId, { finding, family, isCollapsed }: CountedFinding): boolean {
  const { holds } = policy.classes[id];
  if (holds.includes(finding.kind)) return true;
  const standIn = policy.roots[family]?.weighedAs;
  return isCollapsed && standIn !== undefined && holds.includes(standIn);
}

/** One finding that is not a contradiction: counted, or set aside with the first reason that applies. */
function judge(
  policy: Policy,
  finding: Finding,
  kind: EvidenceKind | undefined,
  facts: WeighingFacts,
): CountedFinding | SetAside {
  const aside = (code: SetAsideCode, words: string, policyLine = `/kinds/${finding.kind}`): SetAside => ({
    finding,
    code,
    words,
    policyLine,
  });
  if (!kind) return aside("unknown-kind", "This policy has no such kind of evidence.", "/kinds");
  if (finding.verdict !== "supports") return aside("inconclusive", "It shows nothing either way.");
  if (finding.isPublic) return aside("public-facts", "Anybody can know this.", "/publicFacts");
  if (finding.limitedTo && !facts.reaches?.every((id) => finding.limitedTo?.includes(id)))
    return aside(
      "not-shared",
      "Whoever vouches does not share all that is at stake, and speaks only for what they share.",
    );
  const { placed, resetAt } = place(policy, finding, kind, facts);
  if (!placed)
    return aside("unknown-root", "It names a root that this kind cannot rest on.", `/kinds/${finding.kind}/root`);
  const stale = staleness(policy, finding, kind, facts, resetAt);
  return stale ? aside(...stale) : placed;
}

/** The root a finding counts in, and its bits there. A kind resting on another family's root weighs no more than that does. */
function place(policy: Policy, finding: Finding, kind: EvidenceKind, facts: WeighingFacts) {
  const reset = finding.kind === "password" ? facts.passwordReset : undefined;
  const since = reference(facts) - policy.maturity.mailResetWindowMs;
  const root = reset && !(reset.at.getTime() <= since) ? reset.mailboxRoot : finding.root;
  const found = familyOf(policy, root);
  const isOwn = found?.id === kind.root;
  const standIn = found && kindOf(policy, found.family.weighedAs);
  if (!found || !standIn || !(isOwn || kind.alsoRoots.includes(found.id)))
    return { placed: undefined, resetAt: reset?.at };
  const placed: CountedFinding = {
    finding,
    root: found.family.counts === "once" ? found.id : root,
    family: found.id,
    group: groupOf(policy, finding.kind, found.id),
    weights: isOwn ? kind.weights : forEachClass((id) => Math.min(kind.weights[id], standIn.weights[id])),
    isCollapsed: !isOwn,
    policyLine: `/kinds/${finding.kind}/weights`,
  };
  return { placed, resetAt: reset?.at };
}

/** Maturity is counted back from the opening of the case or the first sign of trouble: a case cannot wait itself mature. */
function reference({ caseOpenedAt, firstTroubleAt }: WeighingFacts): number {
  return Math.min(caseOpenedAt.getTime(), firstTroubleAt?.getTime() ?? Number.POSITIVE_INFINITY);
}

/** Why a finding's age keeps it from counting, or undefined. A date that is not one fails each comparison, and so fails safe. */
function staleness(
  policy: Policy,
  finding: Finding,
  kind: EvidenceKind,
  facts: WeighingFacts,
  resetAt: Date | undefined,
): [SetAsideCode, string, string] | undefined {
  const now = facts.now.getTime();
  const observed = finding.observedAt.getTime();
  if (!(observed <= now)) return ["dated-in-the-future", "Its date lies in the future.", `/kinds/${finding.kind}`];
  const until = Math.min(observed + kind.lifetimeMs, finding.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY);
  if (!(now < until))
    return ["expired", "It was checked too long ago; it can be checked again.", `/kinds/${finding.kind}/lifetime`];
  const line = "/maturity/boundFor";
  const age = durationInWords(policy.maturity.boundForMs);
  const latest = reference(facts) - policy.maturity.boundForMs;
  const boundAt = Math.max(
    finding.boundAt?.getTime() ?? Number.NEGATIVE_INFINITY,
    resetAt?.getTime() ?? Number.NEGATIVE_INFINITY,
  );
  if (kind.isBound && boundAt === Number.NEGATIVE_INFINITY) {
    return ["no-binding-date", "It is not known since when it belongs to the account.", line];
  }
  if (boundAt !== Number.NEGATIVE_INFINITY && !(boundAt <= latest)) {
    return ["too-young", `It was added less than ${age} before the trouble began.`, line];
  }
  if (finding.changedAt && !(finding.changedAt.getTime() <= latest)) {
    return ["changed-lately", `It was changed less than ${age} before the trouble began.`, line];
  }
  return undefined;
}
