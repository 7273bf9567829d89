import type { AccountId, SessionId } from "../kernel/ids.ts";

export type SessionKind = "subscriber" | "staff";
export type Factor = "password" | "totp" | "recovery-code";

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
  /** Begun with a password that has leaked: may choose a new one, and nothing else until then. */
  readonly owesNewPassword: boolean;
}

/** Short names; the edge adds `__Host-`. */
export const SESSION_COOKIE = "session";
export const STAFF_COOKIE = "staff";

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
