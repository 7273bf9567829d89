import { defineRefusals } from "../refusal.ts";

/** Everything that reading an SSH public key or checking an SSH signature may refuse. */
export const sshsigRefusals = defineRefusals("sshsig", {
  "private-key": {
    status: 422,
    title:
      "That looks like a private key. Nobody but you may have it: it was not kept here, but replace that key now wherever it is used.",
  },
  "too-large": { status: 413, title: "That is too large to be an SSH key or signature." },

  "not-a-key": {
    status: 422,
    title: "That does not read as an SSH public key. Paste the one line of the file whose name ends in .pub.",
  },
  "malformed-key": { status: 422, title: "That SSH public key is damaged. Copy the whole line again." },
  "key-certificate": {
    status: 422,
    title: "That is an SSH certificate. Give the plain public key that it certifies instead.",
  },
  "unsupported-key": {
    status: 422,
    title: "That kind of SSH key is not accepted. Use ssh-ed25519, ECDSA, RSA, or a hardware key of the sk- kinds.",
  },
  "weak-key": { status: 422, title: "That SSH key is too weak to prove anything. Use an ssh-ed25519 key." },

  "not-a-signature": {
    status: 422,
    title: "That does not read as an SSH signature. Paste all of it, from -----BEGIN SSH SIGNATURE----- to -----END.",
  },
  "malformed-signature": { status: 422, title: "That SSH signature is damaged. Copy the whole of it again." },
  "trailing-data": {
    status: 422,
    title: "There is something after the end of that SSH signature. Paste only the signature.",
  },
  "wrong-version": { status: 422, title: "That SSH signature is of a version that is not known here." },
  "wrong-namespace": { status: 422, title: "That SSH signature was made for another purpose." },
  "wrong-key": { status: 422, title: "That SSH signature was made with another key." },
  "weak-algorithm": {
    status: 422,
    title: "That SSH signature was made with an algorithm that is not accepted. Sign again with a current OpenSSH.",
  },
  "bad-signature": {
    status: 422,
    title: "That SSH signature does not match what was to be signed. Sign exactly the text shown, and nothing more.",
  },
});
