import { z } from "zod";
import { findSavedCode, findSavedCodeById, readRecoveryCode, type SavedCode } from "../../../authenticators/index.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const ID = "saved-code";
const LONGEST_CHARACTERS = 128;

interface Claim {
  readonly code: Secret<string>;
  /** They say that an unused code does not get them in: neither the password nor the mailbox is theirs any more. */
  readonly cannotSignIn: boolean;
}

const claim = z.strictObject({
  code: z
    .string("Please type a code.")
    .max(LONGEST_CHARACTERS, "That is longer than a recovery code.")
    .transform((typed, context) => {
      const read = readRecoveryCode(typed);
      if (read.ok) return secret(read.value);
      context.addIssue({ code: "custom", message: read.refusal.title });
      return z.NEVER;
    }),
  cannotSignIn: z.boolean().default(false),
});

const observation = z.strictObject({
  outcome: z.enum(["unused", "used", "replaced", "seen-in-public", "not-of-account"]),
  /** Never the code itself. Null where it is none of the account's. */
  codeId: z.string().nullable(),
  madeAt: z.iso.datetime().nullable(),
  since: z.iso.datetime().nullable(),
});
type Observation = z.infer<typeof observation>;

const NOT_OF_ACCOUNT: Observation = { outcome: "not-of-account", codeId: null, madeAt: null, since: null };

const toObservation = (found: SavedCode | null, context: EvidenceContext): Observation =>
  found === null || found.accountId !== context.accountId
    ? NOT_OF_ACCOUNT
    : {
        outcome: found.state,
        codeId: found.id,
        madeAt: found.madeAt.toISOString(),
        since: found.since?.toISOString() ?? null,
      };

const day = (iso: string | null): string => iso?.slice(0, 10) ?? "an unknown day";

function assess(seen: Observation): Assessment {
  const to = { policyKind: ID, root: "codes" };
  // A code of another account and one that nobody has are answered alike.
  if (seen.outcome === "not-of-account" || seen.madeAt === null) {
    return {
      ...to,
      verdict: "contradicts",
      claimantText: "That code is none of this account’s.",
      reviewerText: "A well-formed recovery code was typed that is none of the account's, now or earlier.",
    };
  }
  if (seen.outcome === "seen-in-public") {
    return {
      ...to,
      verdict: "inconclusive",
      claimantText: "That code was seen in public, so anybody may have it and it does not count. Try another one.",
      reviewerText: `A code of the account was typed that was reported as seen in public on ${day(seen.since)}.`,
    };
  }
  const word = { unused: "unused", used: "used", replaced: "replaced" }[seen.outcome];
  const when = seen.since === null ? "" : ` on ${day(seen.since)}`;
  return {
    ...to,
    verdict: "supports",
    boundAt: new Date(seen.madeAt),
    claimantText: "That is a code of the account, so you have the sheet it stands on.",
    reviewerText: `A recovery code of the account was typed, made on ${day(seen.madeAt)}, ${word}${when}.${seen.outcome === "unused" ? " The claimant says that neither password nor mailbox is theirs any more, so that it does not sign them in." : ""}`,
  };
}

const SAMPLE: Observation = {
  outcome: "used",
  codeId: "one_00000000000000000000000001",
  madeAt: "2025-03-01T08:00:00.000Z",
  since: "2026-01-10T08:00:00.000Z",
};

/** A recovery code that was used or replaced still shows who has the sheet. An unused one signs in instead. */
export const savedCode: EvidenceKind<Claim, Observation> = {
  id: ID,
  version: 1,
  title: "A recovery code, even a used one",
  helps: "Shows that you have a sheet or file with recovery codes of the account, even if every code on it is used.",
  policyKinds: [ID],
  isTold: true,
  claim,
  observation,
  retainDays: 180,
  validForDays: 30,
  triesPerCase: 5,
  secretFields: ["code"],
  challengeHours: null,
  instructions: ({ publicUrl }) => ({
    sentence: "Type one code from a sheet or file of recovery codes. An unused one signs you in, and you need no case.",
    where: `Here, on this page. Codes begin with lkrc-; the file has “recovery-codes” in its name. The address bar must say ${publicUrl.host}.`,
    minutes: 2,
    proves: "That you have the sheet. It counts once, however many codes stand on it, and no code is used up by it.",
  }),
  cannot: (facts) => (facts.hasHadCodes === false ? "No recovery codes were ever made for the account." : null),
  observe: async (runtime, context, { code, cannotSignIn }) => {
    const seen = toObservation(await findSavedCode(runtime.db, runtime, code.reveal()), context);
    return seen.outcome === "unused" && !cannotSignIn ? refuse(evidenceRefusals["code-unused"]()) : ok(seen);
  },
  observeAgain: async (reader, context, seen) =>
    seen.codeId === null || context.accountId === null
      ? seen
      : toObservation(await findSavedCodeById(reader, context.accountId, seen.codeId), context),
  assess,
  samples: {
    supports: [
      { title: "a used one", observation: SAMPLE },
      { title: "one of an older set", observation: { ...SAMPLE, outcome: "replaced" } },
      {
        title: "an unused one of somebody who cannot sign in with it",
        observation: { ...SAMPLE, outcome: "unused", since: null },
      },
    ],
    contradicts: [{ title: "one that is not the account's", observation: NOT_OF_ACCOUNT }],
    inconclusive: [{ title: "one that was seen in public", observation: { ...SAMPLE, outcome: "seen-in-public" } }],
  },
};
