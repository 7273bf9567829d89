import type { AccountId, AuthenticatorId } from "../kernel/ids.ts";

export type AuthenticatorKind = "password" | "totp" | "recovery-codes";

/** pending: being bound. disabled: after too many failures, must be bound again. revoked: replaced or taken away. */
export type AuthenticatorState = "pending" | "active" | "disabled" | "revoked";

export interface Authenticator {
  readonly id: AuthenticatorId;
  readonly accountId: AccountId;
  readonly kind: AuthenticatorKind;
  /** What its owner calls it. */
  readonly name: string;
  readonly state: AuthenticatorState;
  readonly boundAt: Date;
  readonly lastUsedAt: Date | null;
  readonly consecutiveFailures: number;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Encrypted secret, where the kind has one. */
  readonly sealed: Buffer | null;
}

/** How a password came to be. One set through a mailbox is, for 30 days, no proof beside that mailbox. */
export type PasswordOrigin = "registration" | "change" | "mail-reset" | "restoration" | "unlock";
