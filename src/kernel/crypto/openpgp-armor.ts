import { ok, refuse, type Result } from "../result.ts";
import { openpgpRefusals } from "./openpgp-refusals.ts";

/*
 * The armour around OpenPGP data (RFC 9580 §6.2, §7), looked at before any library reads it: one block, nothing beside it,
 * and not too large.
 */

const MOST_KEY_CHARACTERS = 96 * 1024;
const MOST_SIGNATURE_CHARACTERS = 16 * 1024;

const PRIVATE = /-----BEGIN PGP PRIVATE KEY BLOCK-----/;
const KEY = /^-----BEGIN PGP PUBLIC KEY BLOCK-----\n(?:(?!-)[^\n]*\n)*-----END PGP PUBLIC KEY BLOCK-----$/;
const DETACHED = /^-----BEGIN PGP SIGNATURE-----\n(?:(?!-)[^\n]*\n)*-----END PGP SIGNATURE-----$/;
const CLEARTEXT =
  /^-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash: [^\n]*\n)*\n[^]*\n-----BEGIN PGP SIGNATURE-----\n(?:(?!-)[^\n]*\n)*-----END PGP SIGNATURE-----$/;

/** What somebody pasted: CRLF and spaces at line ends come from mail programs and terminals, and are forgiven. */
const tidy = (pasted: string): string =>
  pasted
    .trim()
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .join("\n");

const count = (text: string, part: RegExp): number => (text.match(part) ?? []).length;

/** One armoured public key, ready to be read. Refuses a private key, several blocks, and anything beside the block. */
export function readKeyArmor(pasted: string): Result<string> {
  if (PRIVATE.test(pasted)) return refuse(openpgpRefusals["private-key"]());
  if (pasted.length > MOST_KEY_CHARACTERS) {
    const detail = `At most ${MOST_KEY_CHARACTERS / 1024} KiB are read. Export it with --export-options export-minimal.`;
    return refuse(openpgpRefusals["too-large"]({ detail }));
  }
  const text = tidy(pasted);
  if (count(text, /-----BEGIN PGP PUBLIC KEY BLOCK-----/g) > 1) return refuse(openpgpRefusals["several-keys"]());
  return KEY.test(text) ? ok(text) : refuse(openpgpRefusals["not-a-key"]());
}

export interface SignatureArmor {
  readonly kind: "cleartext" | "detached";
  readonly text: string;
}

/**
 * One armoured signature, with the signed text around it (`gpg --clearsign`) or alone (`gpg --detach-sign --armor`).
 * Refuses a private key, more than 16 KiB, a second signature block, and anything before or after.
 */
export function readSignatureArmor(pasted: string): Result<SignatureArmor> {
  if (PRIVATE.test(pasted)) return refuse(openpgpRefusals["private-key"]());
  if (pasted.length > MOST_SIGNATURE_CHARACTERS) return refuse(openpgpRefusals["too-large"]());
  const text = tidy(pasted);
  const blocks = count(text, /-----BEGIN PGP SIGNATURE-----/g);
  if (blocks === 0 || !text.includes("-----END PGP SIGNATURE-----"))
    return refuse(openpgpRefusals["not-a-signature"]());
  if (blocks > 1) return refuse(openpgpRefusals["several-signatures"]());
  if (DETACHED.test(text)) return ok({ kind: "detached", text });
  if (CLEARTEXT.test(text)) return ok({ kind: "cleartext", text });
  const isWhole = /^-----BEGIN PGP (?:SIGNATURE|SIGNED MESSAGE)-----\n[^]*-----END PGP SIGNATURE-----$/.test(text);
  return refuse(isWhole ? openpgpRefusals["malformed-signature"]() : openpgpRefusals["trailing-data"]());
}
