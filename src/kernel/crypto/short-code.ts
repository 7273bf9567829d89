import type { Random } from "../random.ts";

const DIGITS = 8;

/**
 * Eight decimal digits for a mail: short enough to type, and useless after minutes and a few tries (SP 800-63B-4
 * §3.1.3.1 asks for at least six). 48 random bits modulo 10⁸: the bias is below one in two million.
 */
export const makeShortCode = (random: Random): string =>
  (random.bytes(6).readUIntBE(0, 6) % 10 ** DIGITS).toString().padStart(DIGITS, "0");

/** A typed code without spaces and dashes; null where it cannot be one. */
export function readShortCode(typed: string): string | null {
  const digits = typed.normalize("NFKC").replace(/[\s-]/g, "");
  return /^\d{8}$/.test(digits) ? digits : null;
}
