import { type SshPublicKey, parseSshPublicKey, sshsigRefusals } from "../../../kernel/crypto/sshsig.ts";
import { looksLikePrivateKey } from "../../../kernel/crypto/ssh-key.ts";
import { decodeStrictBase64, makeSshReader } from "../../../kernel/crypto/ssh-wire.ts";
import { refuse, type Result } from "../../../kernel/result.ts";

const ARMOR = /-----BEGIN SSH SIGNATURE-----([A-Za-z0-9+/=\s]*)-----END SSH SIGNATURE-----/;
const MAGIC_BYTES = 6; // "SSHSIG"
const VERSION_BYTES = 4;

/**
 * The public key that a signature says it was made with (OpenSSH PROTOCOL.sshsig §2), so that it can be looked up. Says
 * nothing about whether the signature is good: `verifySshSignature` does, and is strict. Refuses a private key first.
 */
export function readSigner(armored: string): Result<SshPublicKey> {
  if (looksLikePrivateKey(armored)) return refuse(sshsigRefusals["private-key"]());
  const body = ARMOR.exec(armored)?.[1]?.replace(/\s+/g, "");
  if (body === undefined) return refuse(sshsigRefusals["not-a-signature"]());
  const bytes = decodeStrictBase64(body);
  const blob = bytes && makeSshReader(bytes.subarray(MAGIC_BYTES + VERSION_BYTES)).string();
  const type = blob && makeSshReader(blob).name();
  if (!blob || type === null) return refuse(sshsigRefusals["malformed-signature"]());
  return parseSshPublicKey(`${type} ${blob.toString("base64")}`);
}
