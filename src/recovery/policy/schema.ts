import { z } from "zod";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { parseDuration } from "./duration.ts";
import { policyRefusals } from "./refusals.ts";
import {
  type Bits,
  CLASS_IDS,
  type EvidenceKind,
  forEachClass,
  type Policy,
  type Tier,
  thresholdGroup,
} from "./types.ts";

const slug = z
  .string()
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, "must be lower-case words joined by hyphens")
  .max(40);
const sentence = z.string().trim().min(3, "must say why, in words").max(600);
const label = z.string().trim().min(1).max(120);
const basis = z.enum(["judgement", "standard", "measured"]);

/** Half bits are the finest step: finer is false precision, and halves add exactly. */
const bits = (most: number) => z.number().min(0).max(most).multipleOf(0.5, "must be a multiple of 0.5");
/** SP 800-63 has no such scale; the cap follows from theft rates: no kind is stolen from fewer than 1 owner in 1,024. */
const weight = bits(10);
const threshold = bits(60);
const count = (least: number, most: number) => z.number().int().min(least).max(most);

/** A duration as ISO 8601 text, read into milliseconds. */
const duration = (leastMs = 0) =>
  z
    .string()
    .max(30)
    .transform((text, context) => {
      const parsed = parseDuration(text);
      if (!parsed.ok) context.addIssue({ code: "custom", message: parsed.refusal.detail ?? "is not a duration" });
      else if (parsed.value < leastMs) context.addIssue({ code: "custom", message: "must be longer than no time" });
      return parsed.ok ? parsed.value : 0;
    });

/** A number that stands alone, with what it rests on and why. */
const reasoned = <T extends z.ZodType>(value: T) => z.strictObject({ value, basis, why: sentence });
const reasonedDuration = reasoned(duration(1));

const classSchema = z.strictObject({
  label,
  can: label,
  plain: label,
  holds: z.array(slug).max(16),
  mayHold: z.array(slug).max(16),
  why: sentence,
});

const rootSchema = z.strictObject({
  label,
  counts: z.enum(["once", "each"]),
  isRootOfTrust: z.boolean(),
  weighedAs: slug,
  why: sentence,
});

const weights = z.strictObject({ a0: weight, a1: weight, a2: weight, a3: weight, a4: weight, a5: weight });

const kindSchema = z
  .strictObject({
    label,
    plain: label,
    root: slug,
    alsoRoots: z.array(slug).max(4),
    isBound: z.boolean(),
    isOffered: z.boolean(),
    isTold: z.boolean(),
    lifetime: z.enum(["standing", "fleeting"]),
    atMost: count(2, 4).optional(),
    weights,
    against: weight,
    why: z.strictObject({
      a0: sentence,
      a1: sentence,
      a2: sentence,
      a3: sentence,
      a4: sentence,
      a5: sentence,
      against: sentence,
      atMost: sentence.optional(),
    }),
  })
  .refine((kind) => (kind.atMost === undefined) === (kind.why.atMost === undefined), {
    path: ["why", "atMost"],
    error: "atMost and its reason must stand together",
  });

const thresholds = z.strictObject({ "a0-a3": threshold, a4: threshold, a5: threshold });
const whyBits = { "a0-a3": sentence, a4: sentence, a5: sentence };

const shortfallSchema = z.strictObject({
  bits: thresholds,
  approvals: count(1, 2),
  wait: duration(1),
  hold: duration(1),
  why: z.strictObject({ ...whyBits, approvals: sentence, wait: sentence, hold: sentence }),
});

const tierHead = { name: label, who: label, basis, roots: count(1, 6), approvals: count(0, 2) };
const openTierSchema = z.strictObject({
  ...tierHead,
  bits: z.null("must be null at tier 0, where there is nothing to weigh against"),
  wait: duration(),
  fastWait: z.null(),
  hold: duration(),
  shortfall: z.null(),
  why: z.strictObject({ bits: sentence, roots: sentence, wait: sentence, approvals: sentence, hold: sentence }),
});
const tierSchema = z
  .strictObject({
    ...tierHead,
    bits: thresholds,
    wait: duration(1),
    fastWait: z.strictObject({ wait: duration(1), timesBits: z.number().min(1.5).max(4).multipleOf(0.5) }).nullable(),
    hold: duration(1),
    shortfall: shortfallSchema,
    why: z.strictObject({
      ...whyBits,
      roots: sentence,
      wait: sentence,
      approvals: sentence,
      hold: sentence,
      fastWait: sentence.optional(),
      timesBits: sentence.optional(),
    }),
  })
  .refine((t) => [t.why.fastWait, t.why.timesBits].every((why) => (t.fastWait === null) === (why === undefined)), {
    path: ["why", "fastWait"],
    error: "fastWait and the reasons fastWait and timesBits must stand together",
  });

const impactThreshold = z.strictObject({
  dependents: reasoned(count(1, 1e9)),
  downloads30d: reasoned(count(1, 1e12)),
});

const fileSchema = z.strictObject({
  version: z.string().regex(/^\d{4}\.\d{1,2}\.\d{1,3}(?:-[a-z0-9]{1,20})?$/, 'must look like "2026.11.1"'),
  title: label,
  purpose: z.enum(["production", "demonstration"]),
  why: sentence,
  classes: z.strictObject({
    a0: classSchema,
    a1: classSchema,
    a2: classSchema,
    a3: classSchema,
    a4: classSchema,
    a5: classSchema,
  }),
  roots: z.record(slug, rootSchema),
  kinds: z.record(slug, kindSchema),
  publicFacts: reasoned(z.literal(0, "must be 0: an attacker knows a public fact as surely as the owner")),
  maturity: z.strictObject({ boundFor: reasonedDuration, mailResetWindow: reasonedDuration }),
  impact: z.strictObject({ tier2: impactThreshold, tier3: impactThreshold }),
  tiers: z.tuple([openTierSchema, tierSchema, tierSchema, tierSchema]),
  shortfallRule: z.strictObject({ rootsOutsideEachClass: reasoned(count(1, 3)) }),
  silence: z.strictObject({
    dormantAfter: reasonedDuration,
    dormantAdds: reasonedDuration,
    noChannelAdds: reasonedDuration,
    longestWait: reasonedDuration,
  }),
  incident: z.strictObject({ approvals: reasoned(count(1, 2)), wait: reasonedDuration, hold: reasonedDuration }),
  limits: z.strictObject({
    triesPerCase: reasoned(count(1, 100)),
    triesPerKind: reasoned(count(1, 100)),
    challengeLifetime: reasonedDuration,
    standingFindingLifetime: reasonedDuration,
    fleetingFindingLifetime: reasonedDuration,
    restorationRightLifetime: reasonedDuration,
    caseIdle: reasonedDuration,
    caseLongest: reasonedDuration,
    objectionLinkLifetime: reasonedDuration,
  }),
});

type PolicyFile = z.infer<typeof fileSchema>;

const spread = (from: z.infer<typeof thresholds>): Bits => forEachClass((id) => from[thresholdGroup(id)]);

const pointer = (path: readonly PropertyKey[]) =>
  `/${path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;

/** Names used in the file that it does not define, and names it uses twice. */
function danglingNames(file: PolicyFile): string[] {
  const problems: string[] = [];
  const kinds = new Set(Object.keys(file.kinds));
  const roots = new Set(Object.keys(file.roots));
  const need = (known: Set<string>, what: string, at: string, names: readonly string[]) => {
    for (const name of names) if (!known.has(name)) problems.push(`${at}: there is no ${what} "${name}"`);
    if (new Set(names).size !== names.length) problems.push(`${at}: a name stands twice`);
  };
  for (const id of CLASS_IDS) {
    const { holds, mayHold } = file.classes[id];
    need(kinds, "kind", `/classes/${id}/holds`, holds);
    need(kinds, "kind", `/classes/${id}/mayHold`, mayHold);
    if (mayHold.some((kind) => holds.includes(kind))) {
      problems.push(`/classes/${id}/mayHold: names a kind that is already under holds`);
    }
  }
  for (const [id, root] of Object.entries(file.roots)) need(kinds, "kind", `/roots/${id}/weighedAs`, [root.weighedAs]);
  for (const [id, kind] of Object.entries(file.kinds)) {
    need(roots, "root", `/kinds/${id}/root`, [kind.root]);
    need(roots, "root", `/kinds/${id}/alsoRoots`, [kind.root, ...kind.alsoRoots].slice(1));
    if (kind.atMost !== undefined && file.roots[kind.root]?.counts === "once") {
      problems.push(`/kinds/${id}/atMost: all its roots count once, so nothing of it can count twice`);
    }
    if (kind.alsoRoots.includes(kind.root)) problems.push(`/kinds/${id}/alsoRoots: repeats the kind's own root`);
  }
  if (kinds.size > 64 || roots.size > 32) problems.push("/kinds: more than 64 kinds or 32 roots");
  return problems;
}

/** Every { value, basis, why } of the file, by JSON pointer. */
function collectRationale(
  value: unknown,
  path: readonly string[],
  into: Record<string, { basis: PolicyBasis; why: string }>,
) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const parsed = z.object({ value: z.unknown(), basis, why: z.string() }).safeParse(value);
  if (parsed.success && "value" in value) into[pointer(path)] = { basis: parsed.data.basis, why: parsed.data.why };
  else for (const [key, part] of Object.entries(value)) collectRationale(part, [...path, key], into);
}
type PolicyBasis = z.infer<typeof basis>;

function toTier(tier: PolicyFile["tiers"][number]): Tier {
  const { shortfall, fastWait } = tier;
  return {
    name: tier.name,
    who: tier.who,
    bits: tier.bits && spread(tier.bits),
    roots: tier.roots,
    waitMs: tier.wait,
    fastWait: fastWait && { waitMs: fastWait.wait, timesBits: fastWait.timesBits },
    approvals: tier.approvals,
    holdMs: tier.hold,
    shortfall: shortfall && {
      bits: spread(shortfall.bits),
      approvals: shortfall.approvals,
      waitMs: shortfall.wait,
      holdMs: shortfall.hold,
      why: shortfall.why,
    },
    why: withoutUndefined(tier.why),
  };
}

function withoutUndefined(map: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function toPolicy(file: PolicyFile): Policy {
  const { limits, silence, incident, maturity } = file;
  const rationale: Policy["rationale"] = {};
  collectRationale(file, [], rationale);
  const toKind = (kind: PolicyFile["kinds"][string]): EvidenceKind => {
    const { lifetime, atMost = 1, why, ...rest } = kind;
    const lifetimeMs = limits[`${lifetime}FindingLifetime`].value;
    return { ...rest, atMost, lifetimeMs, why: withoutUndefined(why) };
  };
  const toImpact = (threshold: z.infer<typeof impactThreshold>) => ({
    dependents: threshold.dependents.value,
    downloads30d: threshold.downloads30d.value,
  });
  const [zero, one, two, three] = file.tiers;
  return {
    version: file.version,
    title: file.title,
    purpose: file.purpose,
    why: file.why,
    classes: file.classes,
    roots: file.roots,
    kinds: Object.fromEntries(Object.entries(file.kinds).map(([id, kind]) => [id, toKind(kind)])),
    maturity: { boundForMs: maturity.boundFor.value, mailResetWindowMs: maturity.mailResetWindow.value },
    impact: { tier2: toImpact(file.impact.tier2), tier3: toImpact(file.impact.tier3) },
    tiers: [toTier(zero), toTier(one), toTier(two), toTier(three)],
    shortfallRule: { rootsOutsideEachClass: file.shortfallRule.rootsOutsideEachClass.value },
    silence: {
      dormantAfterMs: silence.dormantAfter.value,
      dormantAddsMs: silence.dormantAdds.value,
      noChannelAddsMs: silence.noChannelAdds.value,
      longestWaitMs: silence.longestWait.value,
    },
    incident: { approvals: incident.approvals.value, waitMs: incident.wait.value, holdMs: incident.hold.value },
    limits: {
      triesPerCase: limits.triesPerCase.value,
      triesPerKind: limits.triesPerKind.value,
      challengeLifetimeMs: limits.challengeLifetime.value,
      standingFindingLifetimeMs: limits.standingFindingLifetime.value,
      fleetingFindingLifetimeMs: limits.fleetingFindingLifetime.value,
      restorationRightLifetimeMs: limits.restorationRightLifetime.value,
      caseIdleMs: limits.caseIdle.value,
      caseLongestMs: limits.caseLongest.value,
      objectionLinkLifetimeMs: limits.objectionLinkLifetime.value,
    },
    rationale,
  };
}

const MOST_PROBLEMS_SHOWN = 12;

function problemsOf(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    const at = pointer(issue.path);
    if (issue.code === "unrecognized_keys") {
      return `${at}: unknown field ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    }
    return `${at}: ${issue.message}`;
  });
}

/**
 * Reads a policy from parsed JSON. Pure.
 * Refuses `policy/not-valid` with up to 12 problems, each with its JSON pointer: unknown or missing fields, numbers out of
 * bounds, a number without its reason, durations that are not ISO 8601, names that the file does not define.
 * Whether the policy is safe is checkPolicy's question.
 */
export function parsePolicy(json: unknown): Result<Policy> {
  const parsed = fileSchema.safeParse(json);
  const problems = parsed.success ? danglingNames(parsed.data) : problemsOf(parsed.error);
  if (parsed.success && problems.length === 0) return ok(toPolicy(parsed.data));
  const shown = problems.slice(0, MOST_PROBLEMS_SHOWN);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return refuse(policyRefusals["not-valid"]({ detail: shown.join("\n") }));
}
