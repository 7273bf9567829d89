import { createHash } from "node:crypto";
import type { Keyring } from "../../../kernel/crypto/keyring.ts";

/*
 * Credential ids that nobody has. Whoever asks for the passkeys of a name gets a list of always the same length, filled
 * up with ids that are derived from the name: the same at every question, and looking like those of real authenticators.
 * So a list tells neither whether the account exists nor whether it has a passkey (WebAuthn L3 §14.6.2). An answer for
 * such an id is verified like any other, with a key that nobody has: how long a refusal takes tells nothing either.
 */

/** Passkeys an account can have, and ids in every list. */
export const MOST_PASSKEYS = 8;

/** Bytes of ids that common authenticators make: Apple 20, 1Password and Bitwarden 16, platform keys 32, security keys 48 and 64. */
const LENGTHS = [16, 20, 32, 32, 48, 64] as const;

/** Derived with the oldest key there is: a rotation must not change the decoys while the real ids stay. */
const derive = (keys: Keyring, text: string): Buffer => keys.oldestMac("fake-answer", text);

function decoy(keys: Keyring, foldedName: string, index: number): string {
  const head = derive(keys, `passkey-length\n${index}\n${foldedName}`);
  const length = LENGTHS[(head[0] ?? 0) % LENGTHS.length] ?? 32;
  const parts = [0, 1].map((part) => derive(keys, `passkey-id\n${index}\n${part}\n${foldedName}`));
  return Buffer.concat(parts).subarray(0, length).toString("base64url");
}

/**
 * The credential ids to show for a name: the account's own and decoys, in an order that says nothing.
 * @param foldedName the form in which usernames are unique, so that every spelling gets one answer
 * @param real base64url; none where there is no such account
 */
export function idsForName(keys: Keyring, foldedName: string, real: readonly string[]): readonly string[] {
  const missing = Math.max(0, MOST_PASSKEYS - real.length);
  const made = Array.from({ length: missing }, (_, index) => decoy(keys, foldedName, index));
  const rank = (id: string) => derive(keys, `passkey-order\n${foldedName}\n${id}`).toString("hex");
  return [...real, ...made].toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const hex = (text: string): Buffer => Buffer.from(text, "hex");
const nobody = (part: number): Buffer => createHash("sha256").update(`nobody ${part}`).digest();

/** {1: EC2, 3: ES256, -1: P-256, -2: x, -3: y} of a key pair whose private half was thrown away. */
const ES256_KEY = hex(
  "a5010203262001" +
    "21582091f744a9b813848635c897b44a01e1e37a691d24c6ef100533663a37590a3ad9" +
    "225820a6f464b5e016b59215e7b3236b41a0b59b3e837a6bbaf4238910fa87b5b8e78a",
);
/** {1: OKP, 3: EdDSA, -1: Ed25519, -2: x}, where x is a point (not every number is one) and nothing else is known of it. */
const ED25519_KEY = Buffer.concat([hex("a4010103272006215820"), nobody(8)]);
/** {1: RSA, 3: RS256, -1: n, -2: e} with a number of 2,048 bits that nobody chose. */
const RS256_KEY = (() => {
  const n = Buffer.concat(Array.from({ length: 8 }, (_, part) => nobody(part)));
  n[0] = (n[0] ?? 0) | 0x80;
  n[255] = (n[255] ?? 0) | 1;
  return Buffer.concat([hex("a401030339010020590100"), n, hex("2143010001")]);
})();

/** As often as real keys are of their kind, roughly: phones and managers ES256, Windows RS256, security keys both others. */
const NOBODYS_KEYS = [ES256_KEY, ES256_KEY, RS256_KEY, ED25519_KEY] as const;

/**
 * The key to verify an answer with whose id is nobody's: always the same for one id, so that the time it takes does not
 * say that there is none. COSE. Which kind it is cannot be foretold without the installation's keys.
 */
export function keyOfNobody(keys: Keyring, credentialId: string): Buffer {
  const pick = derive(keys, `passkey-key\n${credentialId}`)[0] ?? 0;
  return NOBODYS_KEYS[pick % NOBODYS_KEYS.length] ?? ES256_KEY;
}
