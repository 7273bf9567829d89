import type { AccountId, DeviceId, SessionId } from "../kernel/ids.ts";

export type SessionKind = "subscriber" | "staff";
/**
 * What was shown to open a session. A passkey that asked for a PIN, a fingerprint or a face is two factors, `passkey`
 * and `user-verification`; one that did not is `passkey` alone (SP 800-63B-4 §3.1.7.2).
 */
export type Factor = "password" | "totp" | "recovery-code" | "passkey" | "user-verification";

export interface Session {
  readonly id: SessionId;
  readonly accountId: AccountId;
  readonly kind: SessionKind;
  readonly factors: readonly Factor[];
  readonly startedAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  /** When an authenticator was last shown; sensitive changes ask for it again after ten minutes. */
  readonly reauthenticatedAt: Date;
  readonly ip: string;
  readonly userAgent: string;
  /** The browser it was begun in, where that is known. */
  readonly deviceId: DeviceId | null;
  /** Begun with a password that has leaked: may choose a new one, and nothing else until then. */
  readonly owesNewPassword: boolean;
}

/** Whether what was shown cannot be passed on by a look-alike site (SP 800-63B-4 §3.2.5): of ours, only a passkey. */
export const isPhishingResistant = (session: Pick<Session, "factors">): boolean => session.factors.includes("passkey");
/** A browser in which the account was signed in before. A hint about risk and a word for people; never a factor. */
export interface KnownDevice {
  readonly id: DeviceId;
  readonly firstSeenAt: Date;
}

/** Short names; the edge adds `__Host-`. */
export const SESSION_COOKIE = "session";
export const STAFF_COOKIE = "staff";
/** Names this browser for the accounts that signed in with it. */
export const DEVICE_COOKIE = "device";
export const DEVICE_COOKIE_SECONDS = 365 * 24 * 3600;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** SP 800-63B-4 §2.2.3: AAL2 at most 24 h and 1 h idle. §2.3.3: AAL3 at most 12 h and 15 min idle, for staff. */
export const LIMITS: Readonly<Record<SessionKind, { readonly wholeMs: number; readonly idleMs: number }>> = {
  subscriber: { wholeMs: 24 * HOUR, idleMs: HOUR },
  staff: { wholeMs: 12 * HOUR, idleMs: 15 * MINUTE },
};

/** How long a shown authenticator counts for sensitive changes (ASVS 5.0 7.5.1). */
export const FRESH_MS = 10 * MINUTE;

/** Whether an authenticator was shown a moment ago. */
export const isFresh = (session: Session, now: Date): boolean =>
  now.getTime() - session.reauthenticatedAt.getTime() <= FRESH_MS;
