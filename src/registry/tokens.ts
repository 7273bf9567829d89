import { crc32 } from "node:zlib";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { registryRefusals } from "./refusals.ts";

/*
 * The shape of an API token: `lks_`, 34 base 62 symbols that carry 200 random bits, and 6 that are the CRC-32 of those
 * 34. The prefix lets secret scanners find a leaked one, the checksum lets them and us tell a real one from a
 * look-alike without asking the database (standards K-16). Pure.
 */

export const TOKEN_PREFIX = "lks_";
export const TOKEN_RANDOM_BYTES = 25;

const BODY_SYMBOLS = 34; // 62^34 > 2^200
const CHECKSUM_SYMBOLS = 6; // 62^6 > 2^32
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SHAPE = new RegExp(`^${TOKEN_PREFIX}([0-9A-Za-z]{${BODY_SYMBOLS}})([0-9A-Za-z]{${CHECKSUM_SYMBOLS}})$`);

/** A number in base 62, padded with zeros to `symbols`. */
export function base62(value: bigint, symbols: number): string {
  let out = "";
  for (let rest = value; rest > 0n; rest /= 62n) out = (ALPHABET[Number(rest % 62n)] ?? "") + out;
  return out.padStart(symbols, "0");
}

/** The checksum of a token's body: its CRC-32 in base 62, six symbols. */
export const tokenChecksum = (body: string): string => base62(BigInt(crc32(body)), CHECKSUM_SYMBOLS);

/** The text of a token. @param random exactly 25 random bytes */
export function formatApiToken(random: Buffer): string {
  if (random.length !== TOKEN_RANDOM_BYTES) throw new Error(`A token is made of ${TOKEN_RANDOM_BYTES} random bytes.`);
  const body = base62(BigInt(`0x${random.toString("hex")}`), BODY_SYMBOLS);
  return `${TOKEN_PREFIX}${body}${tokenChecksum(body)}`;
}

/**
 * Checks the shape and checksum of a token as it was pasted. Pure: says nothing about whether it exists, and so may say
 * exactly what is wrong. Refuses what is not a token of this index, and one with symbols missing or changed.
 */
export function parseApiToken(text: string): Result<string> {
  const trimmed = text.trim();
  if (!trimmed.startsWith(TOKEN_PREFIX)) return refuse(registryRefusals["not-a-token"]());
  const [, body = "", checksum = ""] = SHAPE.exec(trimmed) ?? [];
  if (body === "" || tokenChecksum(body) !== checksum) return refuse(registryRefusals["token-mistyped"]());
  return ok(trimmed);
}
