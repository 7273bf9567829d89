import type { Config, Key, PublicKey, Signature, SignaturePacket, Subkey } from "openpgp";
import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import { readKeyArmor, readSignatureArmor } from "./openpgp-armor.ts";
import { openpgpRefusals } from "./openpgp-refusals.ts";

export { openpgpRefusals } from "./openpgp-refusals.ts";

/*
 * OpenPGP keys and signatures (RFC 9580, and RFC 4880 as GnuPG writes it), read by OpenPGP.js within bounds of our own.
 * The moment that counts is always an argument: the library's own default is the machine's clock.
 */

export interface OpenpgpKey {
  /** Of the primary key, in capitals: the name by which people know a key. */
  readonly fingerprint: string;
  /** Fingerprints of everything in the key that may sign now, the primary key's own first if it may. */
  readonly signers: readonly string[];
  /** As their owner wrote them; personal data. */
  readonly userIds: readonly string[];
  /** In words: `ed25519` or `RSA, 3072 bits`, of the primary key. */
  readonly algorithm: string;
  readonly madeAt: Date;
  /** Null for one that does not expire by itself. */
  readonly expiresAt: Date | null;
  /** The key in binary, without what others have certified about it and without pictures. */
  readonly blob: Buffer;
}

const LEAST_RSA_BITS = 2048; // SP 800-131A Rev. 2 §3
const MOST_RSA_BITS = 16_384;
const MOST_USER_IDS = 32;
const MOST_SUBKEYS = 32;
/** Of one user id, one subkey or the key itself; each is one verification. */
const MOST_SIGNATURES = 32;
/** How far ahead the clock of somebody who signs may be. */
const MOST_AHEAD_MS = 24 * 3600_000;

/** Of the primary key; a subkey of another kind only does not sign. DSA and ElGamal have a refusal of their own. */
const SUPPORTED = /^(?:RSA, |ed25519$|ed448$|nistp(?:256|384|521)$|secp256k1$|dsa$|elgamal$)/;

/** Loaded when first needed: it costs every start 50 ms and 24 MB, and most processes never see a key. */
const load = () => import("openpgp");

type Library = Awaited<ReturnType<typeof load>>;

/** Stricter than the library's own: SHA-1 counts nowhere, not even where a key certifies itself. */
function strict({ enums, config }: Library): Config {
  const { hash, publicKey, curve } = enums;
  return {
    ...config,
    minRSABits: LEAST_RSA_BITS,
    rejectHashAlgorithms: new Set([hash.md5, hash.ripemd, hash.sha1]),
    rejectMessageHashAlgorithms: new Set([hash.md5, hash.ripemd, hash.sha1]),
    rejectPublicKeyAlgorithms: new Set([publicKey.dsa, publicKey.elgamal]),
    rejectCurves: new Set([curve.secp256k1]),
    maxUserIDLength: 1024,
    knownNotations: [],
  };
}

/**
 * Reads an armoured public key as `gpg --export --armor` prints it, as it counts at `now`. Refuses, each with its own
 * code: a private key, more than 96 KiB, several keys, damaged ones, DSA, RSA under 2048 bits, keys that vouch for
 * themselves with SHA-1, and revoked, expired or signless ones. Never throws for untrusted input.
 */
export async function readOpenpgpKey(pasted: string, now: Date): Promise<Result<OpenpgpKey>> {
  const armor = readKeyArmor(pasted);
  if (!armor.ok) return armor;
  const library = await load();
  const config = strict(library);
  const found = await attempt(() => library.readKeys({ armoredKeys: armor.value, config }));
  if (!found) return refuse(openpgpRefusals["malformed-key"]());
  const [key, another] = found;
  if (!key) return refuse(openpgpRefusals["malformed-key"]());
  if (another) return refuse(openpgpRefusals["several-keys"]());
  if (key.isPrivate()) return refuse(openpgpRefusals["private-key"]());
  const large = trim(key);
  return large ? refuse(large) : describe(library, key, now);
}

/** Reads a key that was kept (`OpenpgpKey.blob`), as it counts at `now`. Refuses one that has expired since. */
export async function openOpenpgpKey(blob: Buffer, now: Date): Promise<Result<OpenpgpKey>> {
  const library = await load();
  const key = await attempt(() => library.readKey({ binaryKey: blob, config: strict(library) }));
  return key ? describe(library, key, now) : refuse(openpgpRefusals["malformed-key"]());
}

/** What the work of reading a key depends on, bounded; and what others wrote into it, dropped. */
function trim(key: Key): Refusal | null {
  key.users = key.users.filter(({ userID }) => userID !== null);
  for (const user of key.users) user.otherCertifications = [];
  const signatures = [
    key.revocationSignatures,
    ...key.users.flatMap((user) => [user.selfCertifications, user.revocationSignatures]),
    ...key.subkeys.flatMap((subkey) => [subkey.bindingSignatures, subkey.revocationSignatures]),
  ];
  const isLarge =
    key.users.length > MOST_USER_IDS ||
    key.subkeys.length > MOST_SUBKEYS ||
    signatures.some((some) => some.length > MOST_SIGNATURES);
  return isLarge ? openpgpRefusals["too-large"]({ detail: "It has too many user ids, subkeys or signatures." }) : null;
}

async function describe(library: Library, key: Key, now: Date): Promise<Result<OpenpgpKey>> {
  const config = strict(library);
  if (!SUPPORTED.test(algorithmOf(key))) return refuse(openpgpRefusals["unsupported-key"]());
  const weak = weakness(library, key);
  if (weak) return refuse(openpgpRefusals["weak-key"]({ detail: weak }));
  const standing = await standingOf(key, now, config);
  if (standing) return refuse(standing);
  const signers: string[] = [];
  for (const part of [key, ...key.subkeys]) {
    const id = part.getKeyID();
    const signer = await attempt(() => key.getSigningKey(id, now, undefined, config));
    if (signer?.getFingerprint() === part.getFingerprint()) signers.push(part.getFingerprint().toUpperCase());
  }
  if (signers.length === 0) return refuse(openpgpRefusals["no-signing-key"]());
  const expires = await attempt(() => key.getExpirationTime(undefined, config));
  return ok({
    fingerprint: key.getFingerprint().toUpperCase(),
    signers,
    userIds: key.getUserIDs(),
    algorithm: algorithmOf(key),
    madeAt: key.getCreationTime(),
    expiresAt: expires instanceof Date ? expires : null,
    blob: Buffer.from(key.write()),
  });
}

/** Whether the primary key holds at `now`, and if not, why not in our words. */
async function standingOf(key: Key, now: Date, config: Config): Promise<Refusal | null> {
  if (key.getCreationTime().getTime() > now.getTime() + MOST_AHEAD_MS) {
    return openpgpRefusals["no-signing-key"]({ detail: "It says that it will be made in the future." });
  }
  if (await attempt(() => key.verifyPrimaryKey(now, undefined, config).then(() => true))) return null;
  if (await attempt(() => key.isRevoked(undefined, undefined, now, config))) return openpgpRefusals["revoked-key"]();
  const expires = await attempt(() => key.getExpirationTime(undefined, config));
  if (expires instanceof Date && expires <= now) return openpgpRefusals["expired-key"]();
  const certified = key.users.flatMap(({ selfCertifications }) => selfCertifications);
  const isWeak = certified.every(
    ({ hashAlgorithm }) => hashAlgorithm && config.rejectHashAlgorithms.has(hashAlgorithm),
  );
  if (certified.length > 0 && isWeak)
    return openpgpRefusals["weak-key"]({ detail: "It vouches for itself with SHA-1." });
  return openpgpRefusals["malformed-key"]({ detail: "No user id in it is certified by the key itself." });
}

/** Why the numbers of a key are too weak, or null. */
function weakness({ enums }: Library, key: Key | Subkey): string | null {
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  if (algorithm === "dsa" || algorithm === "elgamal") return "DSA and ElGamal keys are not accepted.";
  if (curve === enums.curve.secp256k1) return "Keys on the curve secp256k1 are not accepted.";
  if (bits === undefined) return null;
  if (bits < LEAST_RSA_BITS) return `The RSA key has ${bits} bits; at least ${LEAST_RSA_BITS} are needed.`;
  return bits > MOST_RSA_BITS ? `RSA keys of more than ${MOST_RSA_BITS} bits are not accepted.` : null;
}

function algorithmOf(key: Key | Subkey): string {
  const { algorithm, bits, curve } = key.getAlgorithmInfo();
  if (bits !== undefined) return `RSA, ${bits} bits`;
  return (curve ?? algorithm).replace(/Legacy$/, "").toLowerCase();
}

/** A signature whose shape and strength are in order; whether it holds is for `checkOpenpgpSignature`. */
export interface OpenpgpSignature {
  /** The fingerprint of the key it says it was made with, in capitals; null where it gives only the id. */
  readonly signer: string | null;
  /** The last 16 hexadecimal digits of that fingerprint, in capitals. */
  readonly signerId: string;
  readonly madeAt: Date;
  /** What was signed, where the signature carries it; line ends as \n, none at the end. */
  readonly carriedText: string | null;
  readonly armored: string;
}

/**
 * Reads one armoured signature, alone or with its text. Refuses a private key, more than 16 KiB, several signatures,
 * anything before or after, other kinds of signature, and weak digests and algorithms. Never throws for untrusted input.
 */
export async function readOpenpgpSignature(pasted: string): Promise<Result<OpenpgpSignature>> {
  const armor = readSignatureArmor(pasted);
  if (!armor.ok) return armor;
  const library = await load();
  const { kind, text: armored } = armor.value;
  const packets = await attempt(() => readPackets(library, armored));
  const [packet, another] = packets ?? [];
  if (!packet) return refuse(openpgpRefusals["malformed-signature"]());
  if (another) return refuse(openpgpRefusals["several-signatures"]());
  const wrong = signatureFault(library, packet, kind);
  if (wrong) return refuse(wrong);
  const carriedText = kind === "cleartext" ? await attempt(() => readText(library, armored)) : null;
  const isWhole = packet.created !== null && !/^0+$/.test(packet.issuerKeyID.toHex());
  if (!isWhole || !packet.created || (kind === "cleartext" && carriedText === null))
    return refuse(openpgpRefusals["malformed-signature"]());
  return ok({
    signer: packet.issuerFingerprint ? Buffer.from(packet.issuerFingerprint).toString("hex").toUpperCase() : null,
    signerId: packet.issuerKeyID.toHex().toUpperCase(),
    madeAt: packet.created,
    carriedText,
    armored,
  });
}

const signaturePart = (armored: string): string => armored.slice(armored.indexOf("-----BEGIN PGP SIGNATURE-----"));

async function readPackets(library: Library, armored: string): Promise<readonly SignaturePacket[]> {
  const config = strict(library);
  return [...(await library.readSignature({ armoredSignature: signaturePart(armored), config })).packets];
}

async function readText(library: Library, armored: string): Promise<string> {
  const message = await library.readCleartextMessage({ cleartextMessage: armored, config: strict(library) });
  return message.getText().replace(/\r\n/g, "\n").replace(/\n+$/, "");
}

function signatureFault({ enums }: Library, packet: SignaturePacket, kind: "cleartext" | "detached"): Refusal | null {
  const { signatureType, hashAlgorithm, publicKeyAlgorithm } = packet;
  const { signature, hash, publicKey } = enums;
  const fits = signatureType === signature.text || (kind === "detached" && signatureType === signature.binary);
  if (!fits) return openpgpRefusals["wrong-signature-type"]();
  const strong = [hash.sha256, hash.sha384, hash.sha512, hash.sha3_256, hash.sha3_512];
  const isWeak = hashAlgorithm === null || !strong.includes(hashAlgorithm) || publicKeyAlgorithm === publicKey.dsa;
  return isWeak ? openpgpRefusals["weak-signature"]() : null;
}

/** Whether a signature by this key says it was made by one of its parts. */
export const isBySigner = (signature: OpenpgpSignature, signers: readonly string[]): boolean =>
  signers.some((one) =>
    signature.signer === null ? one.endsWith(signature.signerId) : one === signature.signer.toUpperCase(),
  );

/**
 * Whether a signature over `text` holds for a kept key. The key must be good at `now`, whatever the signature says of its
 * own age: a signature can be dated back to when an expired key was good. Refuses an expired, revoked or weak key; gives
 * false where the text, the key or the signature do not fit each other.
 * @param text what was to be signed, one line without its end
 */
export async function checkOpenpgpSignature(
  signature: OpenpgpSignature,
  text: string,
  blob: Buffer,
  now: Date,
): Promise<Result<boolean>> {
  const opened = await openOpenpgpKey(blob, now);
  if (!opened.ok) return opened;
  if (!isBySigner(signature, opened.value.signers)) return ok(false);
  if (signature.carriedText !== null && signature.carriedText !== text) return ok(false);
  if (signature.madeAt.getTime() > now.getTime() + MOST_AHEAD_MS) return ok(false);
  const library = await load();
  const key = await attempt(() => library.readKey({ binaryKey: blob, config: strict(library) }));
  if (!key) return ok(false);
  const at = signature.madeAt > now ? signature.madeAt : now;
  if (signature.carriedText !== null) return ok(await holds(library, key, signature, signature.carriedText, at));
  // A shell that is not asked kindly adds a line end; with the nonce in the text that gives nothing away.
  for (const end of ["\n", "", "\r\n"]) {
    if (await holds(library, key, signature, text + end, at)) return ok(true);
  }
  return ok(false);
}

async function holds(
  library: Library,
  key: PublicKey,
  signature: OpenpgpSignature,
  text: string,
  date: Date,
): Promise<boolean> {
  const config = strict(library);
  const outcome = await attempt(async () => {
    const detached: Signature = await library.readSignature({
      armoredSignature: signaturePart(signature.armored),
      config,
    });
    const results =
      signature.carriedText === null
        ? (
            await library.verify({
              message: await library.createMessage({ binary: Buffer.from(text, "utf8") }),
              signature: detached,
              verificationKeys: key,
              date,
              config,
              format: "binary",
            })
          ).signatures
        : await (await library.readCleartextMessage({ cleartextMessage: signature.armored, config })).verify(
            [key],
            date,
            config,
          );
    const [only, another] = results;
    return only !== undefined && another === undefined && (await only.verified);
  });
  return outcome === true;
}

/** What a library gives that says no by throwing, as an answer: its input is untrusted. */
async function attempt<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act();
  } catch {
    return null;
  }
}
