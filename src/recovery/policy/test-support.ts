import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { DecisionFacts } from "./decide.ts";
import { parsePolicy } from "./schema.ts";
import type { Impact } from "./tier.ts";
import type { KindId, Policy } from "./types.ts";
import { type Finding, type Weighing, weigh } from "./weigh.ts";

/** For the tests of this folder: the shipped policies, a day, people's evidence, and random findings. */
export const NOW = new Date("2026-11-20T12:00:00Z");
export const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

const folder = new URL("../../../policy/", import.meta.url);

/** A policy file as data that a test may break in ways no type allows. */
// oxlint-disable-next-line typescript/no-explicit-any -- its whole use is to be wrong
export type PolicyJson = any;

/** A fresh copy of a policy file, to be changed at will. */
export function policyJson(name: "default" | "demo" = "default"): PolicyJson {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

export function policyFrom(json: unknown): Policy {
  const parsed = parsePolicy(json);
  if (!parsed.ok) throw new Error(parsed.refusal.detail);
  return parsed.value;
}

export const defaultPolicy = policyFrom(policyJson());

export const facts = { now: NOW, caseOpenedAt: daysAgo(0) };

/** A supporting finding of a binding three years old, unless said otherwise. */
export function supports(kind: KindId, root: string, more: Partial<Finding> = {}): Finding {
  return { kind, root, verdict: "supports", boundAt: daysAgo(1000), observedAt: daysAgo(0), ...more };
}

export const password = supports("password", "password");
export const mailbox = supports("mailbox", "mailbox:example.org");
export const apiToken = supports("api-token", "token:tok_1");
export const sshSignature = supports("ssh-signature", "device:SHA256:abc");
export const repository = supports("repository", "forge:github.com/alice");

export const nothingOwned: Impact = {
  ownedProjects: 0,
  roles: 0,
  ownedOrganisations: 0,
  liveTokens: 0,
  dependents: 0,
  downloads30d: 0,
  isStaff: false,
};
export const impactOfTier: Readonly<Record<0 | 1 | 2 | 3, Impact>> = {
  0: nothingOwned,
  1: { ...nothingOwned, ownedProjects: 2, liveTokens: 1 },
  2: { ...nothingOwned, ownedProjects: 1, dependents: 20 },
  3: { ...nothingOwned, ownedProjects: 1, downloads30d: 10_000_000 },
};

/** A case in which the owner would hear of it and nothing is wrong. */
export function caseOf(tier: 0 | 1 | 2 | 3, weighing: Weighing, more: Partial<DecisionFacts> = {}): DecisionFacts {
  const silence = { now: NOW, lastSeenAt: daysAgo(30), independentChannels: 1 };
  return { impact: impactOfTier[tier], weighing, silence, isFrozen: false, isTakeoverAlleged: false, ...more };
}

export const weighDefault = (...findings: readonly Finding[]) => weigh(defaultPolicy, findings, facts);

const families = Object.keys(defaultPolicy.roots);
const anyDate = fc.integer({ min: -10, max: 60 }).map(daysAgo);

/** Any root string: mostly of a known family, sometimes nonsense. */
const anyRoot = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.constantFrom(...families), fc.constantFrom("", ":x", ":y")).map((parts) => parts.join("")),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);

/** Any finding, sensible or not. */
export const anyFinding: fc.Arbitrary<Finding> = fc
  .record(
    {
      kind: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...Object.keys(defaultPolicy.kinds)) },
        { weight: 1, arbitrary: fc.constantFrom("constructor", "toString", "", "no-such-kind") },
      ),
      root: anyRoot,
      verdict: fc.constantFrom("supports", "supports", "supports", "contradicts", "inconclusive"),
      boundAt: anyDate,
      changedAt: anyDate,
      observedAt: anyDate,
      expiresAt: anyDate,
      isPublic: fc.boolean(),
    },
    { requiredKeys: ["kind", "root", "verdict", "observedAt"] },
  )
  .map((finding): Finding => finding);

/** A finding that counts, of one of these kinds, on one of a few roots of its families. */
export function ripeOf(kinds: readonly KindId[]): fc.Arbitrary<Finding> {
  if (kinds.length === 0) return fc.constant({ ...supports("records", "knowledge"), isPublic: true });
  return fc.constantFrom(...kinds).chain((kind) => {
    const { root = "", alsoRoots = [] } = defaultPolicy.kinds[kind] ?? {};
    return fc
      .tuple(fc.constantFrom(root, root, ...alsoRoots), fc.constantFrom("p", "q", "r"))
      .map(([family, id]) => supports(kind, `${family}:${id}`));
  });
}

/** A finding of any kind that counts. */
export const anyRipe = ripeOf(Object.keys(defaultPolicy.kinds));

export const anyTier = fc.constantFrom(0, 1, 2, 3);
