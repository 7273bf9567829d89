import { z } from "zod";
import { isId } from "../../../kernel/ids.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { authenticateApiToken, holdApiToken, listApiTokens } from "../../../registry/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";

const HOURS = 24;
const LONGEST_CHARACTERS = 1024;

const claim = z.strictObject({ token: z.string("An API token is needed.").max(LONGEST_CHARACTERS).transform(secret) });

const observation = z.strictObject({
  outcome: z.enum(["own", "other-account", "unknown", "revoked", "expired", "held"]),
  /** Never the token itself. For a token of another account: its id, and not whose it is. */
  tokenId: z.string().nullable(),
  name: z.string().nullable(),
  createdAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  isLimitedToProjects: z.boolean().nullable(),
});

type Observation = z.infer<typeof observation>;

const nothingOf = (outcome: Observation["outcome"]): Observation => ({
  outcome,
  tokenId: null,
  name: null,
  createdAt: null,
  lastUsedAt: null,
  isLimitedToProjects: null,
});

/** What the registry says to a token that cannot be used. Shape and checksum are the claimant's to mend: refused. */
const OUTCOMES: Readonly<Record<string, Observation["outcome"]>> = {
  "registry/bad-token": "unknown",
  "registry/token-revoked": "revoked",
  "registry/token-expired": "expired",
  "registry/token-held": "held",
};

/** One answer for an unknown token and for somebody else's. */
const DOES_NOT_COUNT = "That token does not count for this account.";

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "own">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "other-account": {
    claimant: DOES_NOT_COUNT,
    reviewer: "A live API token of another account was presented. Whose it is, is not told here.",
  },
  unknown: {
    claimant: DOES_NOT_COUNT,
    reviewer: "A well-formed API token was presented that this index does not know.",
  },
  revoked: {
    claimant: "That token has been revoked, so it does not count.",
    reviewer: "A revoked API token was presented; of which account is not looked at.",
  },
  expired: {
    claimant: "That token has expired, so it does not count.",
    reviewer: "An expired API token was presented; of which account is not looked at.",
  },
  held: {
    claimant: "That token is on hold. If you have shown it in this case already, it has been counted then.",
    reviewer: "An API token on hold was presented, perhaps for the second time.",
  },
};

function assess(seen: Observation): Assessment {
  if (seen.outcome !== "own" || seen.tokenId === null || seen.createdAt === null) {
    const text = TEXT[seen.outcome === "own" ? "unknown" : seen.outcome];
    const verdict = seen.outcome === "other-account" ? "contradicts" : "inconclusive";
    return {
      verdict,
      policyKind: "api-token",
      root: "token",
      claimantText: text.claimant,
      reviewerText: text.reviewer,
    };
  }
  const used = seen.lastUsedAt === null ? "never used" : `last used on ${seen.lastUsedAt.slice(0, 10)}`;
  const reach = seen.isLimitedToProjects ? "limited to some projects" : "for the whole account";
  return {
    verdict: "supports",
    policyKind: "api-token",
    root: `token:${seen.tokenId}`,
    boundAt: new Date(seen.createdAt),
    claimantText: "You have an API token of the account. From now on it cannot be used for anything else.",
    reviewerText: `A live API token of the account was presented: made on ${seen.createdAt.slice(0, 10)}, ${used}, ${reach}. It is held now.`,
  };
}

export const proofPath = (challenge: string): string => `/recovery/proof/api-token/${challenge}`;

function command(context: EvidenceContext): { readonly command?: string } {
  if (!context.challenge) return {};
  const url = new URL(proofPath(context.challenge.value), context.publicUrl).href; // base64url and a host: nothing to quote
  // One line: of several pasted lines, the second would be read as the token.
  return { command: `printf 'Token: ' && read -rs TOKEN && curl -u "__token__:$TOKEN" -X POST '${url}'` };
}

const SAMPLE: Observation = {
  outcome: "own",
  tokenId: "tok_00000000000000000000000001",
  name: "laptop",
  createdAt: "2025-05-01T08:00:00.000Z",
  lastUsedAt: "2026-10-20T08:00:00.000Z",
  isLimitedToProjects: false,
};

/** The claimant presents an API token of the account at a challenge URL; the token is then held. */
export const apiToken: EvidenceKind<{ readonly token: Secret<string> }, Observation> = {
  id: "api-token",
  version: 1,
  title: "An API token",
  helps: "Shows that you have an upload token of the account, for example in ~/.pypirc or in a CI setting.",
  policyKinds: ["api-token"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence: "Copy this command, run it, and paste the token when it asks. Never paste a token into a page or a mail.",
    ...command(context),
    where: `On a computer that has the token and curl. The address in the command must begin with ${context.publicUrl.origin}/.`,
    minutes: 5,
    proves: "That you have the token. It is put on hold by this, so nobody can publish with it any more.",
  }),
  cannot: (facts) => (facts.usableTokens > 0 ? null : "The account has no API token that still works."),
  observe: async (runtime, context, { token }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    const found = await authenticateApiToken(runtime.db, token.reveal(), context.now);
    if (!found.ok) {
      const outcome = OUTCOMES[found.refusal.code];
      return outcome ? ok(nothingOf(outcome)) : found;
    }
    const { token: record } = found.value;
    if (record.accountId !== context.accountId) return ok({ ...nothingOf("other-account"), tokenId: record.id });
    return ok({
      outcome: "own",
      tokenId: record.id,
      name: record.name,
      createdAt: record.createdAt.toISOString(),
      lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
      isLimitedToProjects: record.projects !== null,
    });
  },
  observeAgain: async (reader, context, seen) => {
    if (seen.outcome !== "own" || context.accountId === null) return seen;
    const record = (await listApiTokens(reader, context.accountId)).find((one) => one.id === seen.tokenId);
    if (!record) return { ...seen, outcome: "unknown" };
    if (record.revoked) return { ...seen, outcome: "revoked" };
    // That it is on hold is our own doing.
    return { ...seen, outcome: record.expiresAt && record.expiresAt <= context.now ? "expired" : "own" };
  },
  assess,
  settle: async (tx, runtime, context, _claimed, seen) => {
    if (seen.outcome !== "own" || context.accountId === null || seen.tokenId === null || !isId("tok", seen.tokenId))
      return ok(null);
    const held = await holdApiToken(tx, runtime.random, {
      id: seen.tokenId,
      accountId: context.accountId,
      because: `shown as proof in case ${context.caseNumber}`,
      actor: { kind: "claimant", id: context.caseId },
    });
    return held.ok ? ok(null) : held;
  },
  samples: {
    supports: [
      { title: "a live token of the account", observation: SAMPLE },
      {
        title: "one that was never used, for some projects",
        observation: { ...SAMPLE, lastUsedAt: null, isLimitedToProjects: true },
      },
    ],
    contradicts: [
      {
        title: "a token of another account",
        observation: { ...nothingOf("other-account"), tokenId: "tok_00000000000000000000000002" },
      },
    ],
    inconclusive: [
      { title: "a token that nobody has", observation: nothingOf("unknown") },
      { title: "a revoked token", observation: { ...SAMPLE, outcome: "revoked" } },
      { title: "an expired token", observation: nothingOf("expired") },
      { title: "a token on hold", observation: nothingOf("held") },
    ],
  },
};
