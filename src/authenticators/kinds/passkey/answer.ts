import { z } from "zod";
import { refuse, ok, type Result } from "../../../kernel/result.ts";
import { authenticatorRefusals } from "../../refusals.ts";

/*
 * What a browser sends after a WebAuthn ceremony, as JSON (WebAuthn L3 §5.1, RegistrationResponseJSON and
 * AuthenticationResponseJSON). Bytes are base64url. Lengths are bounded before anything is decoded; members that we
 * do not use are dropped.
 */

/** Longest answer taken, in characters. The longest legal credential id makes one of about 7,000. */
const LONGEST_ANSWER = 16_384;

/** WebAuthn L3 §4: a credential id has at most 1,023 bytes. */
const MOST_ID_BYTES = 1023;

/** Strict base64url without padding, so that one value has one spelling. */
const bytes = (most: number) =>
  z
    .string()
    .min(1)
    .max(Math.ceil((most * 4) / 3))
    .refine((text) => Buffer.from(text, "base64url").toString("base64url") === text, "is not base64url");

const credential = {
  id: bytes(MOST_ID_BYTES),
  rawId: bytes(MOST_ID_BYTES),
  type: z.literal("public-key"),
  authenticatorAttachment: z.string().max(32).nullish(),
};

const registration = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4096),
    attestationObject: bytes(8192),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .nullish(),
  }),
  clientExtensionResults: z.object({ credProps: z.object({ rk: z.boolean().optional() }).optional() }).optional(),
});

const assertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4096),
    authenticatorData: bytes(4096),
    signature: bytes(1024),
    userHandle: bytes(64).nullish(),
  }),
});

const clientData = z.object({
  type: z.string(),
  challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
});

export type RegistrationAnswer = z.infer<typeof registration> & { readonly challenge: string };
export type AssertionAnswer = z.infer<typeof assertion> & { readonly challenge: string };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function read<S extends typeof registration | typeof assertion>(
  schema: S,
  text: string,
): Result<z.infer<S> & { readonly challenge: string }> {
  if (text.length > LONGEST_ANSWER) return refuse(authenticatorRefusals["passkey-too-long"]());
  const parsed = schema.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.id !== parsed.data.rawId)
    return refuse(authenticatorRefusals["passkey-malformed"]());
  const told = clientData.safeParse(
    parseJson(Buffer.from(parsed.data.response.clientDataJSON, "base64url").toString("utf8")),
  );
  if (!told.success) return refuse(authenticatorRefusals["passkey-malformed"]());
  // Our pages are never in a frame, so neither is a ceremony of ours (WebAuthn L3 §7.1 steps 10 and 11, §7.2 13 and 14).
  if (told.data.crossOrigin === true || told.data.topOrigin !== undefined)
    return refuse(authenticatorRefusals["passkey-refused"]());
  return ok({ ...(parsed.data as z.infer<S>), challenge: told.data.challenge }); // parsed with this very schema
}

/** Reads what `navigator.credentials.create` gave. Refuses what is too long, not such an answer, or made in a frame. */
export const readRegistration = (text: string): Result<RegistrationAnswer> => read(registration, text);

/** Reads what `navigator.credentials.get` gave. Refuses the same. */
export const readAssertion = (text: string): Result<AssertionAnswer> => read(assertion, text);

/** The credential id that an answer names, base64url; null where it is none. */
export function credentialIdOf(text: string): string | null {
  const named = z.object({ id: credential.id }).safeParse(text.length > LONGEST_ANSWER ? null : parseJson(text));
  return named.success ? named.data.id : null;
}
