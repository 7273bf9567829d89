import { z } from "zod";
import { type IdPrefix, isId } from "../ids.ts";

/*
 * Building blocks for form schemas. Forms are strict: an unknown field is refused. A field that came twice arrives as an
 * array, and a string schema refuses it.
 */

// Control characters, and the bidirectional and zero-width marks that make a text read otherwise than it is stored.
const CONTROL = /[^\P{Cc}\n\r\t]/u;
const INVISIBLE = /[\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFEFF]/;
const ALL_INVISIBLE = new RegExp(INVISIBLE, "g");

interface LineOptions {
  readonly max: number;
  readonly min?: number;
  readonly missing?: string;
  /** Reads past invisible characters, as they come along with a code that is copied; in other text they are refused. */
  readonly dropsInvisible?: boolean;
}

/** One line of text as a person typed it: trimmed, NFC, without line breaks, control or invisible characters. */
export const line = ({ max, min = 1, missing = "Please fill this in.", dropsInvisible = false }: LineOptions) =>
  z
    .string("Please send this field once, as text.")
    .transform((text) => (dropsInvisible ? text.replace(ALL_INVISIBLE, "") : text).normalize("NFC").trim())
    .pipe(
      z
        .string()
        .min(min, missing)
        .max(max, `Please use at most ${max} characters.`)
        .refine(
          (text) => !CONTROL.test(text) && !/[\r\n\t]/.test(text),
          "Please leave out control characters and line breaks.",
        )
        .refine((text) => !INVISIBLE.test(text), "Please leave out invisible characters."),
    );

/** Several lines of text: NFC, line ends as \n, no control characters. */
export const paragraph = ({ max, min = 0, missing = "Please write something here." }: LineOptions) =>
  z
    .string("Please send this field once, as text.")
    .transform((text) => text.normalize("NFC").replace(/\r\n?/g, "\n").trim())
    .pipe(
      z
        .string()
        .min(min, missing)
        .max(max, `Please use at most ${max} characters.`)
        .refine((text) => !CONTROL.test(text), "Please leave out control characters."),
    );

/** A secret exactly as typed: nothing trimmed, nothing folded; what no keyboard types is refused. @param max in UTF-16 units */
export const secretText = (max: number) =>
  z
    .string("Please send this field once, as text.")
    .min(1, "Please fill this in.")
    .max(max, `Please use at most ${max} characters.`)
    .refine((text) => !/\p{Cc}/u.test(text), "Please leave out control characters and line breaks.");

/** An id of ours in a form. Says nothing about whose it is. */
export const idField = (prefix: IdPrefix) =>
  line({ max: 64 }).refine((id) => isId(prefix, id), "That is not one of yours.");

/** A checkbox: `on` when ticked, absent when not. */
export const checkbox = z
  .literal("on", "This box is either ticked or not.")
  .optional()
  .transform((value) => value === "on");

/** A form: strict, and with the CSRF field that the edge has already checked. */
export const form = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ ...shape, _csrf: z.string().optional() });
