import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Outside } from "../../../kernel/net/outside.ts";
import type { TxtAnswer } from "../../../kernel/net/txt-records.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { RECORD_PREFIX, recordName } from "../../targets/challenge-words.ts";
import { domainOf, isOver, registrableDomain, siteOf } from "../../targets/places.ts";
import { type PinnedTargets, pinnedTargets } from "../../targets/read.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const HOURS = 72; // name servers take their time
const MOST_KEPT = 5;

const claim = z.strictObject({
  domain: z
    .string("Enter the domain.")
    .max(300, "That is too long for a domain.")
    .refine((text) => domainOf(text) !== null, "That does not read as a domain. It should look like example.org.")
    .transform((text) => domainOf(text) ?? ""),
});

const observation = z.strictObject({
  outcome: z.enum(["found", "other-value", "no-record", "failed", "not-a-target", "too-young", "taken-away"]),
  domain: z.string(),
  /** What makes it a place of the account's: an address of theirs, or a project's link. */
  because: z.string().nullable(),
  boundAt: z.iso.datetime().nullable(),
  /** The moment whose state counts, and the first sign of trouble that it comes from. */
  pinnedAt: z.iso.datetime(),
  sign: z.string(),
  /** What was looked for. */
  value: z.string(),
  /** Records there that look like a challenge; at most 5. */
  records: z.array(z.string()),
  /** How many TXT records there were. */
  count: z.number(),
  /** Names that CNAMEs led through. */
  via: z.array(z.string()),
  /** Of a failure: no answer in time, an error, or a chain of names without end. */
  problem: z.enum(["timeout", "server", "chain", "not-set-up"]).nullable(),
});

type Observation = z.infer<typeof observation>;
type Claim = z.infer<typeof claim>;

interface Place {
  readonly because: string;
  readonly counts: boolean;
  readonly boundAt: Date;
}

/** Why a domain is the account's, the oldest reason that counts first. */
function placeOf(domain: string, { links, mailDomains }: PinnedTargets): Place | null {
  const byMail = mailDomains
    .filter((one) => isOver(domain, one.domain))
    .map(({ counts, boundAt }) => ({ because: "the domain of a confirmed mail address", counts, boundAt }));
  const bySite = links.flatMap(({ url, project, counts, boundAt }) => {
    const host = siteOf(url);
    return host !== null && isOver(domain, host) ? [{ because: `linked by ${project}`, counts, boundAt }] : [];
  });
  const places = [...byMail, ...bySite].toSorted((a, b) => a.boundAt.getTime() - b.boundAt.getTime());
  return places.find(({ counts }) => counts) ?? places[0] ?? null;
}

const seenIn = (
  answer: TxtAnswer,
  value: string,
): Pick<Observation, "outcome" | "records" | "count" | "via" | "problem"> => {
  if (answer.kind === "failed") return { outcome: "failed", records: [], count: 0, via: [], problem: answer.why };
  const all = answer.kind === "records" ? answer.records : [];
  const ours = all.map((text) => text.trim()).filter((text) => text.startsWith(RECORD_PREFIX));
  const isThere = ours.includes(`${RECORD_PREFIX}${value}`);
  return {
    outcome: isThere ? "found" : ours.length > 0 ? "other-value" : "no-record",
    records: ours.slice(0, MOST_KEPT).map((text) => text.slice(0, 100)),
    count: all.length,
    via: [...answer.via],
    problem: null,
  };
};

/**
 * The DNS is asked whatever the domain, and only then is looked whether it is a place of the account's: otherwise the time
 * it takes would tell which domain somebody's mail address is in.
 */
async function look(
  reader: Reader,
  context: EvidenceContext,
  { domain, value }: { readonly domain: string; readonly value: string },
  outside: Outside | undefined,
): Promise<Observation> {
  const answer = await outside?.askTxt(recordName(domain));
  const targets = await pinnedTargets(reader, context);
  const place = placeOf(domain, targets);
  const seen: Observation = {
    ...(answer ? seenIn(answer, value) : { outcome: "failed", records: [], count: 0, via: [], problem: "not-set-up" }),
    domain,
    because: place?.because ?? null,
    boundAt: place?.boundAt.toISOString() ?? null,
    pinnedAt: targets.pinned.toISOString(),
    sign: targets.sign.act,
    value,
  };
  if (seen.outcome !== "found" && seen.outcome !== "other-value") return seen;
  return place?.counts ? seen : { ...seen, outcome: place ? "too-young" : "not-a-target" };
}

/** One answer for a domain that is not the account's, and for one that became it too late. */
const DOES_NOT_COUNT = "The record is there, but that domain is not one that counts for this account.";

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "found">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "other-value": {
    claimant: "There is such a record, but it says something else. Copy its value again, exactly as it is shown.",
    reviewer: "The domain carries the record of another challenge, and not the one of this case.",
  },
  "no-record": {
    claimant: "The record is not there yet. It can take an hour until name servers show a new one; then try again.",
    reviewer: "The domain has no record for the challenge.",
  },
  failed: {
    claimant: "The name servers of that domain gave no answer that can be used. Try again later.",
    reviewer: "The name servers gave no answer that can be used.",
  },
  "not-a-target": {
    claimant: DOES_NOT_COUNT,
    reviewer: "The record is there, on a domain that has nothing to do with the account.",
  },
  "too-young": {
    claimant: DOES_NOT_COUNT,
    reviewer: "The record is there, on a domain that was not the account’s yet when things were last in order.",
  },
  "taken-away": {
    claimant:
      "The record has been taken away again. Publish it once more, and leave it there until the end of the case.",
    reviewer: "The domain carried the record when it was first looked at, and no longer does.",
  },
};

const PROBLEM: Readonly<Record<NonNullable<Observation["problem"]>, string>> = {
  timeout: "They did not answer in time.",
  server: "They answered with an error.",
  chain: "The name leads on to other names without end.",
  "not-set-up": "Nothing outside is asked here.",
};

function assess(seen: Observation): Assessment {
  const root = `zone:${registrableDomain(seen.domain)}`;
  const why =
    seen.because === null
      ? ""
      : ` It is ${seen.because}, since ${seen.boundAt?.slice(0, 10) ?? "never"}; what counts is the state of ${seen.pinnedAt.slice(0, 10)}, seven days before “${seen.sign}”.`;
  const via = seen.via.length > 0 ? ` Found by way of ${seen.via.join(", ")}.` : "";
  if (seen.outcome !== "found" || seen.boundAt === null) {
    const text = TEXT[seen.outcome === "found" ? "not-a-target" : seen.outcome];
    const problem = seen.problem === null ? "" : ` ${PROBLEM[seen.problem]}`;
    return {
      verdict: seen.outcome === "other-value" ? "contradicts" : "inconclusive",
      policyKind: "dns",
      root,
      claimantText: text.claimant,
      reviewerText: `${text.reviewer}${problem} Domain: ${seen.domain}.${why}${via}`,
    };
  }
  return {
    verdict: "supports",
    policyKind: "dns",
    root,
    boundAt: new Date(seen.boundAt),
    claimantText: "You can publish records in a domain that has long belonged to this account.",
    reviewerText: `The record of the challenge is in ${seen.domain}.${why}${via}`,
  };
}

const SAMPLE: Observation = {
  outcome: "found",
  domain: "alice.example",
  because: "the domain of a confirmed mail address",
  boundAt: "2024-03-01T08:00:00.000Z",
  pinnedAt: "2026-10-26T09:00:00.000Z",
  sign: "recovery/case-opened",
  value: "c2FtcGxlLWNoYWxsZW5nZS12YWx1ZS1vZi0zMi1ieXQ",
  records: ["locksmith-challenge=c2FtcGxlLWNoYWxsZW5nZS12YWx1ZS1vZi0zMi1ieXQ"],
  count: 1,
  via: [],
  problem: null,
};
const NOTHING: Observation = { ...SAMPLE, outcome: "no-record", records: [], count: 0 };

/** A TXT record on the domain of an address, or of a site that a project was linked to before. */
export const dns: EvidenceKind<Claim, Observation> = {
  id: "dns",
  version: 1,
  title: "A record in the DNS of your domain",
  helps:
    "Shows that you run the domain of one of your mail addresses, or of a site that your projects have long linked to.",
  policyKinds: ["dns"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: ({ challenge }) => ({
    sentence:
      "Publish this TXT record under your domain, in place of the word DOMAIN. Then enter the domain and let us look.",
    ...(challenge
      ? {
          command: `_locksmith-challenge.DOMAIN. 300 IN TXT "${RECORD_PREFIX}${challenge.value}"`,
          otherwise: {
            summary: "If your provider has a form with fields",
            command: `Type: TXT\nName: _locksmith-challenge\nValue: ${RECORD_PREFIX}${challenge.value}`,
          },
        }
      : {}),
    where: "At the company where the domain is registered, or in the zone file of your own name server.",
    minutes: 20,
    proves: "That you run the domain. Leave the record until your case is over, then delete it; it opens nothing.",
  }),
  cannot: (facts) => (facts.domains === 0 ? "No domain has belonged to the account long enough." : null),
  observe: async (runtime, context, { domain }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    return ok(await look(runtime.db, context, { domain, value: context.challenge.value }, runtime.outside));
  },
  observeAgain: async (reader, context, seen, outside) => {
    if (seen.outcome !== "found") return seen;
    if (!outside) {
      const place = placeOf(seen.domain, await pinnedTargets(reader, context));
      return place?.counts ? seen : { ...seen, outcome: place ? "too-young" : "not-a-target" };
    }
    const again = await look(reader, context, seen, outside);
    if (again.outcome === "failed") return seen;
    return again.outcome === "no-record" ? { ...seen, outcome: "taken-away" } : again;
  },
  assess,
  samples: {
    supports: [
      { title: "the domain of an address", observation: SAMPLE },
      {
        title: "a home page's, through an alias, among other records",
        observation: { ...SAMPLE, because: "linked by alpenglow", count: 12, via: ["challenges.alice.example"] },
      },
    ],
    contradicts: [
      {
        title: "the record of another challenge",
        observation: { ...SAMPLE, outcome: "other-value", records: ["locksmith-challenge=something-else"] },
      },
    ],
    inconclusive: [
      { title: "no record yet", observation: NOTHING },
      { title: "no answer in time", observation: { ...NOTHING, outcome: "failed", problem: "timeout" } },
      { title: "an alias that leads in a circle", observation: { ...NOTHING, outcome: "failed", problem: "chain" } },
      {
        title: "a domain of somebody else",
        observation: { ...SAMPLE, outcome: "not-a-target", because: null, boundAt: null },
      },
      { title: "a domain that came with a release of last week", observation: { ...SAMPLE, outcome: "too-young" } },
      { title: "taken away since", observation: { ...SAMPLE, outcome: "taken-away" } },
    ],
  },
};
