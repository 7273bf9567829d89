import type { AccountId, AddressId, CaseId } from "../kernel/ids.ts";

export type FreezeReason = "objection" | "owner" | "staff" | "suspicious";
export type StaffRole = "support" | "reviewer" | "administrator" | "auditor";

export interface Account {
  readonly id: AccountId;
  /** As its owner writes it; public. */
  readonly username: string;
  readonly createdAt: Date;
  /** Last sign-in or use of a token; decides whether an account is dormant. */
  readonly lastActiveAt: Date;
  readonly frozen: { readonly at: Date; readonly because: FreezeReason; readonly caseId: CaseId | null } | null;
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
