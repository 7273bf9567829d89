import { z } from "zod";
import { parseSshPublicKey, type SshPublicKey, verifySshSignature } from "../../../kernel/crypto/sshsig.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import { evidenceRefusals } from "../../refusals.ts";
import { selectPinsOf } from "../../forge/store.ts";
import { selectKeysByFingerprint } from "../../store.ts";
import type { Assessment, EvidenceContext, EvidenceKind } from "../../types.ts";
import { challengeText, NAMESPACE, signCommands } from "./challenge-text.ts";
import { readSigner } from "./signer.ts";

const HOURS = 24;
const VANISHED_LATELY_MS = 7 * 24 * 3600_000;
const MOST_CHARACTERS = 16 * 1024;

const claim = z.strictObject({
  signature: z
    .string("Paste the signature.")
    .min(1, "Paste the signature.")
    .max(MOST_CHARACTERS, "That is too long for a signature."),
});

const observation = z.strictObject({
  outcome: z.enum(["own-key", "forge-key", "revoked-key", "other-account", "unknown-key", "does-not-verify"]),
  /** `SHA256:…` */
  fingerprint: z.string(),
  keyType: z.string(),
  isHardware: z.boolean(),
  /** Hardware keys: whether somebody touched the key for this signature. */
  isTouched: z.boolean(),
  boundAt: z.iso.datetime().nullable(),
  /** `host/name` of the forge account whose public list the key is pinned from; null for a key registered here. */
  forge: z.string().nullable().default(null),
  /** The public key, what was signed, and the signature: enough to verify it again, with ssh-keygen too. */
  publicKey: z.string(),
  signedText: z.string(),
  signature: z.string(),
});

type Observation = z.infer<typeof observation>;

interface Signed {
  readonly signer: SshPublicKey;
  readonly text: string;
  readonly signature: string;
}

/** A shell that is not asked kindly adds a line end; with the nonce in the text that gives nothing away. */
const LINE_ENDS = ["", "\n", "\r\n"];

function verify({ signer, text, signature }: Signed): Result<{ readonly isTouched: boolean } | null> {
  for (const end of LINE_ENDS) {
    const checked = verifySshSignature({ armored: signature, message: text + end, namespace: NAMESPACE, key: signer });
    if (checked.ok) return ok({ isTouched: checked.value.userPresence === true });
    if (checked.refusal.code !== "sshsig/bad-signature") return checked;
  }
  return ok(null);
}

async function outcomeOf(
  reader: Reader,
  context: EvidenceContext,
  signer: SshPublicKey,
): Promise<Pick<Observation, "outcome" | "boundAt" | "forge">> {
  const known = await selectKeysByFingerprint(reader, signer.fingerprint);
  const mine = known.filter((key) => key.accountId === context.accountId);
  const live = mine.find((key) => key.revokedAt === null);
  if (live) return { outcome: "own-key", boundAt: live.boundAt.toISOString(), forge: null };
  if (mine.length > 0) return { outcome: "revoked-key", boundAt: null, forge: null };
  const pin = await pinOf(reader, context, signer.fingerprint);
  if (pin) return pin;
  const isElsewhere = known.some((key) => key.revokedAt === null);
  return { outcome: isElsewhere ? "other-account" : "unknown-key", boundAt: null, forge: null };
}

/**
 * The key on the public list of a forge account that its owner bound before. It counts since it was first seen there.
 * One that has vanished from the list lately still counts: a thief in the forge account must not take a proof away.
 */
async function pinOf(reader: Reader, { accountId, openedAt }: EvidenceContext, fingerprint: string) {
  if (accountId === null) return null;
  const lately = new Date(openedAt.getTime() - VANISHED_LATELY_MS);
  const pins = (await selectPinsOf(reader, accountId, fingerprint)).filter(
    ({ key }) => key.leakedAt === null && (key.goneAt === null || key.goneAt > lately),
  );
  const [oldest] = pins.toSorted((a, b) => a.key.firstSeenAt.getTime() - b.key.firstSeenAt.getTime());
  if (!oldest) return null;
  const { forge, key } = oldest;
  return {
    outcome: "forge-key",
    boundAt: key.firstSeenAt.toISOString(),
    forge: `${forge.host}/${forge.name.toLowerCase()}`,
  } as const;
}

const describe = ({
  signer,
  text,
  signature,
}: Signed): Omit<Observation, "outcome" | "boundAt" | "forge" | "isTouched"> => ({
  fingerprint: signer.fingerprint,
  keyType: signer.type,
  isHardware: signer.hardware,
  publicKey: `${signer.type} ${signer.blob.toString("base64")}`,
  signedText: text,
  signature,
});

async function look(reader: Reader, context: EvidenceContext, signed: Signed): Promise<Result<Observation>> {
  const verified = verify(signed);
  if (!verified.ok) return verified;
  if (!verified.value)
    return ok({ ...describe(signed), outcome: "does-not-verify", isTouched: false, boundAt: null, forge: null });
  return ok({ ...describe(signed), ...verified.value, ...(await outcomeOf(reader, context, signed.signer)) });
}

/** One answer for a key that is unknown, removed, or somebody else's. */
const DOES_NOT_COUNT = "The signature is good, but its key is not one that counts for this account. Try another key.";

const REVIEWER_TEXT: Readonly<Record<Exclude<Observation["outcome"], "own-key" | "forge-key">, string>> = {
  "revoked-key": "A good signature by a key that was removed from the account.",
  "other-account":
    "A good signature by a key that is registered on another account only. Whose it is, is not told here.",
  "unknown-key": "A good signature by a key that is registered nowhere.",
  "does-not-verify":
    "A signature that does not fit the text of the challenge: another text was signed, or an older challenge.",
};

function assess(seen: Observation): Assessment {
  const keyName = `${seen.keyType} ${seen.fingerprint}`;
  // A hardware key that was not touched is as good as a file: whoever has the machine can use it.
  const isKeptApart = seen.isHardware && seen.isTouched;
  const policyKind = isKeptApart ? "ssh-hardware-key" : "ssh-signature";
  const family = isKeptApart ? "key" : "device";
  const isKnown = seen.outcome === "own-key" || seen.outcome === "forge-key";
  if (!isKnown || seen.boundAt === null) {
    const outcome = seen.outcome === "own-key" || seen.outcome === "forge-key" ? "unknown-key" : seen.outcome;
    const verdict = outcome === "other-account" ? "contradicts" : "inconclusive";
    const claimantText =
      outcome === "does-not-verify"
        ? "That signature does not fit the text shown here. Run the first command again, exactly as it is."
        : DOES_NOT_COUNT;
    return {
      verdict,
      policyKind,
      root: family,
      claimantText,
      reviewerText: `${REVIEWER_TEXT[outcome]} Key: ${keyName}.`,
    };
  }
  const touch = seen.isHardware
    ? seen.isTouched
      ? " A hardware key, touched for it."
      : " A hardware key, but not touched for it."
    : "";
  const since = seen.boundAt.slice(0, 10);
  if (seen.forge !== null) {
    // Whoever holds the forge account can put a key on its list: what rests on it weighs no more than the forge does.
    return {
      verdict: "supports",
      policyKind,
      root: `forge:${seen.forge}`,
      boundAt: new Date(seen.boundAt),
      claimantText: "Your signature is good, and the key is on the list of a forge account that you added before.",
      reviewerText: `A good signature by a key on the public list of ${seen.forge}, first seen there on ${since}: ${keyName}.${touch}`,
    };
  }
  return {
    verdict: "supports",
    policyKind,
    root: `${family}:${seen.fingerprint}`,
    boundAt: new Date(seen.boundAt),
    claimantText: "Your signature is good, and the key is one of the account’s.",
    reviewerText: `A good signature by a key registered on ${since}: ${keyName}.${touch}`,
  };
}

const SAMPLE: Observation = {
  outcome: "own-key",
  fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrhJpVUKz0mZr5+6hT3d1a2Y",
  keyType: "ssh-ed25519",
  isHardware: false,
  isTouched: false,
  boundAt: "2025-02-01T08:00:00.000Z",
  forge: null,
  publicKey: "ssh-ed25519 AAAA",
  signedText: "locksmith-recovery case LK-4F7Q-9KMT",
  signature: "-----BEGIN SSH SIGNATURE-----",
};
const PINNED: Observation = { ...SAMPLE, outcome: "forge-key", forge: "forge.example/alice" };
const TOUCHED = { keyType: "sk-ssh-ed25519@openssh.com", isHardware: true, isTouched: true };
const HARDWARE: Observation = { ...SAMPLE, ...TOUCHED };

/** A signature by an SSH key that was registered before, or is pinned from the list of a forge account bound before. */
export const sshSignature: EvidenceKind<{ readonly signature: string }, Observation> = {
  id: "ssh-signature",
  version: 2,
  title: "A signature with your SSH key",
  helps:
    "Shows that you have the private part of an SSH key that you registered on the account earlier, or that your forge lists.",
  policyKinds: ["ssh-signature", "ssh-hardware-key"],
  isTold: true,
  claim,
  observation,
  retainDays: 365,
  validForDays: 30,
  triesPerCase: 10,
  challengeHours: HOURS,
  instructions: (context) => ({
    sentence:
      "Run these commands with the key you registered, then paste what the last one prints. Never paste the key itself.",
    ...(context.challenge ? { command: signCommands(challengeText(context, context.challenge)) } : {}),
    where: "On a computer that has the key, with OpenSSH 8.1 or newer. Change the path if your key has another name.",
    minutes: 5,
    proves: "That you have the key. The key stays with you, and the signature is of no use for anything else.",
  }),
  cannot: (facts) =>
    facts.signingKeys > 0 ? null : "No SSH key was registered on the account, and no forge account that lists one.",
  observe: async (runtime, context, { signature }) => {
    const signer = readSigner(signature);
    if (!signer.ok) return signer;
    if (!context.challenge) return refuse(evidenceRefusals["no-challenge"]());
    return look(runtime.db, context, {
      signer: signer.value,
      text: challengeText(context, context.challenge),
      signature,
    });
  },
  observeAgain: async (reader, context, seen) => {
    const signer = parseSshPublicKey(seen.publicKey);
    const again = signer.ok
      ? await look(reader, context, { signer: signer.value, text: seen.signedText, signature: seen.signature })
      : signer;
    return again.ok ? again.value : { ...seen, outcome: "does-not-verify", boundAt: null, forge: null };
  },
  assess,
  samples: {
    supports: [
      { title: "a registered key file", observation: SAMPLE },
      { title: "a registered hardware key, touched", observation: HARDWARE },
      { title: "a key on the list of a forge account: the forge's root", observation: PINNED },
      { title: "a hardware key on that list: the forge's root too", observation: { ...PINNED, ...TOUCHED } },
      {
        title: "a registered hardware key, not touched: the device's root",
        observation: { ...HARDWARE, isTouched: false },
      },
    ],
    contradicts: [
      {
        title: "a key that only another account has",
        observation: { ...SAMPLE, outcome: "other-account", boundAt: null },
      },
    ],
    inconclusive: [
      { title: "a key that was removed", observation: { ...SAMPLE, outcome: "revoked-key", boundAt: null } },
      { title: "a key nobody has", observation: { ...SAMPLE, outcome: "unknown-key", boundAt: null } },
      { title: "another text was signed", observation: { ...SAMPLE, outcome: "does-not-verify", boundAt: null } },
    ],
  },
};
