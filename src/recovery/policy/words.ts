import type { KindId, Policy } from "./types.ts";

/** The reviewer's words for bits, weakest first. */
export const STRENGTHS = ["none", "limited", "moderate", "strong", "very strong"] as const;
export type Strength = (typeof STRENGTHS)[number];

/**
 * Bits in words, after the verbal scale of the ENFSI guideline for evaluative reporting: a likelihood ratio up to 10 is
 * limited, up to 100 moderate, up to 10,000 strong (its two middle steps are one here), above that very strong.
 */
export function bitsInWords(bits: number): Strength {
  const ratio = 2 ** bits;
  if (!(ratio > 1)) return "none";
  if (ratio <= 10) return "limited";
  if (ratio <= 100) return "moderate";
  return ratio <= 10_000 ? "strong" : "very strong";
}

/** A number with a real minus sign and no trailing zeros; weights are halves at the finest. */
export function plainNumber(value: number): string {
  return (Math.round(value * 10) / 10).toString().replace("-", "−");
}

/** "a", "a and b", "a, b and c". */
export function listInWords(items: readonly string[], last = "and"): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`;
}

/** A kind's label for the desk; its id when the policy does not know it. */
export function labelOf(policy: Policy, kind: KindId): string {
  return Object.hasOwn(policy.kinds, kind) ? (policy.kinds[kind]?.label ?? kind) : kind;
}

/** "a stranger", "an insider". */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? "an" : "a"} ${noun}`;
}
