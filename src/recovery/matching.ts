import type { Account } from "../accounts/index.ts";

/** Typing mistakes between two names: insertions, deletions, substitutions and swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const isSame = a[i - 1] === b[j - 1];
      let best = Math.min(at(rows, i - 1, j) + 1, (row[j - 1] ?? 0) + 1, at(rows, i - 1, j - 1) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, at(rows, i - 2, j - 2) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return at(rows, a.length, b.length);
}

const at = (rows: readonly (readonly number[])[], i: number, j: number): number => rows[i]?.[j] ?? 0;

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
  if (byName?.id === byMailbox.id) return byMailbox;
  const isNearlyRight = editDistance(bare(claimedName), bare(byMailbox.username)) <= MOST_TYPING_MISTAKES;
  if (isNearlyRight) return byMailbox;
  return byName;
}
