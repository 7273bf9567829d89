import { ok, refuse, type Result } from "../../../kernel/result.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import { COMMON } from "./common.ts";

/** SP 800-63B-4 §3.1.1.2: 15 where the password can open the account alone, 8 where a second factor always follows. */
export const SHORTEST_ALONE = 15;
export const SHORTEST_WITH_SECOND_FACTOR = 8;
export const LONGEST = 256;

export interface PasswordContext {
  /** Words a thief would try for this person: username, address, names of the site. */
  readonly words: readonly string[];
  readonly hasSecondFactor: boolean;
}

/**
 * Whether a new password may be used. The whole password is compared, never parts of it; there are no composition
 * rules (SP 800-63B-4 §3.1.1.2 (5)). One code point counts as one character.
 */
export function checkNewPassword(password: string, context: PasswordContext): Result<string> {
  const length = [...password.normalize("NFC")].length;
  if (length > LONGEST) return refuse(authenticatorRefusals["password-long"]());
  if (context.hasSecondFactor && length < SHORTEST_WITH_SECOND_FACTOR) {
    return refuse(authenticatorRefusals["password-short-second"]());
  }
  if (!context.hasSecondFactor && length < SHORTEST_ALONE) return refuse(authenticatorRefusals["password-short"]());
  const bare = bareForm(password);
  if (COMMON.has(bare) || isMonotonous(bare)) return refuse(authenticatorRefusals["password-known"]());
  if (isMadeOf(bare, context.words)) return refuse(authenticatorRefusals["password-context"]());
  return ok(password);
}

const bareForm = (text: string): string => text.normalize("NFC").toLowerCase();

/** One sign or one short group over and over, or signs in plain order: `aaaaaaaa`, `abcabcabc`, `12345678`. */
function isMonotonous(text: string): boolean {
  if (/^(.{1,4})\1+.{0,3}$/u.test(text)) return true;
  const codes = [...text].map((symbol) => symbol.codePointAt(0) ?? 0);
  const steps = new Set(codes.slice(1).map((code, index) => code - (codes[index] ?? 0)));
  return steps.size === 1;
}

/** Whether nothing is left but digits and signs when the context words are taken out. */
function isMadeOf(text: string, words: readonly string[]): boolean {
  const parts = words.flatMap((word) => [bareForm(word), ...bareForm(word).split(/[^\p{L}\p{N}]+/u)]);
  let rest = text;
  for (const part of parts.filter((word) => word.length >= 3).sort((a, b) => b.length - a.length)) {
    rest = rest.split(part).join("");
  }
  return rest !== text && rest.replace(/[^\p{L}]/gu, "").length === 0;
}
