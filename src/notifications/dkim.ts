import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
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
  return { ...parsed.data, privateKey: secret(parsed.data.privateKey) };
}

/** Makes a key of 2048 bits (RFC 8301 §3.2). Returns the content of the key file and what to publish in DNS. */
export function makeDkimKey(
  domainName: string,
  keySelector: string,
): { readonly file: string; readonly dns: { readonly name: string; readonly value: string } } {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const file = `${JSON.stringify({ domainName, keySelector, privateKey }, null, 2)}\n`;
  return { file, dns: dkimDnsRecord(domainName, keySelector, publicKey) };
}

/** The TXT record of a public key in DER (RFC 6376 §3.6.1). */
const dkimDnsRecord = (domainName: string, keySelector: string, publicKey: Buffer) => ({
  name: `${keySelector}._domainkey.${domainName}`,
  value: `v=DKIM1; k=rsa; p=${publicKey.toString("base64")}`,
});
