import { z } from "zod";
import type { Reader } from "../../../kernel/db/database.ts";
import type { AccountId } from "../../../kernel/ids.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { findDevice, listDevices } from "../../../sessions/index.ts";
import { spendChallenge } from "../../challenge.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { numbersOf } from "./numbers.ts";

export const ID = "live-session";
/** Long enough to fetch a laptop from the next room. */
export const NUMBER_MINUTES = 10;

/** Put together by the server from a session that is signed in; nothing of it but the number is the sender's to choose. */
const claim = z.strictObject({
  /** The question that was on the page; a newer one is another question. */
  challengeId: z.string(),
  picked: z.number("Please choose one of the numbers.").int(),
  sessionId: z.string(),
  startedAt: z.date(),
  /** The browser the session was begun in, and the browser that answers now. */
  deviceId: z.string().nullable(),
  deviceToken: z.string().max(64).optional(),
});
export type NumberClaim = z.infer<typeof claim>;

const observation = z.strictObject({
  answer: z.enum(["right", "wrong", "not-me"]),
  sessionId: z.string(),
  startedAt: z.iso.datetime(),
  /** The browser, where the answer came from the very one that the session was begun in. */
  deviceId: z.string().nullable(),
  /** Since when the account is signed in to there. */
  deviceSince: z.iso.datetime().nullable(),
});
export type Observation = z.infer<typeof observation>;

function assess(seen: Observation, context: EvidenceContext): Assessment {
  const root = `device:${seen.sessionId}`;
  const to = { policyKind: ID, root };
  if (seen.answer === "not-me") {
    return {
      ...to,
      verdict: "contradicts",
      claimantText: "Somebody who is signed in to the account says that this is not them.",
      reviewerText: `In a session begun on ${seen.startedAt.slice(0, 10)} somebody said “It is not me”.`,
    };
  }
  if (seen.answer === "wrong") {
    return {
      ...to,
      verdict: "contradicts",
      claimantText: "A wrong number was chosen there. Ask for a new one, and take your time.",
      reviewerText: "Somebody signed in said that it is them, and chose a number that was not on the case page.",
    };
  }
  if (seen.deviceId === null || seen.deviceSince === null) {
    return {
      ...to,
      verdict: "inconclusive",
      claimantText: "The number was right, but we do not know that browser from before, so it does not count.",
      reviewerText:
        "The right number was chosen in a session whose browser is not known, or is another than at its start.",
    };
  }
  if (new Date(seen.startedAt) >= context.openedAt) {
    return {
      ...to,
      verdict: "inconclusive",
      claimantText: "The number was right, but that browser was signed in only after this case was opened.",
      reviewerText: "The right number was chosen in a session that was begun after the case was opened.",
    };
  }
  return {
    ...to,
    verdict: "supports",
    // A session lasts a day at most, so what must be old is the browser that it sits in.
    boundAt: new Date(seen.deviceSince),
    claimantText: "The right number was chosen on a device that is still signed in.",
    reviewerText: `The right number was chosen in a session begun on ${seen.startedAt.slice(0, 10)}, in a browser that the account is signed in with since ${seen.deviceSince.slice(0, 10)}.`,
  };
}

const SAMPLE: Observation = {
  answer: "right",
  sessionId: "ses_00000000000000000000000001",
  startedAt: "2026-11-02T07:00:00.000Z",
  deviceId: "dev_00000000000000000000000001",
  deviceSince: "2026-03-01T08:00:00.000Z",
};

/** Number matching: whoever is signed in to the account chooses the number that the claimant sees. */
export const liveSession: EvidenceKind<NumberClaim, Observation> = {
  id: ID,
  version: 1,
  title: "A device that is still signed in",
  helps: "Shows that you have a computer or phone at hand on which you are still signed in here.",
  policyKinds: [ID],
  isTold: true,
  claim,
  observation,
  retainDays: 90,
  validForDays: 7,
  triesPerCase: 3,
  challengeHours: NUMBER_MINUTES / 60,
  instructions: ({ challenge, publicUrl }) => ({
    sentence:
      "Ask for a number here. On the device that is signed in, open “Your account”: it asks which number you see. Choose the same one.",
    ...(challenge ? { number: String(numbersOf(challenge.value).shown) } : {}),
    where: `On a device where you are signed in to ${publicUrl.host} and were before this case. Never tell the number to anybody.`,
    minutes: 2,
    proves: "That the device is with you. A wrong number counts against you, and three are all that one case allows.",
  }),
  // Whether somebody is signed in just now is told to nobody.
  cannot: () => null,
  observe: async (runtime, context, claimed) => {
    const { challenge, accountId } = context;
    if (!challenge || challenge.id !== claimed.challengeId || !accountId)
      return refuse(evidenceRefusals["no-challenge"]());
    const device = await findDevice(runtime.db, accountId, claimed.deviceToken, context.now);
    const isSame = device !== null && device.id === claimed.deviceId;
    return ok({
      answer: numbersOf(challenge.value).shown === claimed.picked ? "right" : "wrong",
      sessionId: claimed.sessionId,
      startedAt: claimed.startedAt.toISOString(),
      deviceId: isSame ? device.id : null,
      deviceSince: isSame ? device.firstSeenAt.toISOString() : null,
    });
  },
  observeAgain: async (reader, context, seen) => {
    if (seen.deviceId === null || context.accountId === null) return seen;
    // Locked meanwhile: then no browser counts any more.
    return (await isStillKnown(reader, context.accountId, seen.deviceId, context.now))
      ? seen
      : { ...seen, deviceId: null, deviceSince: null };
  },
  assess,
  // The right number is spent with its finding; any other answer uses the number up as well.
  settle: async (tx, _runtime, context, _claimed, seen) => {
    if (assess(seen, context).verdict === "supports" || !context.challenge) return ok(null);
    const spent = await spendChallenge(tx, context, ID, context.challenge);
    return spent.ok ? ok(context.challenge.id) : spent;
  },
  samples: {
    supports: [{ title: "the right number, in a browser known for months", observation: SAMPLE }],
    contradicts: [
      { title: "a wrong number", observation: { ...SAMPLE, answer: "wrong" } },
      { title: "“It is not me”", observation: { ...SAMPLE, answer: "not-me" } },
      { title: "“It is not me”, from a new browser", observation: { ...SAMPLE, answer: "not-me", deviceId: null } },
    ],
    inconclusive: [
      {
        title: "the right number, in a browser nobody knows",
        observation: { ...SAMPLE, deviceId: null, deviceSince: null },
      },
      {
        title: "the right number, in a session begun after the case",
        observation: { ...SAMPLE, startedAt: "2026-11-02T09:30:00.000Z" },
      },
    ],
  },
};

export const isStillKnown = async (
  reader: Reader,
  accountId: AccountId,
  deviceId: string,
  now: Date,
): Promise<boolean> => (await listDevices(reader, accountId, now)).some(({ id }) => id === deviceId);
