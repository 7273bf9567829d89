/* When the trouble began that a case is about, and how things stood before. Pure. */

/** Something that happened to an account and may have been a thief's doing, or the owner's answer to one. */
export interface Sign {
  /** As in the audit log. */
  readonly act: string;
  readonly at: Date;
}

/**
 * Acts that count as signs. Each is something a thief does to get in or to stay, or something that people do when they
 * notice one. That honest owners do some of them too costs them only that what is linked later does not count.
 */
export const SIGNS_OF_TROUBLE: readonly string[] = [
  "accounts/address-change-undone",
  "accounts/address-removed",
  "accounts/domain-lapsed",
  "accounts/frozen",
  "accounts/primary-address-changed",
  "authenticators/passkey-copy-suspected",
  "authenticators/passkey-removed",
  "authenticators/password-leaked",
  "authenticators/password-reset",
  "authenticators/recovery-code-burned",
  "evidence/signing-key-revoked",
  "recovery/account-locked",
  "recovery/case-opened",
  "recovery/object",
  "recovery/objected",
  "registry/api-token-leaked",
  "registry/api-tokens-held",
  "registry/api-tokens-revoked",
];

const DAY_MS = 24 * 3600_000;
/** What lies further back has been settled, or nobody would have used the account in peace since. */
export const LOOK_BACK_DAYS = 90;
/** How long something must have stood before the first sign: a thief who was not noticed at once must not gain by it. */
export const SETTLED_DAYS = 7;

/** The first sign of trouble: the earliest within 90 days before the case was opened, or its opening. */
export function firstSign(openedAt: Date, signs: readonly Sign[]): Sign {
  const since = openedAt.getTime() - LOOK_BACK_DAYS * DAY_MS;
  let first: Sign = { act: "recovery/case-opened", at: openedAt };
  for (const sign of signs) {
    const isSign = SIGNS_OF_TROUBLE.includes(sign.act) && sign.at.getTime() >= since;
    if (isSign && sign.at < first.at) first = sign;
  }
  return first;
}

/** The moment whose state counts: seven days before the first sign of trouble. */
export const pinnedAt = (sign: Sign): Date => new Date(sign.at.getTime() - SETTLED_DAYS * DAY_MS);

/** How long a project's files have named a place. */
export interface Span {
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** The newest upload at or before the pinned moment. */
  readonly uploadBefore: Date | null;
  readonly memberSince: Date;
}

/**
 * Whether a place counts: the newest file that was uploaded by the pinned moment named it, and the account had its rights
 * on the project by then. Whatever a release of later says neither plants a place nor takes one away.
 */
export const countsAt = (pinned: Date, { firstSeenAt, lastSeenAt, uploadBefore, memberSince }: Span): boolean =>
  uploadBefore !== null &&
  uploadBefore <= pinned &&
  firstSeenAt <= uploadBefore &&
  lastSeenAt >= uploadBefore &&
  memberSince <= pinned;
