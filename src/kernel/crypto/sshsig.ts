import { createHash, type KeyObject, verify } from "node:crypto";
import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import {
  looksLikePrivateKey,
  readSshKeyBlob,
  sshFingerprint,
  type SshKeyMaterial,
  type SshPublicKey,
} from "./ssh-key.ts";
import { decodeStrictBase64, makeSshReader, sshString } from "./ssh-wire.ts";
import { sshsigRefusals } from "./sshsig-refusals.ts";

export { parseSshPublicKey, type SshKeyType, type SshPublicKey } from "./ssh-key.ts";
export { sshsigRefusals } from "./sshsig-refusals.ts";

/*
 * Signatures made by `ssh-keygen -Y sign -n <namespace>`.
 * Sources: OpenSSH's PROTOCOL.sshsig (armour, blob, signed data) and PROTOCOL.u2f (hardware keys); RFC 4253 §6.6,
 * RFC 5656 §3.1.2, RFC 8332 §3 and RFC 8709 §6 (encoding of each signature).
 */

export interface SshSignatureCheck {
  /** The armoured signature as pasted; untrusted. */
  readonly armored: string;
  /** What was to be signed, byte for byte; a string is taken as UTF-8, and no line end is added. */
  readonly message: Buffer | string;
  /** The purpose given to `-n`; never empty. */
  readonly namespace: string;
  /** The key on record, from parseSshPublicKey. */
  readonly key: SshPublicKey;
}

export interface VerifiedSshSignature {
  readonly hashAlgorithm: "sha256" | "sha512";
  readonly keyFingerprint: string;
  /** Hardware keys only: whether somebody touched the authenticator for this signature. */
  readonly userPresence?: boolean;
  /** Hardware keys only: whether the authenticator checked a PIN or a fingerprint for this signature. */
  readonly userVerified?: boolean;
}

interface SignatureBlob {
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly reserved: Buffer;
  readonly hash: string;
  readonly signature: Buffer;
}

const MAGIC = "SSHSIG";
const VERSION = 1;
const MOST_ARMORED_CHARACTERS = 8 * 1024;
const BEGIN = "-----BEGIN SSH SIGNATURE-----";
const END = "-----END SSH SIGNATURE-----";
const USER_PRESENT = 0x01; // CTAP2 §6.1.2.1, WebAuthn L3 §6.1
const USER_VERIFIED = 0x04;

/**
 * Checks an SSH signature over a message against one key and one namespace. Pure; never throws for untrusted input.
 * Refuses, each with its own code: a private key, what is no signature, more than 8 KiB, anything after the end, another
 * version, certificates, another namespace, another key (its fingerprint is named), SHA-1, and a signature that fails.
 * Gives what a hardware key says about presence and verification without judging it: the caller's policy does.
 * Source: OpenSSH PROTOCOL.sshsig.
 */
export function verifySshSignature(check: SshSignatureCheck): Result<VerifiedSshSignature> {
  if (check.namespace === "") throw new Error("An SSH signature cannot be checked for an empty namespace.");
  const bytes = readArmor(check.armored);
  if (!bytes.ok) return bytes;
  const blob = readBlob(bytes.value);
  if (!blob.ok) return blob;
  const { publicKey, namespace, reserved, hash, signature } = blob.value;
  const wrong = namespaceRefusal(namespace, check.namespace) ?? keyRefusal(publicKey, check.key);
  if (wrong) return refuse(wrong);
  const material = readSshKeyBlob(check.key.blob);
  if (!material.ok) return material;
  if (hash !== "sha256" && hash !== "sha512") {
    return refuse(sshsigRefusals["weak-algorithm"]({ detail: "The message must be hashed with sha256 or sha512." }));
  }
  // The reserved field is signed as it came (§3), so that nobody can add one to a finished signature.
  const signed = Buffer.concat([
    Buffer.from(MAGIC, "ascii"),
    sshString(check.namespace),
    sshString(reserved),
    sshString(hash),
    sshString(createHash(hash).update(check.message).digest()),
  ]);
  const outcome = checkSignature(material.value, signature, signed);
  if (!outcome.ok) return outcome;
  return ok({ hashAlgorithm: hash, keyFingerprint: sshFingerprint(publicKey), ...outcome.value });
}

/** The bytes between the header and the footer (§1). Spaces around lines and CRLF are forgiven: people paste these. */
function readArmor(armored: string): Result<Buffer> {
  if (looksLikePrivateKey(armored)) return refuse(sshsigRefusals["private-key"]());
  if (armored.length > MOST_ARMORED_CHARACTERS) {
    return refuse(sshsigRefusals["too-large"]({ detail: `At most ${MOST_ARMORED_CHARACTERS} characters are read.` }));
  }
  const lines = armored
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim());
  if (lines[0] !== BEGIN) return refuse(sshsigRefusals["not-a-signature"]());
  const end = lines.indexOf(END);
  if (end < 0) return refuse(sshsigRefusals["not-a-signature"]({ detail: "Its last line is missing." }));
  if (end !== lines.length - 1) return refuse(sshsigRefusals["trailing-data"]());
  const bytes = decodeStrictBase64(lines.slice(1, end).join(""));
  return bytes === null ? refuse(sshsigRefusals["malformed-signature"]()) : ok(bytes);
}

/** The fields of the blob (§2). */
function readBlob(bytes: Buffer): Result<SignatureBlob> {
  const reader = makeSshReader(bytes);
  if (reader.bytes(MAGIC.length)?.toString("latin1") !== MAGIC) return refuse(sshsigRefusals["not-a-signature"]());
  const version = reader.uint32();
  if (version !== null && version !== VERSION) return refuse(sshsigRefusals["wrong-version"]());
  const publicKey = reader.string();
  const namespace = reader.string();
  const reserved = reader.string();
  const hash = reader.string();
  const signature = reader.string();
  if (version === null || !publicKey || !namespace || !reserved || !hash || !signature) {
    return refuse(sshsigRefusals["malformed-signature"]());
  }
  if (reader.left() > 0) return refuse(sshsigRefusals["trailing-data"]());
  // Latin-1 keeps every byte apart. UTF-8 would read different broken bytes as the same replacement mark.
  return ok({ publicKey, namespace: namespace.toString("latin1"), reserved, hash: hash.toString("latin1"), signature });
}

function namespaceRefusal(found: string, wanted: string): Refusal | null {
  if (found === Buffer.from(wanted, "utf8").toString("latin1")) return null;
  const shown = /^[\x21-\x7e]{1,64}$/.test(found) ? `It was made for "${found}". ` : "";
  return sshsigRefusals["wrong-namespace"]({ detail: `${shown}Sign with -n ${wanted}.` });
}

function keyRefusal(found: Buffer, wanted: SshPublicKey): Refusal | null {
  if (found.equals(wanted.blob)) return null;
  if (makeSshReader(found).name()?.includes("-cert-v0")) {
    return sshsigRefusals["key-certificate"]({
      detail: "Sign with the plain key; give -f the .pub file without -cert.",
    });
  }
  const detail = `It was made with ${sshFingerprint(found)}; the key on record is ${sshFingerprint(wanted.blob)}.`;
  return sshsigRefusals["wrong-key"]({ detail });
}

/** The inner signature: its algorithm, its numbers, and for a hardware key its flags and counter. */
function checkSignature(
  material: SshKeyMaterial,
  encoded: Buffer,
  signed: Buffer,
): Result<Pick<VerifiedSshSignature, "userPresence" | "userVerified">> {
  const reader = makeSshReader(encoded);
  const algorithm = reader.name();
  const body = reader.string();
  if (algorithm === null || body === null) return refuse(sshsigRefusals["malformed-signature"]());
  const digest = digestFor(material, algorithm);
  if (digest === undefined) {
    return refuse(sshsigRefusals["weak-algorithm"]({ detail: `A key of type ${material.type} may not sign so.` }));
  }
  const isHardware = material.application !== null;
  const tail = isHardware ? reader.bytes(5) : Buffer.alloc(0); // one byte of flags, four of counter
  if (tail === null) return refuse(sshsigRefusals["malformed-signature"]());
  if (reader.left() > 0) return refuse(sshsigRefusals["trailing-data"]());
  const data = isHardware ? authenticatorData(material.application, tail, signed) : signed;
  const signature = plainSignature(material, body);
  if (signature === null) return refuse(sshsigRefusals["malformed-signature"]());
  if (!isSignedBy(material.key, digest, data, signature)) {
    return refuse(sshsigRefusals["bad-signature"]());
  }
  const flags = tail[0];
  if (flags === undefined) return ok({});
  return ok({ userPresence: (flags & USER_PRESENT) !== 0, userVerified: (flags & USER_VERIFIED) !== 0 });
}

function isSignedBy(key: KeyObject, digest: string | null, data: Buffer, signature: Buffer): boolean {
  try {
    return verify(digest, data, { key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false; // OpenSSL gives up on some unsound keys: what cannot be verified is not verified
  }
}

/** The digest that goes with an algorithm's name; null for Ed25519, which has none; undefined where the key may not. */
function digestFor(material: SshKeyMaterial, algorithm: string): string | null | undefined {
  if (material.family !== "rsa") return algorithm === material.type ? material.digest : undefined;
  // RFC 8332 §3. Plain "ssh-rsa" is SHA-1, which PROTOCOL.sshsig §2 rules out.
  if (algorithm === "rsa-sha2-256") return "sha256";
  return algorithm === "rsa-sha2-512" ? "sha512" : undefined;
}

/** What a FIDO authenticator signs: SHA-256 of the application, flags, counter, SHA-256 of the message. PROTOCOL.u2f. */
const authenticatorData = (application: Buffer, flagsAndCounter: Buffer, message: Buffer): Buffer =>
  Buffer.concat([
    createHash("sha256").update(application).digest(),
    flagsAndCounter,
    createHash("sha256").update(message).digest(),
  ]);

/** The signature as node:crypto takes it; null where its shape cannot be that of this key. */
function plainSignature(material: SshKeyMaterial, body: Buffer): Buffer | null {
  const padded = (number: Buffer): Buffer => Buffer.concat([Buffer.alloc(material.size - number.length), number]);
  if (material.family === "ed25519") return body.length === 2 * material.size ? body : null;
  // Some signers drop leading zeros of an RSA signature; OpenSSH puts them back, and so do we.
  if (material.family === "rsa") return body.length > 0 && body.length <= material.size ? padded(body) : null;
  const reader = makeSshReader(body);
  const r = reader.positiveMpint();
  const s = reader.positiveMpint();
  if (r === null || s === null || reader.left() > 0 || r.length > material.size || s.length > material.size)
    return null;
  return Buffer.concat([padded(r), padded(s)]);
}
