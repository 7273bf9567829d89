import {
  CROCKFORD_ALPHABET,
  crockfordValue,
  encodeCrockford,
  normalizeCrockford,
} from "../../../kernel/crypto/crockford.ts";
import type { Random } from "../../../kernel/random.ts";
import { refuse, ok, type Result } from "../../../kernel/result.ts";
import { authenticatorRefusals } from "../../refusals.ts";

/*
 * A recovery code: `lkrc-` and 25 symbols of Crockford's base 32 in five groups, of which 24 carry 120 random bits
 * (SP 800-63B-4 §3.1.2.1 asks for 64 of a saved code; from 112 on a fast keyed hash is enough, §3.1.2.2) and the last
 * is a check symbol. The prefix lets secret scanners find codes that were pasted in public.
 */

export const CODE_PREFIX = "lkrc-";
const RANDOM_BYTES = 15;
const DATA_SYMBOLS = 24;
const GROUP = /(.{5})(?=.)/g;

/** Multiplication in GF(32), modulus x⁵ + x² + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 5; bit += 1) {
    if ((b >> bit) & 1) product ^= a << bit;
  }
  for (let bit = 8; bit >= 5; bit -= 1) {
    if ((product >> bit) & 1) product ^= 0b100101 << (bit - 5);
  }
  return product;
}

/**
 * The check symbol: Σ αⁱ·vᵢ over GF(32). Every single wrong symbol and every swap of two symbols is found, since the
 * powers α¹…α²⁴ differ from each other and from 0.
 */
export function checkSymbol(symbols: string): string {
  let weight = 1;
  let sum = 0;
  for (const symbol of symbols) {
    weight = multiply(weight, 2);
    sum ^= multiply(weight, crockfordValue(symbol));
  }
  return CROCKFORD_ALPHABET[sum] ?? "0";
}

/** A new code as it is shown. */
export function makeCode(random: Random): string {
  const data = encodeCrockford(random.bytes(RANDOM_BYTES));
  return formatCode(data + checkSymbol(data));
}

const formatCode = (symbols: string): string => CODE_PREFIX + symbols.toLowerCase().replace(GROUP, "$1-");

/**
 * What was typed, as the 25 canonical symbols. Case, spaces and dashes do not matter, the prefix may be missing, O is
 * read as 0, I and L as 1. Refuses a typing mistake (the check symbol tells) and a code of another site.
 */
export function readCode(typed: string): Result<string> {
  const text = typed.normalize("NFKC").trim().toLowerCase();
  const body = text.replace(/^lkrc[\s-]*/, "");
  const symbols = normalizeCrockford(body);
  if (symbols === null || symbols.length !== DATA_SYMBOLS + 1) {
    const isForeign = !text.startsWith("lkrc") && (symbols === null || Math.abs(symbols.length - DATA_SYMBOLS - 1) > 2);
    return refuse(
      isForeign ? authenticatorRefusals["recovery-code-foreign"]() : authenticatorRefusals["recovery-code-mistyped"](),
    );
  }
  const data = symbols.slice(0, DATA_SYMBOLS);
  if (checkSymbol(data) !== symbols.slice(DATA_SYMBOLS))
    return refuse(authenticatorRefusals["recovery-code-mistyped"]());
  return ok(symbols);
}

const PASTED = /lkrc[\s-]*(?:[0-9a-z][\s-]*){24}[0-9a-z](?![0-9a-z])/gi;

/** Every recovery code in a text somebody pasted, as canonical symbols, each once. Only those that read right. */
export const codesIn = (text: string): readonly string[] => {
  const read = (text.normalize("NFKC").match(PASTED) ?? []).map((found) => readCode(found));
  return [...new Set(read.flatMap((one) => (one.ok ? [one.value] : [])))];
};
