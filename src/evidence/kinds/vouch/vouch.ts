import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import { type AccountId, isId } from "../../../kernel/ids.ts";
import { refuse } from "../../../kernel/result.ts";
import { listSharedWith } from "../../../registry/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { selectTies, SPOKE_BY, type SpokeBy } from "./store.ts";

const DAY_MS = 24 * 3600_000;
/** Shared for less than this before the case, it does not count; the policy's `maturity` says so too. */
const SHARED_DAYS = 7;
/** How far back vouches are looked at for circles. */
const CIRCLE_DAYS = 365;
/** Whoever was let in by a vouch this recently vouches for nobody: else one thief opens the door to the next. */
const SPOKEN_FOR_DAYS = 180;
/** Other accounts one person may have spoken for in a year before a person has to look. */
const MOST_OTHERS = 3;

const observation = z.strictObject({
  personId: z.string(),
  answer: z.enum(["vouched", "not-them"]),
  spokeBy: z.enum(SPOKE_BY).nullable(),
  answeredAt: z.iso.datetime(),
  /** What both share. */
  shared: z.array(z.strictObject({ id: z.string(), name: z.string(), since: z.iso.datetime() })),
  circle: z.int().nullable(),
  spokenForAt: z.iso.datetime().nullable(),
  others: z.int(),
});
type Observation = z.infer<typeof observation>;

/** What is seen when somebody answers. Reads only. */
export async function observeVouch(
  reader: Reader,
  context: EvidenceContext,
  given: {
    readonly personId: AccountId;
    readonly answer: Observation["answer"];
    readonly spokeBy: SpokeBy | null;
    readonly answeredAt: Date;
  },
): Promise<Observation> {
  const { accountId, caseId } = context;
  const { personId, answer, spokeBy, answeredAt } = given;
  const shared = accountId ? ((await listSharedWith(reader, accountId)).get(personId) ?? []) : [];
  const since = new Date(context.openedAt.getTime() - CIRCLE_DAYS * DAY_MS);
  const ties = accountId
    ? await selectTies(reader, { accountId, personId, caseId }, since)
    : { circle: null, spokenForAt: null, others: 0 };
  return {
    personId,
    answer,
    spokeBy,
    answeredAt: answeredAt.toISOString(),
    shared: shared.map((one) => ({ id: one.id, name: one.name, since: one.since.toISOString() })),
    circle: ties.circle,
    spokenForAt: ties.spokenForAt?.toISOString() ?? null,
    others: ties.others,
  };
}

/** Whoever asked is never told who answered, or what: it would tell a thief whom to work on. */
const CLAIMANT_TEXT =
  "Whoever can speak for you has been written to. Their answers go to the case and are not shown here.";

const day = (iso: string): string => iso.slice(0, 10);
const daysBefore = (date: Date, days: number): number => date.getTime() - days * DAY_MS;

/** Why a vouch does not count though it was given; null where it does. */
function doubt(seen: Observation, context: EvidenceContext): string | null {
  if (seen.spokeBy === null) return "They did not say that they spoke with them.";
  if (seen.circle === 1) return "Each of the two has vouched for the other within a year.";
  if (seen.circle !== null)
    return `It closes a circle: ${seen.circle} vouches within a year lead from this account to who vouches now.`;
  if (seen.spokenForAt && Date.parse(seen.spokenForAt) > daysBefore(context.openedAt, SPOKEN_FOR_DAYS))
    return `Who vouches was vouched for themselves on ${day(seen.spokenForAt)}, in a recovery of their own account.`;
  if (seen.others >= MOST_OTHERS) return `Who vouches has vouched for ${seen.others} other accounts within a year.`;
  if (seen.shared.length === 0) return "They share no project and no organisation any more.";
  return null;
}

function assess(seen: Observation, context: EvidenceContext): Assessment {
  const base = { policyKind: "vouch", root: `person:${seen.personId}`, claimantText: CLAIMANT_TEXT } as const;
  if (seen.answer === "not-them") {
    const reviewerText = "Somebody who shares projects with the account says that the claimant is not its owner.";
    return { ...base, verdict: "contradicts", reviewerText };
  }
  const doubtful = doubt(seen, context);
  if (doubtful) return { ...base, verdict: "inconclusive", reviewerText: `A vouch that does not count. ${doubtful}` };
  const before = daysBefore(context.openedAt, SHARED_DAYS);
  const settled = seen.shared.filter(({ since }) => Date.parse(since) <= before);
  const young = seen.shared.length - settled.length;
  if (settled.length === 0) {
    const reviewerText = `A vouch that does not count: what both share, they have shared for less than ${SHARED_DAYS} days before the case.`;
    return { ...base, verdict: "inconclusive", reviewerText };
  }
  const names = settled.slice(0, 5).map(({ name, since }) => `${name} since ${day(since)}`);
  const more = settled.length > names.length ? ` and ${settled.length - names.length} more` : "";
  const tooYoung = young > 0 ? ` ${young} more shared too lately to count.` : "";
  return {
    ...base,
    verdict: "supports",
    boundAt: new Date(Math.max(...settled.map(({ since }) => Date.parse(since)))),
    limitedTo: settled.map(({ id }) => id),
    reviewerText: `Vouched for by somebody who shares ${names.join(", ")}${more}; spoke with them ${HOW[seen.spokeBy ?? "in-person"]}. It speaks for nothing else.${tooYoung}`,
  };
}

const HOW: Readonly<Record<SpokeBy, string>> = {
  "in-person": "in person",
  video: "by video",
  telephone: "by telephone",
};

const SAMPLE: Observation = {
  personId: "acc_00000000000000000000000002",
  answer: "vouched",
  spokeBy: "telephone",
  answeredAt: "2026-11-02T09:40:00.000Z",
  shared: [{ id: "prj_00000000000000000000000001", name: "alpenglow", since: "2024-03-01T08:00:00.000Z" }],
  circle: null,
  spokenForAt: null,
  others: 0,
};
const YOUNG = { id: "prj_00000000000000000000000002", name: "bedrock", since: "2026-10-30T08:00:00.000Z" };

/** A co-owner or organisation owner says, with their own second factor, that the claimant is who they say. */
export const vouch: EvidenceKind<never, Observation> = {
  id: "vouch",
  version: 1,
  title: "Somebody you share a project with",
  helps: "A co-owner, or an owner of your organisation, can say that it is really you, for what the two of you share.",
  policyKinds: ["vouch"],
  isTold: false,
  // Nothing that a claimant sends is a vouch: whoever is asked answers in their own account.
  claim: z.never("Somebody else answers this one, in their own account."),
  observation,
  retainDays: 180,
  validForDays: 60,
  triesPerCase: 3,
  challengeHours: null,
  instructions: () => ({
    sentence:
      "Name somebody who owns a project or an organisation together with you, or let us choose; then call them, so that they know it is you.",
    where: "Here, and on the telephone. They answer in their own account; this page stays the same whoever you name.",
    minutes: 5,
    proves:
      "That somebody who knows you has spoken with you. It counts for what you share with them and for nothing else.",
  }),
  cannot: (facts) => (facts.sharers === 0 ? "Nobody else owns anything that you share." : null),
  observe: async () => refuse(evidenceRefusals["not-now"]()),
  observeAgain: async (reader, context, seen) =>
    isId("acc", seen.personId)
      ? observeVouch(reader, context, {
          personId: seen.personId,
          answer: seen.answer,
          spokeBy: seen.spokeBy,
          answeredAt: new Date(seen.answeredAt),
        })
      : seen,
  assess,
  samples: {
    supports: [
      { title: "a co-owner for years", observation: SAMPLE },
      {
        title: "one project for years, one for three days",
        observation: { ...SAMPLE, shared: [...SAMPLE.shared, YOUNG] },
      },
      { title: "vouched for long ago", observation: { ...SAMPLE, spokenForAt: "2026-01-10T08:00:00.000Z" } },
    ],
    contradicts: [
      { title: "this is not them", observation: { ...SAMPLE, answer: "not-them", spokeBy: null } },
      {
        title: "not them, by a co-owner of three days",
        observation: { ...SAMPLE, answer: "not-them", shared: [YOUNG] },
      },
    ],
    inconclusive: [
      { title: "a co-owner of three days", observation: { ...SAMPLE, shared: [YOUNG] } },
      { title: "no longer shares anything", observation: { ...SAMPLE, shared: [] } },
      { title: "each vouched for the other", observation: { ...SAMPLE, circle: 1 } },
      { title: "a circle of three", observation: { ...SAMPLE, circle: 2 } },
      { title: "was vouched for last month", observation: { ...SAMPLE, spokenForAt: "2026-10-01T08:00:00.000Z" } },
      { title: "vouches for everybody", observation: { ...SAMPLE, others: 3 } },
      { title: "never spoke with them", observation: { ...SAMPLE, spokeBy: null } },
    ],
  },
};
