import type {
  AuthenticatorTransport,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import { isIP } from "node:net";

/** COSE algorithms, most wanted first: Ed25519, ES256, RS256 (WebAuthn L3 §5.4 asks for these three at least). */
export const ALGORITHMS = [-8, -7, -257] as const;

/** WebAuthn L3 §15.1 recommends 5 to 10 minutes. A challenge lives as long. */
export const CEREMONY_MS = 300_000;

/** Whom a passkey is for: the host people reach us at. A passkey made for it works nowhere else. */
export const rpIdOf = (publicUrl: URL): string => publicUrl.hostname;

/** Browsers make no passkeys for a numeric address (WebAuthn L3 §4, RP ID: a valid domain string). */
export const mayHavePasskeys = (publicUrl: URL): boolean => isIP(publicUrl.hostname.replace(/^\[(.*)\]$/, "$1")) === 0;

export interface Site {
  readonly publicUrl: URL;
  readonly indexName: string;
}

/** How much the authenticator must do to know its user: PIN, fingerprint, face (WebAuthn L3 §5.8.6). */
export type UserVerification = "required" | "preferred";

/** A passkey in a list for the browser. */
export interface Listed {
  readonly credentialId: string;
  /** How to reach it, where that may be told (WebAuthn L3 §5.8.3): then no browser offers to read a code with a phone. */
  readonly transports?: readonly string[];
}

const descriptor = ({ credentialId: id, transports = [] }: Listed) => ({
  id,
  type: "public-key" as const,
  // Values that a browser does not know, it leaves out.
  ...(transports.length > 0 ? { transports: transports as AuthenticatorTransport[] } : {}),
});

/**
 * What a browser needs to make a passkey. User verification is preferred and not required, so that plain security keys
 * can be second factors (SP 800-63B-4 App. B); no attestation is asked for, which would name the device.
 */
export const creationOptions = (
  site: Site,
  user: { readonly handle: string; readonly username: string },
  challenge: string,
  exclude: readonly Listed[],
): PublicKeyCredentialCreationOptionsJSON => ({
  rp: { id: rpIdOf(site.publicUrl), name: site.indexName },
  user: { id: user.handle, name: user.username, displayName: user.username },
  challenge,
  pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: "public-key" })),
  timeout: CEREMONY_MS,
  excludeCredentials: exclude.map(descriptor),
  authenticatorSelection: { residentKey: "preferred", requireResidentKey: false, userVerification: "preferred" },
  attestation: "none",
  extensions: { credProps: true },
});

/** What a browser needs to show one. Without `allow` it offers every passkey it has for us. */
export const requestOptions = (
  site: Site,
  challenge: string,
  allow: readonly Listed[],
  userVerification: UserVerification,
): PublicKeyCredentialRequestOptionsJSON => ({
  rpId: rpIdOf(site.publicUrl),
  challenge,
  timeout: CEREMONY_MS,
  allowCredentials: allow.map(descriptor),
  userVerification,
});
