import type { Policy, TierId } from "./types.ts";
import { listInWords } from "./words.ts";

/** What an attacker could do with the account: counts over everything it owns or may upload to. */
export interface Impact {
  readonly ownedProjects: number;
  /** Projects on which it has a role without owning them. */
  readonly roles: number;
  readonly ownedOrganisations: number;
  readonly liveTokens: number;
  /** Projects in the index that depend on its projects, the largest number of any one of them. */
  readonly dependents: number;
  /** Downloads in the last 30 days, the largest number of any one of its projects. */
  readonly downloads30d: number;
  readonly isStaff: boolean;
}

export interface TierChoice {
  readonly tier: TierId;
  /** One sentence for the desk. */
  readonly why: string;
  readonly policyLine: string;
}

/**
 * The impact tier of an account. Pure; nobody can lower it.
 * Throws RangeError on a count that is negative or not finite: a missing count must never read as a small one.
 */
export function tierOf(policy: Policy, impact: Impact): TierChoice {
  const { isStaff, ...counts } = impact;
  for (const [name, value] of Object.entries(counts)) {
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`impact ${name} is not a count: ${value}`);
  }
  const { dependents, downloads30d } = counts;
  if (isStaff) return { tier: 3, why: "This account works on the index itself.", policyLine: "/tiers/3/who" };
  for (const tier of [3, 2] as const) {
    const from = policy.impact[`tier${tier}`];
    const at = `/impact/tier${tier}`;
    if (dependents >= from.dependents) {
      const why = `${dependents} projects depend on it; tier ${tier} begins at ${from.dependents}.`;
      return { tier, why, policyLine: `${at}/dependents` };
    }
    if (downloads30d >= from.downloads30d) {
      const why = `${downloads30d} downloads in 30 days; tier ${tier} begins at ${from.downloads30d}.`;
      return { tier, why, policyLine: `${at}/downloads30d` };
    }
  }
  const { ownedProjects, roles, ownedOrganisations, liveTokens } = counts;
  if (ownedProjects + roles + ownedOrganisations + liveTokens > 0) {
    const why = `It reaches ${listInWords(
      [
        counted(ownedProjects, "project of its own", "projects of its own"),
        counted(ownedOrganisations, "organisation of its own", "organisations of its own"),
        counted(roles, "project of others", "projects of others"),
        counted(liveTokens, "live API token", "live API tokens"),
      ].filter((part) => part !== null),
    )}.`;
    return { tier: 1, why, policyLine: "/tiers/1/who" };
  }
  return { tier: 0, why: "It has no projects, roles, organisations or API tokens.", policyLine: "/tiers/0/who" };
}

const counted = (count: number, one: string, many: string): string | null =>
  count === 0 ? null : `${count} ${count === 1 ? one : many}`;
