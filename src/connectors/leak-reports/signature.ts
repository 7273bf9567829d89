import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { z } from "zod";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { leakReportRefusals } from "./refusals.ts";

/* The signature of a report: ECDSA on NIST P-256 with SHA-256, in ASN.1 DER (FIPS 186-5 §6; RFC 3279 §2.2.3). Pure. */

const MOST_KEYS = 100;

const keyList = z.object({
  public_keys: z
    .array(z.object({ key_identifier: z.string().min(1).max(256), key: z.string().max(4096) }))
    .max(MOST_KEYS),
});

/** The keys of a list as it is published, by identifier. Refuses `no-keys` what is no list; skips what is no P-256 key. */
export function parseKeyList(text: string): Result<ReadonlyMap<string, KeyObject>> {
  const parsed = keyList.safeParse(readJson(text));
  if (!parsed.success) return refuse(leakReportRefusals["no-keys"]());
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier: id, key } of parsed.data.public_keys) {
    const read = readKey(key);
    if (read) keys.set(id, read);
  }
  return ok(keys);
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readKey(pem: string): KeyObject | null {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "ec" && key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? key : null;
  } catch {
    return null;
  }
}

/** Whether the signature, in base 64, is the key's over exactly these bytes. */
export function isSignedBy(key: KeyObject, body: Buffer, signature: string): boolean {
  if (!/^[A-Za-z0-9+/]{8,256}={0,2}$/.test(signature)) return false;
  return verify("sha256", body, { key, dsaEncoding: "der" }, Buffer.from(signature, "base64"));
}
