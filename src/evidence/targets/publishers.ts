import type { PublisherInReach } from "../../registry/index.ts";

/**
 * Whether a publisher counts in a case: it was registered and in use by the pinned moment, the account had its rights on
 * the project by then, and it was not removed before. What was removed since counts as it did. Pure.
 * @param pinned seven days before the first sign of trouble
 */
export const countsThen = (
  pinned: Date,
  one: Pick<PublisherInReach, "firstUsedAt" | "addedAt" | "memberSince" | "removedAt">,
): boolean =>
  one.firstUsedAt !== null &&
  one.firstUsedAt <= pinned &&
  one.addedAt <= pinned &&
  one.memberSince <= pinned &&
  (one.removedAt === null || one.removedAt > pinned);
