import type { Assessment, EvidenceContext } from "../../types.ts";
import type { Observation } from "./observation.ts";
import type { MailOutcome } from "./which.ts";

/* What a kept mail shows. Pure. */

const DAY_MS = 24 * 3600_000;
const day = (iso: string): string => iso.slice(0, 10);

const ALTERED =
  "The signature on that mail does not fit: the file was changed on its way, or is not the mail itself. Save it once more as it is, best in another program or on the website of the provider.";

/** One answer for all that does not count: a mail must not tell which addresses an account has. */
const DOES_NOT_COUNT =
  "That mail does not count. It must be one that we sent to an address of this account, at least a week before anything went wrong.";

const REVIEWER_TEXT: Readonly<Record<Exclude<MailOutcome, "own">, string>> = {
  "too-new":
    "It went to an address of the account, but it or the address is younger than seven days before the first sign of trouble.",
  "other-account": "It was sent about another account. Whose, is not told here.",
  "no-such-address": "The account had no confirmed address like the one it went to when it was sent.",
  "not-sent-by-us": "The signature is good, and our log knows no such mail to that addressee on that day.",
  "used-elsewhere": "The same mail was shown in a case about another account. Please look at both.",
  "key-not-of-its-time": "It is dated to a time at which its key was not in use, or the key was taken away since.",
  "does-not-verify":
    "It names a key of ours and was altered, by a mail program or by hand. Nothing it says was looked up.",
};

const age = (from: string, to: Date): string => {
  const days = Math.max(0, Math.floor((to.getTime() - Date.parse(from)) / DAY_MS));
  return days === 1 ? "1 day" : `${days} days`;
};

export function assess(seen: Observation, context: EvidenceContext): Assessment {
  const what = seen.what === null ? "older than the delivery log" : `kind “${seen.what}”`;
  const facts = `Mail of ${day(seen.sentAt)}, ${age(seen.sentAt, context.openedAt)} before the case, ${what}, to an address at ${seen.domain}, signed with ${seen.key.selector} of ${seen.key.domain} (${seen.key.algorithm}).`;
  if (seen.outcome === "does-not-verify") {
    return {
      verdict: "inconclusive",
      policyKind: "registry-mail",
      root: "mailbox",
      claimantText: ALTERED,
      reviewerText: `${REVIEWER_TEXT[seen.outcome]} It names the key ${seen.key.selector} of ${seen.key.domain}.`,
    };
  }
  if (seen.outcome !== "own" || seen.verifiedAt === null) {
    const outcome = seen.outcome === "own" ? "no-such-address" : seen.outcome;
    return {
      verdict: outcome === "other-account" ? "contradicts" : "inconclusive",
      policyKind: "registry-mail",
      root: "mailbox",
      claimantText: DOES_NOT_COUNT,
      reviewerText: `${REVIEWER_TEXT[outcome]} ${facts}`,
    };
  }
  const boundAt = Math.max(Date.parse(seen.sentAt), Date.parse(seen.verifiedAt));
  return {
    verdict: "supports",
    policyKind: "registry-mail",
    root: `mailbox:${seen.domain}`,
    boundAt: new Date(boundAt),
    claimantText: "That mail is one of ours, unchanged, and it went to a mailbox of the account.",
    reviewerText: `${facts} The address was the account’s then. It shows an old copy of that mailbox, not that it can be read today.`,
  };
}
