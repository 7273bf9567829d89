import type { Account } from "../accounts/index.ts";
import { editDistance } from "../kernel/edit-distance.ts";

const MOST_TYPING_MISTAKES = 2;
const bare = (name: string): string => name.toLowerCase().replace(/[._-]/g, "");

/**
 * Which account a case is about, once the claimant has shown which mailbox is theirs. A name that is nearly right means
 * the account of that mailbox, even if it happens to be, to the letter, somebody else's: that person is not disturbed
 * and the claimant is not told whose name it is. A name that is right without the mailbox means that account, whose
 * owner is then told on every channel.
 */
export function matchAccount(facts: {
  readonly claimedName: string;
  readonly byName: Account | null;
  readonly byMailbox: Account | null;
}): Account | null {
  const { claimedName, byName, byMailbox } = facts;
  if (!byMailbox) return byName;
  if (claimedName === "") return byMailbox; // a mail names no account: its sender's own is meant
  if (byName?.id === byMailbox.id) return byMailbox;
  const isNearlyRight = editDistance(bare(claimedName), bare(byMailbox.username)) <= MOST_TYPING_MISTAKES;
  if (isNearlyRight) return byMailbox;
  return byName;
}
