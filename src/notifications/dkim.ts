import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { type Secret, secret } from "../kernel/secret.ts";

const DKIM = z.strictObject({
  domainName: z.string().regex(/^[a-z0-9.-]+$/),
  keySelector: z.string().regex(/^[a-z0-9-]+$/),
  privateKey: z.string().startsWith("-----BEGIN"),
});

export interface DkimKey {
  readonly domainName: string;
  readonly keySelector: string;
  /** PEM. */
  readonly privateKey: Secret<string>;
}

/** The public half of a key that signs mails, or once did. */
export interface DkimPublicKey {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: "rsa-sha256" | "ed25519-sha256";
  /** As it stands in the p= of its DNS record: base 64. */
  readonly publicKey: string;
}

/** Reads the signing key, `DATA_DIR/secrets/dkim.json`. Null when there is none. Throws, saying so, when it is damaged. */
export async function readDkimKey(path: string): Promise<DkimKey | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  let json: unknown = null;
  try {
    json = JSON.parse(text);
  } catch {
    // judged below, with every other damage
  }
  const parsed = DKIM.safeParse(json);
  if (!parsed.success) {
    throw new Error(`The DKIM key file ${path} must be JSON with domainName, keySelector and a PEM privateKey.`);
  }
  const key = { ...parsed.data, privateKey: secret(parsed.data.privateKey) };
  if (!isRsa(key)) throw new Error(`The DKIM key file ${path} holds no RSA key, which is what mails are signed with.`);
  return key;
}

function isRsa({ privateKey }: DkimKey): boolean {
  try {
    return createPublicKey(privateKey.reveal()).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}

export interface DnsRecord {
  readonly name: string;
  readonly value: string;
}

/**
 * Makes a key of 2048 bits (RFC 8301 §3.2). Returns the content of the key file and what to publish in DNS.
 * @param keySelector without one it is made from the public key, so that no two keys share one
 */
export function makeDkimKey(
  domainName: string,
  keySelector?: string,
): { readonly file: string; readonly selector: string; readonly dns: DnsRecord } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const selector = keySelector ?? `lks-${createHash("sha256").update(publicKey).digest("hex").slice(0, 10)}`;
  const file = `${JSON.stringify({ domainName, keySelector: selector, privateKey }, null, 2)}\n`;
  return { file, selector, dns: dkimDnsRecord(publicPartOf(domainName, selector, createPublicKey(privateKey))) };
}

/** Writes a new key, for this account alone, where no file is. @returns whether it was written */
export async function writeDkimKey(path: string, file: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, file, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The public half of the signing key. Throws where the key is not one of RSA or Ed25519. */
export const publicDkimKey = ({ domainName, keySelector, privateKey }: DkimKey): DkimPublicKey =>
  publicPartOf(domainName, keySelector, createPublicKey(privateKey.reveal()));

function publicPartOf(domain: string, selector: string, key: KeyObject): DkimPublicKey {
  const der = key.export({ type: "spki", format: "der" });
  switch (key.asymmetricKeyType) {
    case "rsa":
      return { domain, selector, algorithm: "rsa-sha256", publicKey: der.toString("base64") };
    case "ed25519":
      // RFC 8463 §4: the 32 bytes of the key alone.
      return { domain, selector, algorithm: "ed25519-sha256", publicKey: der.subarray(-32).toString("base64") };
    default:
      throw new Error("A DKIM key is one of RSA or Ed25519.");
  }
}

/** The TXT record of a public key (RFC 6376 §3.6.1, RFC 8463 §4). */
export const dkimDnsRecord = ({ domain, selector, algorithm, publicKey }: DkimPublicKey): DnsRecord => ({
  name: `${selector}._domainkey.${domain}`,
  value: `v=DKIM1; k=${algorithm === "rsa-sha256" ? "rsa" : "ed25519"}; p=${publicKey}`,
});

/** RFC 8301 §3.2 lets signers use no less. What can be computed from a shorter public key is no proof of anything. */
const LEAST_BITS = 2048;
const ED25519_DER = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Reads the public key in the text of a DNS record, or its p= alone. Null for anything else, and for an RSA key of fewer
 * than 2048 bits.
 */
export function readDkimRecord(text: string): Pick<DkimPublicKey, "algorithm" | "publicKey"> | null {
  const bare = text.replace(/["\s]+/g, "");
  const encoded = /(?:^|;)p=([A-Za-z0-9+/=]+)(?:;|$)/.exec(bare)?.[1] ?? bare;
  if (!/^[A-Za-z0-9+/]{40,2000}={0,2}$/.test(encoded)) return null;
  const bytes = Buffer.from(encoded, "base64");
  const kinds =
    bytes.length === 32
      ? [{ key: Buffer.concat([ED25519_DER, bytes]), type: "spki" } as const]
      : [{ key: bytes, type: "spki" } as const, { key: bytes, type: "pkcs1" } as const];
  for (const kind of kinds) {
    try {
      const key = createPublicKey({ ...kind, format: "der" });
      if (key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS) return null;
      const { algorithm, publicKey } = publicPartOf("", "", key);
      return { algorithm, publicKey };
    } catch {
      // not of that kind
    }
  }
  return null;
}
