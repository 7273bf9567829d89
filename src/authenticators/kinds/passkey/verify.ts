import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { decodeAttestationObject, isoBase64URL } from "@simplewebauthn/server/helpers";
import { refuse, ok, type Result } from "../../../kernel/result.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import type { AssertionAnswer, RegistrationAnswer } from "./answer.ts";
import { ALGORITHMS, rpIdOf } from "./options.ts";

/*
 * The ceremonies of WebAuthn L3 §7.1 and §7.2, with the library's checks and those that it leaves to us. What is
 * expected comes from our own configuration, never from the answer. Every failure is one refusal: why a passkey was not
 * taken would tell a stranger which of the ids shown for a name are real.
 */

/** A passkey that was just made and is not bound yet. */
export interface MadePasskey {
  /** base64url. */
  readonly credentialId: string;
  /** COSE. */
  readonly publicKey: Buffer;
  readonly signCount: number;
  readonly isUserVerified: boolean;
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
  /** Whether it can be found without a name; null where the browser did not say. */
  readonly isDiscoverable: boolean | null;
  readonly aaguid: string;
  readonly transports: readonly string[];
}

/** Flags and counter of an assertion whose signature is right. */
export interface Assertion {
  readonly signCount: number;
  readonly isUserVerified: boolean;
  readonly isBackupEligible: boolean;
  readonly isBackedUp: boolean;
}

const refused = (): Result<never> => refuse(authenticatorRefusals["passkey-refused"]());

/**
 * Attestations with certificates are not read: none was asked for, they would name the device, and checking them would
 * make us parse certificates of strangers and fetch the revocation lists that these point to.
 */
function hasPlainAttestation(attestationObject: string): boolean {
  const decoded = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject));
  const format = decoded.get("fmt");
  const statement = decoded.get("attStmt");
  return format === "none" || (format === "packed" && statement instanceof Map && !statement.has("x5c"));
}

/** Checks a registration (§7.1). The challenge must have been spent before. Refuses with one sentence, whatever failed. */
export async function verifyRegistration(
  site: { readonly publicUrl: URL },
  answer: RegistrationAnswer,
): Promise<Result<MadePasskey>> {
  try {
    if (!hasPlainAttestation(answer.response.attestationObject))
      return refuse(authenticatorRefusals["passkey-attested"]());
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...answer, clientExtensionResults: {} } as RegistrationResponseJSON, // read by our own schema
      expectedChallenge: answer.challenge,
      expectedOrigin: site.publicUrl.origin,
      expectedRPID: rpIdOf(site.publicUrl),
      requireUserVerification: false,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
    if (!verified || registrationInfo.credential.id !== answer.id) return refused();
    return ok({
      credentialId: registrationInfo.credential.id,
      publicKey: Buffer.from(registrationInfo.credential.publicKey),
      signCount: registrationInfo.credential.counter,
      isUserVerified: registrationInfo.userVerified,
      isBackupEligible: registrationInfo.credentialDeviceType === "multiDevice",
      isBackedUp: registrationInfo.credentialBackedUp,
      isDiscoverable: answer.clientExtensionResults?.credProps?.rk ?? null,
      aaguid: registrationInfo.aaguid,
      transports: answer.response.transports ?? [],
    });
  } catch {
    return refused(); // the library throws for every check that fails, and for bytes that are not CBOR
  }
}

/**
 * Checks an assertion (§7.2) with a key. The challenge must have been spent before. The counter is only read here: it is
 * compared where it is stored, in one statement.
 */
export async function verifyAssertion(
  site: { readonly publicUrl: URL },
  answer: AssertionAnswer,
  publicKey: Buffer,
): Promise<Result<Assertion>> {
  try {
    const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
      response: { ...answer, clientExtensionResults: {} } as unknown as AuthenticationResponseJSON, // read by our schema
      expectedChallenge: answer.challenge,
      expectedOrigin: site.publicUrl.origin,
      expectedRPID: rpIdOf(site.publicUrl),
      requireUserVerification: false,
      credential: { id: answer.id, publicKey: new Uint8Array(publicKey), counter: 0 },
    });
    if (!verified) return refused();
    return ok({
      signCount: info.newCounter,
      isUserVerified: info.userVerified,
      isBackupEligible: info.credentialDeviceType === "multiDevice",
      isBackedUp: info.credentialBackedUp,
    });
  } catch {
    return refused();
  }
}
