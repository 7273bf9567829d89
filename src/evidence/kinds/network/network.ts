import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import { refuse } from "../../../kernel/result.ts";
import { listSignIns } from "../../../sessions/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { networkOf } from "./prefix.ts";

const ID = "network";
const DAY_MS = 24 * 3600_000;
/** Sign-ins of the last week may be a thief's; the policy's maturity is the same. */
const MATURE_DAYS = 7;

const observation = z.strictObject({
  /** False where the case was opened from an address that is no public one. */
  isPublic: z.boolean(),
  /** Earlier sign-ins that are still on record, and how many of them came from the same network. */
  signIns: z.number().int(),
  fromHere: z.number().int(),
  since: z.iso.datetime().nullable(),
});
type Observation = z.infer<typeof observation>;

/** Where a case was opened from, held against where the account was signed in from more than a week before. */
export async function observeNetwork(reader: Reader, context: EvidenceContext, ip: string): Promise<Observation> {
  const here = networkOf(ip);
  const before = new Date(context.openedAt.getTime() - MATURE_DAYS * DAY_MS);
  const earlier = context.accountId ? await listSignIns(reader, context.accountId, before) : [];
  const same = here === null ? [] : earlier.filter((one) => networkOf(one.ip) === here);
  return {
    isPublic: here !== null,
    signIns: earlier.length,
    fromHere: same.length,
    since: same.at(-1)?.startedAt.toISOString() ?? null, // the newest come first
  };
}

const ONLY = "Countries are not looked at: this installation has no list of which network is where.";

function assess(seen: Observation): Assessment {
  const to = {
    policyKind: ID,
    root: "network",
    // One sentence whatever was found: what a network is worth would tell a thief which one to rent.
    claimantText: "We also note from which network a case is opened.",
  };
  if (!seen.isPublic) {
    const reviewerText = "The case was opened from an address that is no public one, so its network says nothing.";
    return { ...to, verdict: "inconclusive", reviewerText };
  }
  const of = `${seen.fromHere} of ${seen.signIns} earlier sign-ins on record came from the network the case was opened from`;
  if (seen.fromHere === 0 || seen.since === null)
    return { ...to, verdict: "inconclusive", reviewerText: `${of}. People travel and change providers. ${ONLY}` };
  return {
    ...to,
    verdict: "supports",
    boundAt: new Date(seen.since),
    reviewerText: `${of}, the first on ${seen.since.slice(0, 10)}. ${ONLY}`,
  };
}

/** Continuity of the network, noted once when a case finds its account. It is never asked for. */
export const network: EvidenceKind<never, Observation> = {
  id: ID,
  version: 1,
  title: "Where you connect from",
  helps: "Is noted by itself, and weighs little.",
  policyKinds: [ID],
  isTold: false,
  isNoted: true,
  neverContradicts: true,
  claim: z.never(),
  observation,
  retainDays: 90,
  validForDays: 7,
  triesPerCase: 1,
  challengeHours: null,
  instructions: () => ({
    sentence: "There is nothing to do.",
    where: "Here, on this page.",
    minutes: 1,
    proves: "Little: a network can be rented.",
  }),
  cannot: () => null,
  observe: async () => refuse(evidenceRefusals["unknown-kind"]()),
  // The address is not kept with the finding, so there is nothing to look at again.
  observeAgain: async (_reader, _context, seen) => seen,
  assess,
  samples: {
    supports: [
      {
        title: "seen before",
        observation: { isPublic: true, signIns: 12, fromHere: 9, since: "2026-08-01T08:00:00.000Z" },
      },
    ],
    contradicts: [],
    inconclusive: [
      { title: "never seen before", observation: { isPublic: true, signIns: 12, fromHere: 0, since: null } },
      { title: "a private address", observation: { isPublic: false, signIns: 12, fromHere: 0, since: null } },
    ],
  },
};
