import { encodeCrockford, normalizeCrockford } from "../kernel/crypto/crockford.ts";
import type { Random } from "../kernel/random.ts";

const NUMBER_BYTES = 5; // 8 symbols, 40 bits: a name for people, not a secret
const CODE_BYTES = 10; // 16 symbols, 80 bits (SP 800-63B-4 §4.2.1.2 asks for more than 6 digits)

const grouped = (symbols: string): string => symbols.replace(/(.{4})(?=.)/g, "$1-");

/** A case number as people say it: `LK-4F7Q-9KMT`. */
export const makeCaseNumber = (random: Random): string => `LK-${grouped(encodeCrockford(random.bytes(NUMBER_BYTES)))}`;

/** The code that opens the case page, shown once when the case is opened: `7H2K-…`, 80 random bits. */
export const makeCaseCode = (random: Random): string => grouped(encodeCrockford(random.bytes(CODE_BYTES)));

/** A typed case code in canonical form; null where it cannot be one. */
export function readCaseCode(typed: string): string | null {
  const symbols = normalizeCrockford(typed);
  return symbols?.length === 16 ? symbols : null;
}
