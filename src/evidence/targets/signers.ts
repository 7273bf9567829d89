import type { SignerInReach } from "../../registry/index.ts";

/**
 * Whether who signed files counts in a case: they had signed one by the pinned moment, and the account had its rights on
 * the project by then. Pure.
 * @param pinned seven days before the first sign of trouble
 */
export const signedThen = (pinned: Date, { firstSignedAt, memberSince }: SignerInReach): boolean =>
  firstSignedAt <= pinned && memberSince <= pinned;
