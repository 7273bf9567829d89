import { defineRefusals } from "../refusal.ts";

/** Everything that reading an OpenPGP key or checking an OpenPGP signature may refuse. */
export const openpgpRefusals = defineRefusals("openpgp", {
  "private-key": {
    status: 422,
    title:
      "That looks like a private key. Nobody but you may have it: it was not kept here, but replace that key now wherever it is used.",
  },
  "too-large": { status: 413, title: "That is too large to be an OpenPGP key or signature." },

  "not-a-key": {
    status: 422,
    title: "That does not read as an OpenPGP public key. Paste what gpg --export --armor prints, from BEGIN to END.",
  },
  "malformed-key": { status: 422, title: "That OpenPGP key is damaged. Export it again and paste the whole of it." },
  "several-keys": { status: 422, title: "There is more than one key in that. Export and paste one key alone." },
  "unsupported-key": {
    status: 422,
    title: "That kind of OpenPGP key is not accepted. Use ed25519, ECDSA on a NIST curve, or RSA.",
  },
  "weak-key": {
    status: 422,
    title: "That OpenPGP key is too weak to prove anything. Make a newer one, such as ed25519.",
  },
  "revoked-key": { status: 422, title: "That OpenPGP key has been revoked, so it proves nothing any more." },
  "expired-key": {
    status: 422,
    title: "That OpenPGP key has expired. Extend it in gpg and export it again, or use another key.",
  },
  "no-signing-key": {
    status: 422,
    title: "Neither that OpenPGP key nor any of its subkeys can sign at present. A subkey that signs is needed.",
  },

  "not-a-signature": {
    status: 422,
    title:
      "That does not read as an OpenPGP signature. Paste all of it, from -----BEGIN PGP to -----END PGP SIGNATURE-----.",
  },
  "malformed-signature": { status: 422, title: "That OpenPGP signature is damaged. Copy the whole of it again." },
  "several-signatures": { status: 422, title: "There is more than one signature in that. Sign with one key alone." },
  "trailing-data": {
    status: 422,
    title: "There is something before or after that OpenPGP signature. Paste only the signature.",
  },
  "wrong-signature-type": {
    status: 422,
    title:
      "That OpenPGP signature is of another kind, such as one over a key. Sign the text shown with gpg --clearsign.",
  },
  "weak-signature": {
    status: 422,
    title:
      "That OpenPGP signature was made with an algorithm that is not accepted, such as SHA-1 or DSA. Sign again with --digest-algo SHA256.",
  },
});
