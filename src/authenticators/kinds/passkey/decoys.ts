import type { Keyring } from "../../../kernel/crypto/keyring.ts";

/*
 * Credential ids that nobody has. Whoever asks for the passkeys of a name gets a list of always the same length, filled
 * up with ids that are derived from the name: the same at every question, and looking like those of real authenticators.
 * So a list tells neither whether the account exists nor whether it has a passkey (WebAuthn L3 §14.6.2).
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
