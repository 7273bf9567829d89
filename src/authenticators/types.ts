import type { AccountId, AuthenticatorId } from "../kernel/ids.ts";

export type AuthenticatorKind = "password" | "totp" | "recovery-codes" | "passkey";

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

/** A passkey (WebAuthn credential) of an account. */
export interface Passkey {
  readonly id: AuthenticatorId;
  readonly accountId: AccountId;
  /** What its owner calls it. */
  readonly name: string;
  readonly state: AuthenticatorState;
  readonly boundAt: Date;
  readonly lastUsedAt: Date | null;
  /** base64url. */
  readonly credentialId: string;
  /** COSE. */
  readonly publicKey: Buffer;
  /** May be copied to other devices of its owner by design; never changes (WebAuthn L3 §6.1.3). */
  readonly isBackupEligible: boolean;
  /** Was so copied, at its last use. */
  readonly isBackedUp: boolean;
  /** Whether it is offered before a name is typed; null where the browser did not say. */
  readonly isDiscoverable: boolean | null;
  /**
   * Whether it asked for a PIN, a fingerprint or a face when it was made, or later beside the password. One that did not
   * is a second factor only: whoever finds a key without a PIN can give it one.
   */
  readonly isUserVerifying: boolean;
  /** How a browser reaches it, as that said when it was made: usb, nfc, internal, hybrid. */
  readonly transports: readonly string[];
  /** When its counter last went back; null where it never did. */
  readonly copySuspectedAt: Date | null;
}

/** How a password came to be. One set through a mailbox is, for 30 days, no proof beside that mailbox. */
export type PasswordOrigin = "registration" | "change" | "mail-reset" | "restoration" | "unlock";
