import { z } from "zod";
import { listAddresses } from "../../../accounts/index.ts";
import {
  authenticatorRefusals,
  findAuthenticator,
  findLeak,
  findPasswordFacts,
  markLeaked,
  notePasswordSuccess,
  type PasswordFacts,
  passwordFacts,
  verifyPassword,
} from "../../../authenticators/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { ok } from "../../../kernel/result.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const LONGEST_CHARACTERS = 1024;
const DAY_MS = 24 * 3600_000;
/** A password set through a mailbox this shortly before the case proves that mailbox and no more (policy, maturity). */
const MAIL_RESET_DAYS = 30;

const claim = z.strictObject({
  password: z
    .string("Please type your password.")
    .min(1, "Please type your password.")
    .max(LONGEST_CHARACTERS)
    .transform(secret),
});

const observation = z.strictObject({
  matched: z.boolean(),
  typedAt: z.enum(["sign-in", "case-page"]),
  origin: z.enum(["registration", "change", "mail-reset", "restoration", "unlock"]).nullable(),
  setAt: z.iso.datetime().nullable(),
  /** False once the password was changed after it had been typed. */
  isStillSet: z.boolean(),
  /** The domain that mail for the account goes to; a password set by mail is that mailbox's. */
  mailboxDomain: z.string().nullable(),
  /** It stands in lists of leaked passwords: others know it too. */
  isLeaked: z.boolean().default(false),
});

type Observation = z.infer<typeof observation>;

/** The password was right at sign-in a moment ago. @param mailboxDomain that of the primary address, where known */
export const passwordObservation = (
  facts: Omit<PasswordFacts, "id">,
  mailboxDomain: string | null = null,
): Observation => ({
  matched: true,
  typedAt: "sign-in",
  origin: facts.origin,
  setAt: facts.setAt.toISOString(),
  isStillSet: true,
  mailboxDomain: facts.mailboxDomain ?? mailboxDomain,
  isLeaked: facts.leakedAt !== null,
});

const primaryDomain = async (reader: Reader, context: EvidenceContext): Promise<string | null> => {
  const addresses = context.accountId ? await listAddresses(reader, context.accountId) : [];
  return (addresses.find((one) => one.isPrimary) ?? addresses[0])?.domain ?? null;
};

const INCONCLUSIVE = { verdict: "inconclusive", policyKind: "password", root: "password" } as const;

function assess(seen: Observation, context: EvidenceContext): Assessment {
  if (!seen.matched) {
    return {
      ...INCONCLUSIVE,
      verdict: "contradicts",
      claimantText: "That password is not the account’s.",
      reviewerText: "A wrong password was typed. Owners forget and mistype too, so this weighs little.",
    };
  }
  const setAt = seen.setAt === null ? null : new Date(seen.setAt);
  if (!setAt || !seen.isStillSet) {
    return {
      ...INCONCLUSIVE,
      claimantText: "The password has been changed since you typed it. Type the present one.",
      reviewerText: "The password was right when it was typed, and has been changed since.",
    };
  }
  if (seen.isLeaked) {
    return {
      ...INCONCLUSIVE,
      claimantText:
        "Your password is right, but it stands in lists of stolen passwords. Others know it too, so it does not count.",
      reviewerText: "The password was right, and stands in lists of leaked passwords: it shows nothing.",
    };
  }
  const where = seen.typedAt === "sign-in" ? "at sign-in" : "on the case page";
  const when = setAt.toISOString().slice(0, 10);
  const bound = { boundAt: setAt, changedAt: setAt };
  const isReset =
    seen.origin === "mail-reset" && setAt.getTime() > context.openedAt.getTime() - MAIL_RESET_DAYS * DAY_MS;
  if (!isReset) {
    return {
      verdict: "supports",
      policyKind: "password",
      root: "password",
      ...bound,
      claimantText: "Your password is right.",
      reviewerText: `The right password was typed ${where}. It was set on ${when} (${seen.origin ?? "origin unknown"}).`,
    };
  }
  const claimantText = "Your password is right. It was set by mail lately, so it counts as much as that mailbox does.";
  const reviewerText = `The right password was typed ${where}, but it was set by mail on ${when}: it shows control of the mailbox and no more.`;
  return seen.mailboxDomain === null
    ? { ...INCONCLUSIVE, ...bound, claimantText, reviewerText: `${reviewerText} Which mailbox is not known.` }
    : {
        verdict: "supports",
        policyKind: "password",
        root: `mailbox:${seen.mailboxDomain}`,
        ...bound,
        claimantText,
        reviewerText,
      };
}

const SAMPLE: Observation = {
  matched: true,
  typedAt: "sign-in",
  origin: "registration",
  setAt: "2025-03-01T08:00:00.000Z",
  isStillSet: true,
  mailboxDomain: "example.org",
  isLeaked: false,
};

/** The password is still known: typed at sign-in, or on the case page. */
export const password: EvidenceKind<{ readonly password: Secret<string> }, Observation> = {
  id: "password",
  version: 2,
  title: "Your password",
  helps: "Shows that you still know the password of the account.",
  policyKinds: ["password"],
  isTold: true,
  claim,
  observation,
  retainDays: 180,
  validForDays: 30,
  triesPerCase: 5,
  challengeHours: null,
  instructions: (context) => ({
    sentence: "Type the password of the account.",
    where: `Here, on this page. The address bar must say ${context.publicUrl.host}.`,
    minutes: 1,
    proves: "That you know the password. A wrong one weighs a little against you, so do not guess.",
  }),
  cannot: (facts) => (facts.hasPassword ? null : "The account has no password at the moment."),
  observe: async (runtime, context, claimed) => {
    const verified = await verifyPassword(runtime, context.accountId, claimed.password, context.now);
    if (!verified.ok && verified.refusal.code !== authenticatorRefusals.wrong().code) return verified;
    const facts = verified.ok ? passwordFacts(verified.value) : null;
    const leak = verified.ok ? await findLeak(runtime, verified.value, claimed.password) : null;
    return ok({
      matched: verified.ok,
      typedAt: "case-page",
      origin: facts?.origin ?? null,
      setAt: facts?.setAt.toISOString() ?? null,
      isStillSet: verified.ok,
      mailboxDomain: facts?.mailboxDomain ?? (await primaryDomain(runtime.db, context)),
      isLeaked: leak !== null,
    });
  },
  observeAgain: async (reader, context, seen) => {
    const facts = context.accountId ? await findPasswordFacts(reader, context.accountId) : null;
    const isStillSet = seen.matched && facts?.setAt.toISOString() === seen.setAt;
    const isLeaked = seen.isLeaked || (isStillSet && facts?.leakedAt != null);
    return {
      ...seen,
      isStillSet,
      isLeaked,
      mailboxDomain: seen.mailboxDomain ?? (await primaryDomain(reader, context)),
    };
  },
  assess,
  settle: async (tx, _runtime, context, _claimed, seen) => {
    const authenticator =
      seen.matched && context.accountId ? await findAuthenticator(tx, context.accountId, "password") : null;
    if (authenticator) await notePasswordSuccess(tx, authenticator, null);
    if (authenticator && seen.isLeaked) await markLeaked(tx, authenticator.id);
    return ok(null);
  },
  samples: {
    supports: [
      { title: "typed at sign-in, set long ago", observation: SAMPLE },
      {
        title: "set by mail more than 30 days before",
        observation: { ...SAMPLE, origin: "mail-reset", setAt: "2026-09-01T08:00:00.000Z" },
      },
      {
        title: "set by mail last week: the mailbox's root",
        observation: { ...SAMPLE, origin: "mail-reset", setAt: "2026-10-27T08:00:00.000Z" },
      },
    ],
    contradicts: [
      {
        title: "wrong",
        observation: { ...SAMPLE, typedAt: "case-page", matched: false, origin: null, setAt: null, isStillSet: false },
      },
    ],
    inconclusive: [
      { title: "in a list of leaked passwords", observation: { ...SAMPLE, isLeaked: true } },
      { title: "changed after it was typed", observation: { ...SAMPLE, isStillSet: false } },
      {
        title: "set by mail last week, mailbox unknown",
        observation: { ...SAMPLE, origin: "mail-reset", setAt: "2026-10-27T08:00:00.000Z", mailboxDomain: null },
      },
    ],
  },
};
