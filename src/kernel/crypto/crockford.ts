/**
 * Crockford's base 32: digits and letters without I, L, O and U, so that a person can read a code aloud and type it back.
 * Source: https://www.crockford.com/base32.html
 */
export const CROCKFORD_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const VALUE_OF = new Map([...CROCKFORD_ALPHABET].map((symbol, value) => [symbol, value]));

/** Encodes bytes, most significant bits first, without padding: 5 bits a symbol. */
export function encodeCrockford(bytes: Uint8Array): string {
  let out = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += CROCKFORD_ALPHABET[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  if (bits > 0) out += CROCKFORD_ALPHABET[(buffer << (5 - bits)) & 31];
  return out;
}

/**
 * What a person typed, as canonical symbols: upper case, spaces and dashes dropped, O read as 0, I and L as 1.
 * @returns null where a symbol is left that the alphabet does not have
 */
export function normalizeCrockford(typed: string): string | null {
  const symbols = typed
    .toUpperCase()
    .replace(/[\s\-‐-―_]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  return [...symbols].every((symbol) => VALUE_OF.has(symbol)) ? symbols : null;
}

/** The value 0 to 31 of one canonical symbol; -1 where it is none. */
export const crockfordValue = (symbol: string): number => VALUE_OF.get(symbol) ?? -1;
