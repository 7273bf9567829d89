import { hash, verify } from "@node-rs/argon2";
import type { Keyring } from "../../../kernel/crypto/keyring.ts";

/** argon2id (the library's default algorithm) at or above the OWASP minimum for one pass (ASVS 5.0 appendix C: t=1, m ≥ 47,104 KiB). */
export const ARGON2 = { memoryCost: 47_104, timeCost: 1, parallelism: 1 } as const;

/** What is stored: the PHC string and the key its pepper was derived from. */
export interface PasswordHash {
  readonly phc: string;
  readonly keyId: string;
}

/*
 * Hashing runs on libuv's threads, of which there are four. More than two hashes at once would make file reads wait
 * behind them (measured: half a second behind 64), so a gate lets two through.
 */
const AT_ONCE = 2;
const MOST_WAITING = 512;
let running = 0;
const waiting: (() => void)[] = [];

export class TooBusyError extends Error {}

async function gated<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MOST_WAITING) throw new TooBusyError("Too many sign-ins at once.");
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }
}

/** SP 800-63B-4 §3.1.1.2: Unicode is normalised (NFC) before hashing, nothing is cut off or folded. */
const prepare = (password: string): string => password.normalize("NFC");

export async function hashPassword(keys: Keyring, password: string): Promise<PasswordHash> {
  const secret = keys.key("password-pepper");
  const phc = await gated(() => hash(prepare(password), { ...ARGON2, secret }));
  return { phc, keyId: keys.currentKeyId };
}

export async function verifyPasswordHash(keys: Keyring, stored: PasswordHash, password: string): Promise<boolean> {
  const secret = keys.key("password-pepper", stored.keyId);
  return gated(() => verify(stored.phc, prepare(password), { secret }));
}

/** Whether a password that was just right should be hashed again: parameters or pepper have moved on. */
export const isOutdated = (keys: Keyring, stored: PasswordHash): boolean =>
  stored.keyId !== keys.currentKeyId ||
  !stored.phc.startsWith(`$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}$`);

let decoy: Promise<PasswordHash> | null = null;

/** Does the work of a verification and finds it wrong, for names that do not exist (ASVS 5.0 6.3.8). */
export async function verifyAgainstNothing(keys: Keyring, password: string): Promise<false> {
  decoy ??= hashPassword(keys, "no account has this password");
  const stored = await decoy;
  await gated(() => verify(stored.phc, prepare(password), { secret: Buffer.alloc(32) }));
  return false;
}
