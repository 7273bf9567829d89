import { z } from "zod";
import { listAddresses } from "../../../accounts/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { ok, refuse } from "../../../kernel/result.ts";
import { listSignersInReach } from "../../../registry/index.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { pinnedMoment } from "../../targets/read.ts";
import { signedThen } from "../../targets/signers.ts";
import type { Assessment, Challenge, EvidenceContext, EvidenceKind } from "../../types.ts";

const HOURS = 24;
const MOST_CHARACTERS = 64 * 1024;
const EVER = new Date(0);

/** Not the word of any other signature here: each is worth nothing for the others. */
const PURPOSE = "locksmith-recovery-sigstore";

/** The one line to sign. Pure; safe between single quotes in every shell. */
export const challengeText = (
  { caseNumber, publicUrl }: Pick<EvidenceContext, "caseNumber" | "publicUrl">,
  { value, expiresAt }: Challenge,
): string => `${PURPOSE} case ${caseNumber} at ${publicUrl.host} value ${value} until ${expiresAt.toISOString()}`;

const claim = z.strictObject({
  bundle: z
    .string("Paste the bundle.")
    .min(1, "Paste the bundle.")
    .max(MOST_CHARACTERS, "That is too long for a bundle."),
});

const observation = z.strictObject({
  outcome: z.enum(["earlier-signer", "too-young", "other-signer", "not-good", "not-offered"]),
  issuer: z.string().nullable(),
  subject: z.string().nullable(),
  project: z.string().nullable(),
  boundAt: z.iso.datetime().nullable(),
  /** The domain of an address of the account, where the signer is that address: who reads it can sign. */
  mailDomain: z.string().nullable(),
  pinnedAt: z.iso.datetime(),
  sign: z.string(),
});

type Observation = z.infer<typeof observation>;

/** How a signer stands to the files of the account's projects. */
async function compare(
  reader: Reader,
  context: EvidenceContext,
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): Promise<Observation> {
  const { sign, pinned } = await pinnedMoment(reader, context);
  const { accountId } = context;
  const all = accountId === null ? [] : await listSignersInReach(reader, accountId);
  const mine = all.filter((one) => one.issuer === issuer && one.subject === subject);
  const best = mine.find((one) => signedThen(pinned, one)) ?? mine[0];
  const addresses = accountId === null ? [] : await listAddresses(reader, accountId, EVER);
  const domain = subject.includes("@") ? subject.slice(subject.lastIndexOf("@") + 1) : null;
  const boundAt = best && (best.firstSignedAt > best.memberSince ? best.firstSignedAt : best.memberSince);
  return {
    outcome: !best ? "other-signer" : signedThen(pinned, best) ? "earlier-signer" : "too-young",
    issuer,
    subject,
    project: best?.project ?? null,
    boundAt: boundAt?.toISOString() ?? null,
    mailDomain: domain !== null && addresses.some((one) => one.domain === domain) ? domain : null,
    pinnedAt: pinned.toISOString(),
    sign: sign.act,
  };
}

const TEXT: Readonly<
  Record<Exclude<Observation["outcome"], "earlier-signer">, { readonly claimant: string; readonly reviewer: string }>
> = {
  "too-young": {
    claimant: "That signature is good, and its signer signed no earlier file of the account’s projects that counts.",
    reviewer:
      "A good signature by somebody who signed files of the account’s projects only after things were last in order.",
  },
  "other-signer": {
    claimant: "That signature is good, and its signer signed no earlier file of the account’s projects that counts.",
    reviewer: "A good signature by somebody who signed no file of the account’s projects.",
  },
  "not-good": {
    claimant: "That signature does not fit the text. Sign the newest one, exactly as it is shown.",
    reviewer: "A bundle that does not verify over the challenge, or against roots that this index trusts.",
  },
  "not-offered": {
    claimant: "This index cannot check such signatures.",
    reviewer: "No roots of sigstore are set up here.",
  },
};

/** Runs of these sign as a repository: the same root as a push there. */
const FORGES: Readonly<Record<string, string>> = {
  "https://token.actions.githubusercontent.com": "github.com",
  "https://gitlab.com": "gitlab.com",
};

/** What a signer rests on: the forge's owner for a workflow, the mailbox for an address of the account, else itself. */
function rootOf({ issuer, subject, mailDomain }: Observation): string {
  const host = FORGES[issuer ?? ""];
  const owner = /^https:\/\/[^/]+\/([^/]+)\//.exec(subject ?? "")?.[1]?.toLowerCase();
  if (host !== undefined && owner !== undefined) return `forge:${host}/${owner}`;
  if (mailDomain !== null) return `mailbox:${mailDomain}`;
  return subject === null ? "key" : `key:${subject}`;
}

function assess(seen: Observation): Assessment {
  const policyKind = "sigstore";
  const root = rootOf(seen);
  const who = seen.subject === null ? "" : ` Signer: ${seen.subject}, by ${seen.issuer ?? ""}.`;
  const pinned = ` What counts is the state of ${seen.pinnedAt.slice(0, 10)}, seven days before “${seen.sign}”.`;
  if (seen.outcome !== "earlier-signer" || seen.boundAt === null) {
    const text = TEXT[seen.outcome === "earlier-signer" ? "other-signer" : seen.outcome];
    const verdict = "inconclusive";
    return { verdict, policyKind, root, claimantText: text.claimant, reviewerText: `${text.reviewer}${who}${pinned}` };
  }
  return {
    verdict: "supports",
    policyKind,
    root,
    boundAt: new Date(seen.boundAt),
    claimantText: "Your signature is good, and earlier files of a project of the account carry the same signer.",
    reviewerText: `A good signature by who signed files of ${seen.project ?? "a project"} since ${seen.boundAt.slice(0, 10)}.${who}${pinned}`,
  };
}

const SAMPLE: Observation = {
  outcome: "earlier-signer",
  issuer: "https://login.example",
  subject: "alice@keys.example",
  project: "alpenglow",
  boundAt: "2025-02-01T08:00:00.000Z",
  mailDomain: null,
  pinnedAt: "2026-10-26T09:00:00.000Z",
  sign: "recovery/case-opened",
};

const nothing = (context: { readonly pinned: Date; readonly sign: { readonly act: string } }): Observation => ({
  ...SAMPLE,
  outcome: "not-good",
  issuer: null,
  subject: null,
  project: null,
  boundAt: null,
  pinnedAt: context.pinned.toISOString(),
  sign: context.sign.act,
});

/** A sigstore signature by who has signed published files of the account's projects (PEP 740). */
export const sigstore: EvidenceKind<{ readonly bundle: string }, Observation> = {
  id: "sigstore",
  version: 1,
  title: "A sigstore signature",
  helps: "Shows that you are who signed earlier files of one of your projects with sigstore.",
  policyKinds: ["sigstore"],
  isTold: true,
  neverContradicts: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence:
      "Run this with the login that signed your earlier files, then paste all that it prints. Your login’s name gets into sigstore’s public log, as it did then.",
    ...(context.challenge
      ? {
          command: [
            `printf '%s' '${challengeText(context, context.challenge)}' > challenge.txt`,
            "sigstore sign --bundle challenge.sigstore.json challenge.txt",
            "cat challenge.sigstore.json",
          ].join("\n"),
          otherwise: {
            summary: "With cosign",
            command: [
              `printf '%s' '${challengeText(context, context.challenge)}' > challenge.txt`,
              "cosign sign-blob --new-bundle-format --bundle challenge.sigstore.json challenge.txt",
              "cat challenge.sigstore.json",
            ].join("\n"),
          },
        }
      : {}),
    where: "On a computer with sigstore for Python or cosign, or in the workflow that signed them.",
    minutes: 10,
    proves: "That you can sign as before. The signature is of no use for anything else.",
  }),
  cannot: (facts) =>
    facts.signers === 0 ? "No file of the account’s projects was signed that way long enough ago." : null,
  observe: async (runtime, context, { bundle }) => {
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    const blank = nothing(await pinnedMoment(runtime.db, context));
    if (!runtime.sigstore) return ok({ ...blank, outcome: "not-offered" });
    const signed = Buffer.from(challengeText(context, context.challenge), "utf8");
    const checked = runtime.sigstore.checkBundle(bundle.trim(), signed);
    if (!checked.ok) return checked.refusal.code === "sigstore/malformed" ? checked : ok(blank);
    return ok(await compare(runtime.db, context, checked.value));
  },
  // The signature was over this case's challenge and is spent; what can change is what its signer means here.
  observeAgain: async (reader, context, seen) =>
    seen.outcome !== "earlier-signer" || seen.issuer === null || seen.subject === null
      ? seen
      : compare(reader, context, { issuer: seen.issuer, subject: seen.subject }),
  assess,
  samples: {
    supports: [
      { title: "a login that signed earlier files", observation: SAMPLE },
      {
        title: "one in the account's own mailbox: the mailbox's root",
        observation: { ...SAMPLE, subject: "alice@alice.example", mailDomain: "alice.example" },
      },
      {
        title: "the workflow that signed them: the forge's root",
        observation: {
          ...SAMPLE,
          issuer: "https://token.actions.githubusercontent.com",
          subject: "https://github.com/alice/alpenglow/.github/workflows/release.yml",
        },
      },
    ],
    contradicts: [],
    inconclusive: [
      { title: "who signed last week for the first time", observation: { ...SAMPLE, outcome: "too-young" } },
      {
        title: "who signed nothing here",
        observation: { ...SAMPLE, outcome: "other-signer", project: null, boundAt: null },
      },
      {
        title: "a signature over another text",
        observation: { ...SAMPLE, outcome: "not-good", issuer: null, subject: null, project: null, boundAt: null },
      },
    ],
  },
};
