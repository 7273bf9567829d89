import type { AccountId, AddressId, CaseId } from "../kernel/ids.ts";

export type StaffRole = "support" | "reviewer" | "administrator" | "auditor";

/** Why an account is frozen, as a class: what its owner may be told, and who may end it. */
export type FreezeReason = "objection" | "owner" | "staff" | "suspicious";

export interface Freeze {
  readonly at: Date;
  readonly because: FreezeReason;
  readonly caseId: CaseId | null;
  /** When it ends by itself; null for one that somebody has to end. */
  readonly until: Date | null;
}

/** From what its owner may end alone to what only the desk ends. */
const STRENGTH: Readonly<Record<FreezeReason, number>> = { owner: 1, suspicious: 2, objection: 3, staff: 4 };

/**
 * The freeze of an account for which there is one more reason. The stronger class stays, and the later end: a further
 * reason never makes a freeze easier to end or shorter.
 */
export function mergeFreeze(before: Freeze | null, wanted: Freeze): Freeze {
  if (!before) return wanted;
  const isStronger = STRENGTH[wanted.because] > STRENGTH[before.because];
  const until = before.until && wanted.until ? new Date(Math.max(+before.until, +wanted.until)) : null;
  return {
    at: before.at,
    because: isStronger ? wanted.because : before.because,
    caseId: (isStronger ? wanted.caseId : null) ?? before.caseId ?? wanted.caseId,
    until,
  };
}

export interface Account {
  readonly id: AccountId;
  /** As its owner writes it; public. */
  readonly username: string;
  readonly createdAt: Date;
  /** Last sign-in or use of a token; decides whether an account is dormant. */
  readonly lastActiveAt: Date;
  readonly frozen: Freeze | null;
}

/** An address of record. Removed ones are kept: notices of a recovery go there for 180 days. */
export interface Address {
  readonly id: AddressId;
  readonly accountId: AccountId;
  /** As typed; mail goes here. */
  readonly address: string;
  /** Folded for comparison: lower case, punycode domain. */
  readonly folded: string;
  readonly domain: string;
  readonly isPrimary: boolean;
  readonly addedAt: Date;
  readonly verifiedAt: Date | null;
  /** Since when mail does not arrive there; null while it does as far as we know, and once confirmed again. */
  readonly unreachableAt: Date | null;
  readonly removedAt: Date | null;
}
