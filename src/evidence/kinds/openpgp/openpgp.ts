import { z } from "zod";
import { checkOpenpgpSignature, type OpenpgpSignature, readOpenpgpSignature } from "../../../kernel/crypto/openpgp.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import { selectOpenpgpBySigner } from "../../openpgp-store.ts";
import { evidenceRefusals } from "../../refusals.ts";
import type { Assessment, BoundOpenpgpKey, EvidenceContext, EvidenceKind } from "../../types.ts";
import { challengeText, signCommand } from "./challenge-text.ts";

const HOURS = 24;
const MOST_CHARACTERS = 16 * 1024;

const claim = z.strictObject({
  signature: z
    .string("Paste the signature.")
    .min(1, "Paste the signature.")
    .max(MOST_CHARACTERS, "That is too long for a signature."),
});

const observation = z.strictObject({
  outcome: z.enum(["own-key", "removed-key", "no-longer-good", "other-account", "unknown-key", "does-not-verify"]),
  /** Of the primary key where it is known, else what the signature says of itself. */
  fingerprint: z.string(),
  algorithm: z.string().nullable(),
  boundAt: z.iso.datetime().nullable(),
  changedAt: z.iso.datetime().nullable(),
  /** When the signature says that it was made. */
  madeAt: z.iso.datetime(),
  /** What was to be signed, and the signature: with the key, enough to verify it again, with gpg too. */
  signedText: z.string(),
  signature: z.string(),
});

type Observation = z.infer<typeof observation>;
type Seen = Pick<Observation, "outcome" | "fingerprint" | "algorithm" | "boundAt" | "changedAt">;

const nothingOf = (outcome: Observation["outcome"], fingerprint: string): Seen => ({
  outcome,
  fingerprint,
  algorithm: null,
  boundAt: null,
  changedAt: null,
});

const seenOf = (outcome: Observation["outcome"], key: BoundOpenpgpKey): Seen => ({
  outcome,
  fingerprint: key.fingerprint,
  algorithm: key.algorithm,
  boundAt: outcome === "own-key" ? key.boundAt.toISOString() : null,
  changedAt: outcome === "own-key" ? (key.changedAt?.toISOString() ?? null) : null,
});

/** A signature names its key and does not carry it: only keys that are bound here can be looked at. */
async function look(
  reader: Reader,
  context: EvidenceContext,
  signature: OpenpgpSignature,
  text: string,
): Promise<Observation> {
  const known = await selectOpenpgpBySigner(reader, { fingerprint: signature.signer, id: signature.signerId });
  const mine = known.filter((key) => key.accountId === context.accountId);
  const live = mine.filter((key) => key.revokedAt === null);
  const others = known.filter((key) => key.accountId !== context.accountId && key.revokedAt === null);
  const named = signature.signer ?? signature.signerId;
  const about = { madeAt: signature.madeAt.toISOString(), signedText: text, signature: signature.armored };
  const check = (key: BoundOpenpgpKey) => checkOpenpgpSignature(signature, text, key.blob, context.now);
  let seen = nothingOf(live.length > 0 ? "does-not-verify" : "unknown-key", named);
  for (const key of live) {
    const checked = await check(key);
    if (checked.ok && checked.value) return { ...about, ...seenOf("own-key", key) };
    if (!checked.ok) seen = seenOf("no-longer-good", key);
  }
  if (live.length > 0) return { ...about, ...seen };
  const [removed] = mine;
  if (removed) return { ...about, ...seenOf("removed-key", removed) };
  for (const key of others) {
    const checked = await check(key);
    if (checked.ok && checked.value) return { ...about, ...seenOf("other-account", key) };
  }
  return { ...about, ...seen };
}

/** One answer for all that does not count: a forged signature must not tell which keys an account has. */
const DOES_NOT_COUNT =
  "That signature does not count. It must be made with an OpenPGP key that was added to the account before and has not expired, over exactly the text shown here.";

const REVIEWER_TEXT: Readonly<Record<Exclude<Observation["outcome"], "own-key">, string>> = {
  "removed-key": "A signature that names a key that was removed from the account; it was not verified.",
  "no-longer-good": "A signature that names a key of the account that has expired since it was added.",
  "other-account": "A good signature by a key that is bound to another account only. Whose it is, is not told here.",
  "unknown-key": "A signature that names a key that is bound to no account; it cannot be verified.",
  "does-not-verify":
    "A signature that names a key of the account and does not fit the text of the challenge: another text was signed, an older challenge, or it is forged.",
};

function assess(seen: Observation): Assessment {
  const keyName = `${seen.algorithm ?? "a key"} ${seen.fingerprint}`;
  if (seen.outcome !== "own-key" || seen.boundAt === null) {
    const outcome = seen.outcome === "own-key" ? "unknown-key" : seen.outcome;
    return {
      verdict: outcome === "other-account" ? "contradicts" : "inconclusive",
      policyKind: "openpgp",
      root: "key",
      claimantText: DOES_NOT_COUNT,
      reviewerText: `${REVIEWER_TEXT[outcome]} Key: ${keyName}.`,
    };
  }
  const renewed = seen.changedAt === null ? "" : ` A newer export of it was pasted on ${seen.changedAt.slice(0, 10)}.`;
  return {
    verdict: "supports",
    policyKind: "openpgp",
    root: `key:${seen.fingerprint}`,
    boundAt: new Date(seen.boundAt),
    ...(seen.changedAt === null ? {} : { changedAt: new Date(seen.changedAt) }),
    claimantText: "Your signature is good, and the key is one of the account’s.",
    reviewerText: `A good signature by an OpenPGP key bound on ${seen.boundAt.slice(0, 10)}: ${keyName}.${renewed}`,
  };
}

const SAMPLE: Observation = {
  outcome: "own-key",
  fingerprint: "5B8A3C1E9F0D7B6A4E2C1D0F8B7A6C5D4E3F2A1B",
  algorithm: "ed25519",
  boundAt: "2025-02-01T08:00:00.000Z",
  changedAt: null,
  madeAt: "2026-11-02T09:58:00.000Z",
  signedText: "locksmith-recovery-openpgp case LK-4F7Q-9KMT",
  signature: "-----BEGIN PGP SIGNED MESSAGE-----",
};
const without = (outcome: Observation["outcome"]): Observation => ({ ...SAMPLE, outcome, boundAt: null });

/** A signature by an OpenPGP key that was bound to the account before. */
export const openpgp: EvidenceKind<{ readonly signature: string }, Observation> = {
  id: "openpgp",
  version: 1,
  title: "A signature with your OpenPGP key",
  helps: "Shows that you have the private part of an OpenPGP key that you added to the account earlier.",
  policyKinds: ["openpgp"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence:
      "Run this command with the key you added to the account, then paste all that it prints. Never paste the key itself.",
    ...(context.challenge ? { command: signCommand(challengeText(context, context.challenge)) } : {}),
    where:
      "On a computer that has the key, with GnuPG 2. If you have several keys, add --local-user and the right one’s fingerprint.",
    minutes: 5,
    proves: "That you have the key. The key stays with you, and the signature is of no use for anything else.",
  }),
  cannot: (facts) => (facts.openpgpKeys > 0 ? null : "No OpenPGP key was added to the account."),
  observe: async (runtime, context, { signature }): Promise<Result<Observation>> => {
    const read = await readOpenpgpSignature(signature);
    if (!read.ok) return read;
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    return ok(await look(runtime.db, context, read.value, challengeText(context, context.challenge)));
  },
  observeAgain: async (reader, context, seen) => {
    const read = await readOpenpgpSignature(seen.signature);
    return read.ok ? look(reader, context, read.value, seen.signedText) : { ...seen, ...without("does-not-verify") };
  },
  assess,
  samples: {
    supports: [
      { title: "a key bound before", observation: SAMPLE },
      { title: "one that was renewed since", observation: { ...SAMPLE, changedAt: "2026-09-01T08:00:00.000Z" } },
    ],
    contradicts: [{ title: "a key that only another account has", observation: without("other-account") }],
    inconclusive: [
      { title: "a key that was removed", observation: without("removed-key") },
      { title: "a key that has expired", observation: without("no-longer-good") },
      { title: "a key nobody has", observation: { ...without("unknown-key"), algorithm: null } },
      { title: "another text was signed", observation: { ...without("does-not-verify"), algorithm: null } },
    ],
  },
};
