import { createHash, createPublicKey, type KeyObject, type webcrypto } from "node:crypto";
import type { Refusal } from "../refusal.ts";
import { ok, refuse, type Result } from "../result.ts";
import { decodeStrictBase64, makeSshReader, type SshReader } from "./ssh-wire.ts";
import { sshsigRefusals } from "./sshsig-refusals.ts";

export type SshKeyType =
  | "ssh-ed25519"
  | "ssh-rsa"
  | "ecdsa-sha2-nistp256"
  | "ecdsa-sha2-nistp384"
  | "ecdsa-sha2-nistp521"
  | "sk-ssh-ed25519@openssh.com"
  | "sk-ecdsa-sha2-nistp256@openssh.com";

export interface SshPublicKey {
  readonly type: SshKeyType;
  /** The key in SSH's wire format: what a line of authorized_keys carries in base 64. */
  readonly blob: Buffer;
  /** `SHA256:` and the unpadded base 64 of the blob's digest, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  /** What stood after the key, trimmed; often a mail address or host name, so personal data. */
  readonly comment: string;
  /** Whether the private key is held by a FIDO authenticator (the sk- kinds). */
  readonly hardware: boolean;
}

/** A key taken apart, ready to check signatures with. */
export interface SshKeyMaterial {
  readonly type: SshKeyType;
  readonly family: "ed25519" | "ecdsa" | "rsa";
  readonly key: KeyObject;
  /** Bytes of one number in a signature: the modulus for RSA, the order of the curve for ECDSA, 32 for Ed25519. */
  readonly size: number;
  /** The digest an ECDSA key signs with (RFC 5656 §6.2.1). */
  readonly digest: "sha256" | "sha384" | "sha512" | null;
  /** The relying party of a hardware key, `ssh:` unless chosen otherwise; null for other keys. */
  readonly application: Buffer | null;
}

const MOST_LINE_CHARACTERS = 12 * 1024;
const MOST_COMMENT_CHARACTERS = 256;
const LEAST_RSA_BITS = 2048; // SP 800-131A Rev. 2 §3
const MOST_RSA_BITS = 16_384; // OpenSSH's own limit
const MOST_RSA_EXPONENT_BYTES = 8; // keeps the work of one check small

interface Curve {
  readonly jwk: string;
  readonly size: number;
  readonly digest: "sha256" | "sha384" | "sha512";
}

// RFC 5656 §6.2.1 and §10.1
const CURVES: Readonly<Record<string, Curve>> = {
  nistp256: { jwk: "P-256", size: 32, digest: "sha256" },
  nistp384: { jwk: "P-384", size: 48, digest: "sha384" },
  nistp521: { jwk: "P-521", size: 66, digest: "sha512" },
};

/** A pasted private key of OpenSSH, PEM, PKCS#8, PuTTY or SSH.COM, or the bare base 64 of OpenSSH's. */
export const looksLikePrivateKey = (text: string): boolean =>
  /PRIVATE KEY-{4}|PuTTY-User-Key-File|b3BlbnNzaC1rZXktdjE/.test(text);

/** The name OpenSSH gives a key: `SHA256:` and the digest of its blob in base 64 without padding. */
export const sshFingerprint = (blob: Buffer): string =>
  `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;

/**
 * Reads one line of a `.pub` file: type, base 64, and maybe a comment.
 * Refuses options of authorized_keys, more than one line, certificates, DSA, RSA under 2048 bits, and a type that the
 * key itself contradicts. A pasted private key has a refusal of its own.
 * @param line untrusted
 * Source: RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4, OpenSSH PROTOCOL.u2f.
 */
export function parseSshPublicKey(line: string): Result<SshPublicKey> {
  if (looksLikePrivateKey(line)) return refuse(sshsigRefusals["private-key"]());
  if (line.length > MOST_LINE_CHARACTERS) return refuse(sshsigRefusals["too-large"]());
  const text = line.trim();
  if (/[\r\n]/.test(text)) return refuse(sshsigRefusals["not-a-key"]({ detail: "There is more than one line." }));
  const [, type = "", encoded = "", rest = ""] = /^(\S+)[ \t]+(\S+)(?:[ \t]+(.*))?$/u.exec(text) ?? [];
  const named = typeRefusal(type);
  if (named) return refuse(named);
  const blob = decodeStrictBase64(encoded);
  if (blob === null) return refuse(sshsigRefusals["malformed-key"]());
  const material = readSshKeyBlob(blob);
  if (!material.ok) return material;
  if (material.value.type !== type) {
    return refuse(sshsigRefusals["malformed-key"]({ detail: `The line says ${type}; the key says something else.` }));
  }
  const comment = rest.trim();
  if (comment.length > MOST_COMMENT_CHARACTERS || /\p{Cc}/u.test(comment)) {
    return refuse(sshsigRefusals["not-a-key"]({ detail: "The comment after the key is too long or not plain text." }));
  }
  return ok({
    type: material.value.type,
    blob,
    fingerprint: sshFingerprint(blob),
    comment,
    hardware: material.value.application !== null,
  });
}

/** Takes a key in wire format apart and checks its strength. `blob` is untrusted; never throws. */
export function readSshKeyBlob(blob: Buffer): Result<SshKeyMaterial> {
  const reader = makeSshReader(blob);
  const type = reader.name();
  if (type === null) return refuse(sshsigRefusals["malformed-key"]());
  const named = typeRefusal(type);
  if (named) return refuse(named);
  const read = READERS[type as SshKeyType](reader); // typeRefusal lets only the listed types pass
  if (!read.ok) return read;
  return reader.left() === 0 ? read : refuse(sshsigRefusals["malformed-key"]());
}

const READERS: Readonly<Record<SshKeyType, (reader: SshReader) => Result<SshKeyMaterial>>> = {
  "ssh-ed25519": (reader) => readEd25519(reader, "ssh-ed25519"),
  "ssh-rsa": readRsa,
  "ecdsa-sha2-nistp256": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp256", "nistp256"),
  "ecdsa-sha2-nistp384": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp384", "nistp384"),
  "ecdsa-sha2-nistp521": (reader) => readEcdsa(reader, "ecdsa-sha2-nistp521", "nistp521"),
  "sk-ssh-ed25519@openssh.com": (reader) => withApplication(reader, readEd25519(reader, "sk-ssh-ed25519@openssh.com")),
  "sk-ecdsa-sha2-nistp256@openssh.com": (reader) =>
    withApplication(reader, readEcdsa(reader, "sk-ecdsa-sha2-nistp256@openssh.com", "nistp256")),
};

/** Why a key of this type is refused whatever it holds, or null. */
function typeRefusal(type: string): Refusal | null {
  if (Object.hasOwn(READERS, type)) return null;
  if (/-cert-v0[01]@openssh\.com$/.test(type)) return sshsigRefusals["key-certificate"]();
  if (type === "ssh-dss") return sshsigRefusals["weak-key"]({ detail: "DSA keys are not accepted." });
  if (/^(ssh-|ecdsa-|sk-|webauthn-)[\x21-\x7e]{1,60}$/.test(type)) return sshsigRefusals["unsupported-key"]();
  return sshsigRefusals["not-a-key"]();
}

/** RFC 8709 §4: one string of 32 bytes. */
function readEd25519(reader: SshReader, type: SshKeyType): Result<SshKeyMaterial> {
  const point = reader.string();
  if (point?.length !== 32) return refuse(sshsigRefusals["malformed-key"]());
  const key = importKey({ kty: "OKP", crv: "Ed25519", x: point.toString("base64url") });
  if (key === null) return refuse(sshsigRefusals["malformed-key"]());
  return ok({ type, family: "ed25519", key, size: 32, digest: null, application: null });
}

/** RFC 5656 §3.1: the name of the curve, then an uncompressed point. node:crypto refuses one that is not on the curve. */
function readEcdsa(reader: SshReader, type: SshKeyType, curveName: string): Result<SshKeyMaterial> {
  const named = reader.name();
  const point = reader.string();
  const curve = CURVES[curveName];
  if (!curve || named !== curveName || point?.length !== 1 + 2 * curve.size || point[0] !== 4) {
    return refuse(sshsigRefusals["malformed-key"]());
  }
  const key = importKey({
    kty: "EC",
    crv: curve.jwk,
    x: point.subarray(1, 1 + curve.size).toString("base64url"),
    y: point.subarray(1 + curve.size).toString("base64url"),
  });
  if (key === null) return refuse(sshsigRefusals["malformed-key"]());
  return ok({ type, family: "ecdsa", key, size: curve.size, digest: curve.digest, application: null });
}

/** RFC 4253 §6.6: the exponent, then the modulus. */
function readRsa(reader: SshReader): Result<SshKeyMaterial> {
  const exponent = reader.positiveMpint();
  const modulus = reader.positiveMpint();
  if (exponent === null || modulus === null) return refuse(sshsigRefusals["malformed-key"]());
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < LEAST_RSA_BITS) {
    const detail = `The RSA key has ${bits} bits; at least ${LEAST_RSA_BITS} are needed.`;
    return refuse(sshsigRefusals["weak-key"]({ detail }));
  }
  if (bits > MOST_RSA_BITS) return refuse(sshsigRefusals["too-large"]());
  const isOdd = (number: Buffer): boolean => ((number.at(-1) ?? 0) & 1) === 1;
  const isOne = exponent.length === 1 && exponent[0] === 1;
  if (!isOdd(modulus) || !isOdd(exponent) || isOne || exponent.length > MOST_RSA_EXPONENT_BYTES) {
    return refuse(sshsigRefusals["weak-key"]({ detail: "The numbers in the RSA key are not those of a sound key." }));
  }
  const key = importKey({ kty: "RSA", n: modulus.toString("base64url"), e: exponent.toString("base64url") });
  if (key === null) return refuse(sshsigRefusals["malformed-key"]());
  return ok({ type: "ssh-rsa", family: "rsa", key, size: modulus.length, digest: null, application: null });
}

/** PROTOCOL.u2f, "SSH U2F Key formats": the plain key, then the application it was made for. */
function withApplication(reader: SshReader, read: Result<SshKeyMaterial>): Result<SshKeyMaterial> {
  if (!read.ok) return read;
  const application = reader.string();
  if (application === null || application.length === 0) return refuse(sshsigRefusals["malformed-key"]());
  return ok({ ...read.value, application });
}

function importKey(jwk: webcrypto.JsonWebKey): KeyObject | null {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return null; // an expected answer: the numbers are untrusted, and node:crypto says no by throwing
  }
}
