import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { sshFingerprint } from "./ssh-key.ts";
import { decodeStrictBase64, makeSshReader, type SshReader, sshString } from "./ssh-wire.ts";

/*
 * Which SSH key a private key is the private part of. Asked only when somebody pasted one where it does not belong, so that
 * its registration can end. Nothing is believed that the private numbers do not prove: a file that merely names somebody's
 * public key must not end that key's registration.
 */

const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END OPENSSH PRIVATE KEY-----/;
const MAGIC = "openssh-key-v1\0";

/**
 * The fingerprint (`SHA256:…`) of the SSH key whose private part this is: OpenSSH's container, PKCS#1, SEC 1 or PKCS#8,
 * none of them locked with a passphrase. Null for anything else, and where the private numbers do not make the public ones.
 * @param text untrusted; a PEM block, perhaps with spaces in place of line ends
 * Source: OpenSSH PROTOCOL.key; RFC 8017 §3.2, RFC 5915, RFC 5958.
 */
export function fingerprintOfPrivateKey(text: string): string | null {
  const body = OPENSSH.exec(text)?.[1];
  const blob = body === undefined ? blobOfPem(text) : blobOfOpenssh(body);
  return blob && sshFingerprint(blob);
}

/** The public key, in wire format, that a private key in OpenSSH's container really has. */
function blobOfOpenssh(body: string): Buffer | null {
  const bytes = decodeStrictBase64(body.replace(/\s+/g, ""));
  if (!bytes || bytes.subarray(0, MAGIC.length).toString("latin1") !== MAGIC) return null;
  const reader = makeSshReader(bytes.subarray(MAGIC.length));
  const cipher = reader.name();
  const derivation = reader.name();
  const options = reader.string();
  if (cipher !== "none" || derivation !== "none" || options === null || reader.uint32() !== 1) return null;
  const publicBlob = reader.string();
  const list = reader.string();
  if (!publicBlob || !list) return null;
  const inner = makeSshReader(list);
  if (inner.uint32() !== inner.uint32()) return null;
  const made = remake(inner);
  return made?.equals(publicBlob) ? made : null;
}

/** Makes the public key from the private numbers alone. */
function remake(inner: SshReader): Buffer | null {
  const type = inner.name();
  if (type === "ssh-ed25519") {
    inner.string();
    const seed = inner.string()?.subarray(0, 32);
    return seed?.length === 32 ? blobOf(ed25519(seed)) : null;
  }
  if (type === "ssh-rsa") {
    const [n, e] = [inner.positiveMpint(), inner.positiveMpint()];
    inner.positiveMpint(); // d
    inner.positiveMpint(); // the inverse of q
    const [p, q] = [inner.positiveMpint(), inner.positiveMpint()];
    if (!n || !e || !p || !q) return null;
    const [one, two] = [toNumber(p), toNumber(q)];
    // Whoever knows the factors of the modulus has the key.
    return one > 1n && two > 1n && one * two === toNumber(n) ? rsaBlob(e, n) : null;
  }
  const curve = /^ecdsa-sha2-(nistp(?:256|384|521))$/.exec(type ?? "")?.[1];
  if (curve === undefined) return null;
  inner.name();
  inner.string();
  const secret = inner.positiveMpint();
  return secret && ecdsaBlob(curve, secret);
}

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString("hex") || "0"}`);

const ED25519_PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex"); // RFC 8410 §7

const ed25519 = (seed: Buffer): KeyObject =>
  createPublicKey(createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: "der", type: "pkcs8" }));

const NODE_CURVES: Readonly<Record<string, string>> = {
  nistp256: "prime256v1",
  nistp384: "secp384r1",
  nistp521: "secp521r1",
};

function ecdsaBlob(curve: string, secret: Buffer): Buffer | null {
  try {
    const ecdh = createECDH(NODE_CURVES[curve] ?? "");
    ecdh.setPrivateKey(secret);
    return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(ecdh.getPublicKey())]);
  } catch {
    return null; // no number of this curve
  }
}

/** A positive mpint without leading zeros of its own, RFC 4251 §5. */
const mpint = (number: Buffer): Buffer =>
  sshString((number[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), number]) : number);

const rsaBlob = (e: Buffer, n: Buffer): Buffer => Buffer.concat([sshString("ssh-rsa"), mpint(e), mpint(n)]);

/** A PEM block of PKCS#1, SEC 1 or PKCS#8. OpenSSL makes the public key from the private one. */
function blobOfPem(text: string): Buffer | null {
  const [, kind = "", body = ""] = /-----BEGIN ([A-Z ]*?)PRIVATE KEY-----([A-Za-z0-9+/=\s]*)-----END/.exec(text) ?? [];
  const lines = body.replace(/\s+/g, "").replace(/(.{64})(?=.)/g, "$1\n");
  if (lines === "") return null;
  const label = `${kind}PRIVATE KEY`;
  try {
    const key = createPrivateKey(`-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`);
    return blobOf(createPublicKey(key));
  } catch {
    return null; // locked with a passphrase, damaged, or of a kind that SSH has not
  }
}

/** A public key in SSH's wire format; null for kinds that SSH has not. */
function blobOf(key: KeyObject): Buffer | null {
  const jwk = key.export({ format: "jwk" });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? "", "base64url");
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519")
    return Buffer.concat([sshString("ssh-ed25519"), sshString(bytes(jwk.x))]);
  if (jwk.kty === "RSA") return rsaBlob(bytes(jwk.e), bytes(jwk.n));
  const curve = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" }[jwk.crv ?? ""];
  if (jwk.kty !== "EC" || curve === undefined) return null;
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)]);
}
