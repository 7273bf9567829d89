import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, link, mkdir, readFile, unlink, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import type { Random } from "../random.ts";

/** What a derived key is for. One purpose, one key: a value made for one cannot be used for another. */
export type KeyPurpose =
  | "password-pepper"
  | "totp-secret"
  | "case-data"
  | "recovery-code"
  | "short-code"
  | "restoration-key"
  | "csrf"
  | "mail-request"
  | "fake-answer"
  | "network-digest"
  | "bounce-address"
  | "reply-address";

/** Keys derived from the installation's master keys. The newest key makes; every key still present reads. */
export interface Keyring {
  /** HMAC-SHA-256 under the newest key. */
  mac(purpose: KeyPurpose, data: string | Buffer): Buffer;
  /** The same under every key, the one that makes now first, to find what another key made. */
  macs(purpose: KeyPurpose, data: string | Buffer): readonly Buffer[];
  /** The same under the oldest key there is, for what must not change with a rotation. */
  oldestMac(purpose: KeyPurpose, data: string | Buffer): Buffer;
  /** AES-256-GCM; `context` is bound to the ciphertext and must be given again to open it. */
  seal(purpose: KeyPurpose, plain: Buffer, context: string, random: Random): Buffer;
  /** Throws when the sealed value was changed, belongs to another context, or its key is gone. */
  open(purpose: KeyPurpose, sealed: Buffer, context: string): Buffer;
  /** The derived key itself, for libraries that take one (argon2's secret). */
  key(purpose: KeyPurpose, keyId?: string): Buffer;
  readonly currentKeyId: string;
}

/** A keyring that can be given a newer key file while it is in use. */
export interface LiveKeyring extends Keyring {
  replace(file: KeyFile): void;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_BYTES = 8;

const FILE = z.strictObject({
  current: z.string().regex(/^[0-9a-z]{8}$/),
  keys: z.record(
    z.string().regex(/^[0-9a-z]{8}$/),
    z.base64().refine((text) => Buffer.from(text, "base64").length === KEY_BYTES),
  ),
});

export type KeyFile = z.infer<typeof FILE>;

export function makeKeyFile(random: Random): KeyFile {
  let id = "";
  while (!/[a-z]/.test(id)) id = random.bytes(KEY_ID_BYTES / 2).toString("hex"); // objects put names that are numbers first
  return { current: id, keys: { [id]: random.bytes(KEY_BYTES).toString("base64") } };
}

/** The id of the key under which a value was sealed. */
export const sealedUnder = (sealed: Buffer): string => sealed.subarray(0, KEY_ID_BYTES).toString("ascii");

/**
 * Builds the keyring of a key file. Derivation is HKDF-SHA-256 (RFC 5869) with the purpose as info.
 * @param reread looks at the file again, for a key that another process has begun to use a moment ago
 */
export function makeKeyring(given: KeyFile, reread?: () => KeyFile): LiveKeyring {
  const derived = new Map<string, Buffer>();
  let file = given;
  let ids: readonly string[] = [];
  const replace = (newer: KeyFile): void => {
    file = newer;
    ids = [file.current, ...Object.keys(file.keys).filter((id) => id !== file.current)];
    for (const slot of derived.keys()) if (!ids.includes(slot.slice(0, KEY_ID_BYTES))) derived.delete(slot);
  };
  replace(given);
  const masterOf = (id: string): string => {
    if (file.keys[id] === undefined && reread) replace(reread());
    const master = file.keys[id];
    if (master === undefined) throw new Error(`Key ${id} is not in the key file.`);
    return master;
  };
  const key = (purpose: KeyPurpose, id: string = file.current): Buffer => {
    const slot = `${id}:${purpose}`;
    const known = derived.get(slot);
    if (known) return known;
    const master = Buffer.from(masterOf(id), "base64");
    const made = Buffer.from(hkdfSync("sha256", master, "locksmith", `locksmith/${purpose}`, KEY_BYTES));
    derived.set(slot, made);
    return made;
  };
  const macWith = (id: string, purpose: KeyPurpose, data: string | Buffer) =>
    createHmac("sha256", key(purpose, id)).update(data).digest();
  return {
    get currentKeyId() {
      return file.current;
    },
    replace,
    key,
    mac: (purpose, data) => macWith(file.current, purpose, data),
    oldestMac: (purpose, data) => macWith(Object.keys(file.keys).at(-1) ?? file.current, purpose, data), // new ones are put in front
    macs: (purpose, data) => ids.map((id) => macWith(id, purpose, data)),
    seal: (purpose, plain, context, random) => {
      const id = file.current;
      const nonce = random.bytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key(purpose, id), nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([Buffer.from(id, "ascii"), nonce, cipher.getAuthTag(), body]);
    },
    open: (purpose, sealed, context) => {
      const nonce = sealed.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES);
      const tag = sealed.subarray(KEY_ID_BYTES + NONCE_BYTES, KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES);
      const body = sealed.subarray(KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv("aes-256-gcm", key(purpose, sealedUnder(sealed)), nonce)
        .setAAD(Buffer.from(context))
        .setAuthTag(tag);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    },
  };
}

/**
 * Reads the key file, or makes it on first start (mode 0600, complete or not there at all, also when two processes
 * start at once). Losing this file makes passwords, TOTP secrets and recovery codes unusable: it is part of a backup.
 */
export async function loadKeyring(path: string, random: Random): Promise<LiveKeyring> {
  const keyring = (text: string): LiveKeyring =>
    makeKeyring(parseKeyFile(text, path), () => parseKeyFile(readFileSync(path, "utf8"), path));
  try {
    return keyring(await readFile(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${random.bytes(6).toString("hex")}.new`; // two containers may have one process number
  await writeFile(draft, `${JSON.stringify(makeKeyFile(random), null, 2)}\n`, { mode: 0o600, flush: true });
  await chmod(draft, 0o600);
  try {
    await link(draft, path); // fails if another process was first: then its file counts
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
  return keyring(await readFile(path, "utf8"));
}

/** Reads what a key file says. Throws, with what to do, where it is damaged. */
export function parseKeyFile(text: string, path: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error(`The key file ${path} is not JSON. Restore it from a backup.`);
  }
  const parsed = FILE.safeParse(json);
  if (!parsed.success || !(parsed.data.current in parsed.data.keys)) {
    throw new Error(`The key file ${path} is damaged. Restore it from a backup.`);
  }
  return parsed.data;
}

/** Compares without telling where the difference is; unequal lengths are unequal. */
export const equalBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
