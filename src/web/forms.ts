import { z } from "zod";
import { type HttpRequest, type InvalidInput, line, page, refused, type Reply } from "../kernel/http/index.ts";
import { redacted } from "../evidence/index.ts";
import type { Html } from "../kernel/html/index.ts";
import type { Refusal } from "../kernel/refusal.ts";

/** What a form shows besides its fields: messages by field, the values to put back, one message for the whole form. */
export interface FormState {
  readonly errors: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, string>>;
  readonly general?: string;
}

export const EMPTY: FormState = { errors: {}, values: {} };

/** The state after failed validation. */
export const invalidState = (invalid: InvalidInput): FormState => ({
  errors: invalid.fields,
  values: withoutSecrets(invalid.values),
});

/** What may be put back into a form: a private key or a token is not shown again. */
const withoutSecrets = (values: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, redacted(value)]));

/** The state after a refusal: beside its field if the refusal belongs to one, else above the form. */
export function refusedState(
  refusal: Refusal,
  typed: Readonly<Record<string, string>>,
  fieldOf: Readonly<Record<string, string>> = {},
): FormState {
  const message = [refusal.title, refusal.detail].filter(Boolean).join(" ");
  const field = fieldOf[refusal.code];
  const values = withoutSecrets(typed);
  if (refusal.fields) return { errors: refusal.fields, values };
  return field ? { errors: { [field]: message }, values } : { errors: {}, values, general: message };
}

/** Shows a form again after a refusal, with the refusal's status; a client that reads JSON gets the problem itself. */
export const formAgain = (request: { readonly wantsJson: boolean }, refusal: Refusal, html: Html): Reply =>
  request.wantsJson ? refused(refusal) : page(html, { status: refusal.status, ...retryHeader(refusal) });

const retryHeader = (refusal: Refusal) =>
  refusal.retryAfterSeconds === undefined
    ? {}
    : { headers: { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfterSeconds))) } };

/** A token in a path: base64url of 256 bits. Anything else is no page. */
export const tokenParam = z.strictObject({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** Where to go after signing in: only a path of ours, so that a link cannot send people elsewhere. */
export const nextPath = z
  .string()
  .max(512)
  .optional()
  .transform((path) => (path && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) && !path.includes("\\") ? path : undefined));

/** Six digits or what an app shows, as typed. */
export const codeField = line({ max: 64, missing: "Please enter the code.", dropsInvisible: true });

/**
 * What a WebAuthn ceremony gave, as JSON. Empty where scripts did not run, and read by the authenticators slice. Its
 * length is checked there too, so that one who sends too much is told so.
 */
export const answerField = z
  .string("Please send this field once, as text.")
  .min(1, "Passkeys need scripts in your browser. Switch them on, or use another way.")
  .max(60_000, "Your browser sent more than a passkey's answer can be.");

export type AnyRequest = HttpRequest<unknown, unknown, unknown, unknown>;
