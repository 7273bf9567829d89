/*
 * How long what is held about people is kept, in days, counted from the moment named. `docs/privacy.md` says the same to
 * people, and a test compares the two. Pure.
 */

export const KEEP_DAYS = {
  /** Sessions and pages of cases, from their end: long enough to answer "was that me?". */
  endedSessions: 90,
  /** Hashes of passwords and secrets of apps, from the end of the authenticator: of no use to anybody any more. */
  endedAuthenticatorSecrets: 90,
  /** Lines of the delivery log, from the queueing. What a mail said goes when it is delivered or given up. */
  deliveryLog: 365,
  /** The line of the mail that says that an account was deleted: the last trace of its address. */
  farewellMail: 30,
  /** Links and codes, from the day they were used, replaced or ran out: "used on" can be said for so long. */
  spentSecrets: 365,
  /** Addresses, from their removal. Notices of a recovery go to those of the last 180 days. */
  removedAddresses: 400,
  /** Who the claimant of a recovery case was and what was written in it, from its end. */
  endedCases: 400,
  /** What somebody of the desk was writing and did not send. */
  deskDrafts: 7,
  /** What the desk did to several cases at once, so that it could be taken back. */
  batches: 30,
  /** Registrations of which no address was ever confirmed, from the last use. The name is free again. */
  abandonedRegistrations: 30,
} as const;

/** How long after it was asked for an account is deleted, in days. */
export const DELETION_DAYS = 7;
/** Addresses removed this recently are told of a deletion too: the thief's first act is to remove the owner's. */
export const FORMER_ADDRESS_DAYS = 180;

export const DAY_MS = 24 * 3600_000;

/** The moment before which something is too old. @param days one of KEEP_DAYS */
export const before = (now: Date, days: number): Date => new Date(now.getTime() - days * DAY_MS);
