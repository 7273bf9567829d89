const MOST_CHARACTERS = 96 * 1024;
const MOST_PARTS = 16;

/**
 * The fingerprints, in capitals, of every part of a pasted OpenPGP private key whose private numbers are there, are not
 * locked, and do make the public ones. Asked only when somebody pasted one where it does not belong. Nothing is believed
 * that the private numbers do not prove. Never throws for untrusted input.
 */
export async function fingerprintsOfOpenpgpPrivateKey(pasted: string): Promise<readonly string[]> {
  const armored = /-----BEGIN PGP PRIVATE KEY BLOCK-----[^]*-----END PGP PRIVATE KEY BLOCK-----/.exec(pasted)?.[0];
  if (!armored || armored.length > MOST_CHARACTERS) return [];
  const { readPrivateKey } = await import("openpgp"); // as in openpgp.ts: most processes never need it
  try {
    const key = await readPrivateKey({ armoredKey: armored });
    const shown: string[] = [];
    for (const part of [key, ...key.subkeys].slice(0, MOST_PARTS)) {
      const packet = part.keyPacket;
      if (!("validate" in packet) || packet.isMissingSecretKeyMaterial() || !packet.isDecrypted()) continue;
      try {
        await packet.validate();
        shown.push(part.getFingerprint().toUpperCase());
      } catch {
        // its numbers do not fit: it is nobody's private key
      }
    }
    return shown;
  } catch {
    return []; // no key at all
  }
}
