import { z } from "zod";
import { ok } from "../../../kernel/result.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { findDevice, listDevices } from "../../../sessions/index.ts";
import type { Assessment, EvidenceKind } from "../../types.ts";

const ID = "known-device";

/** The cookie of the browser that shows the case page; absent where it has none. Nothing in it is typed by anybody. */
const claim = z.strictObject({
  device: z
    .string()
    .max(64)
    .optional()
    .transform((token) => (token === undefined ? null : secret(token))),
});

const observation = z.strictObject({
  outcome: z.enum(["known", "none", "not-of-account"]),
  deviceId: z.string().nullable(),
  knownSince: z.iso.datetime().nullable(),
});
type Observation = z.infer<typeof observation>;

const nothingOf = (outcome: "none" | "not-of-account"): Observation => ({ outcome, deviceId: null, knownSince: null });

function assess(seen: Observation): Assessment {
  if (seen.outcome === "known" && seen.deviceId !== null && seen.knownSince !== null) {
    return {
      verdict: "supports",
      policyKind: ID,
      root: `device:${seen.deviceId}`,
      boundAt: new Date(seen.knownSince),
      claimantText: "This browser has signed in to the account before.",
      reviewerText: `The case page is open in a browser that the account is signed in with since ${seen.knownSince.slice(0, 10)}.`,
    };
  }
  // Without a cookie it is a new or a cleaned browser, as most locked-out people have.
  const isOther = seen.outcome === "not-of-account";
  return {
    verdict: isOther ? "contradicts" : "inconclusive",
    policyKind: ID,
    root: "device",
    claimantText: "We do not know this browser from earlier sign-ins to the account.",
    reviewerText: isOther
      ? "The case page is open in a browser that was signed in with here, never to this account, though the account has browsers that are known."
      : "The browser of the case page is not known.",
  };
}

const SAMPLE: Observation = {
  outcome: "known",
  deviceId: "dev_00000000000000000000000001",
  knownSince: "2026-03-01T08:00:00.000Z",
};

/** The browser of the case page carries the cookie of earlier sign-ins. */
export const knownDevice: EvidenceKind<{ readonly device: Secret<string> | null }, Observation> = {
  id: ID,
  version: 1,
  title: "A browser you have signed in with before",
  helps: "Shows that you sit at a computer or phone on which you signed in to the account before.",
  policyKinds: [ID],
  isTold: true,
  claim,
  observation,
  retainDays: 90,
  validForDays: 7,
  triesPerCase: 3,
  challengeHours: null,
  instructions: () => ({
    sentence: "Open this case page in a browser you have signed in with before, then press the button.",
    where:
      "On that computer or phone, in the same browser and profile. The link in our mail and your case code open this page there.",
    minutes: 2,
    proves: "That the device is with you, if the account was signed in to there more than seven days ago.",
  }),
  cannot: (facts) =>
    facts.knownDevices === 0 ? "No browser is known from sign-ins to the account within a year." : null,
  observe: async (runtime, context, { device }) => {
    if (device === null) return ok(nothingOf("none"));
    const { accountId, now } = context;
    const found = accountId ? await findDevice(runtime.db, accountId, device.reveal(), now) : null;
    if (found) return ok({ outcome: "known", deviceId: found.id, knownSince: found.firstSeenAt.toISOString() });
    // After a lock no browser is known, the owner's neither: then its cookie says nothing.
    const others = accountId ? await listDevices(runtime.db, accountId, now) : [];
    return ok(nothingOf(others.length > 0 ? "not-of-account" : "none"));
  },
  observeAgain: async (reader, context, seen) => {
    if (seen.deviceId === null || context.accountId === null) return seen;
    const known = await listDevices(reader, context.accountId, context.now);
    return known.some(({ id }) => id === seen.deviceId) ? seen : nothingOf("none");
  },
  assess,
  samples: {
    supports: [{ title: "known for months", observation: SAMPLE }],
    contradicts: [{ title: "known, but from other accounts alone", observation: nothingOf("not-of-account") }],
    inconclusive: [{ title: "a browser without our cookie", observation: nothingOf("none") }],
  },
};
