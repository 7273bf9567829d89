import { defineRefusals } from "../kernel/refusal.ts";

export const evidenceRefusals = defineRefusals("evidence", {
  "unknown-kind": { status: 404, title: "There is no such kind of proof." },
  "bad-claim": { status: 422, title: "Something in that is missing or not as it should be." },
  "too-many-tries": {
    status: 429,
    title: "This proof has been tried as often as one case allows. Use another one, or write to us on the case page.",
  },
  "no-challenge": { status: 409, title: "Ask for a new command first: there is none running, or it has expired." },
  "code-unused": {
    status: 409,
    title: "That code has not been used yet: it signs you in.",
    detail:
      "Sign in with your name, your password and this code; a forgotten password can be reset by mail first. If neither works for you, tick the box below the code and send it again.",
  },
  "not-now": { status: 409, title: "This case takes no more proofs at the moment." },
  "not-asked": { status: 404, title: "Nobody asks you that, or not any more: it was answered or has run out." },
  "case-over": { status: 409, title: "That case is over, or takes no more proofs. Thank you all the same." },
  "no-such-finding": { status: 404, title: "There is no such finding, or a newer one has replaced it." },
  "key-known": { status: 409, title: "That key is registered already." },
  "too-many-keys": { status: 409, title: "An account can have 20 SSH keys. Remove one that you do not use any more." },
  "too-many-openpgp-keys": {
    status: 409,
    title: "An account can have 10 OpenPGP keys. Remove one that you do not use any more.",
  },
  "no-pending-key": {
    status: 409,
    title: "No key waits for a signature, or its hour is over. Paste the public key again.",
  },
  "binding-does-not-fit": {
    status: 422,
    title: "That signature does not fit. Sign exactly the text shown, with the key you pasted.",
  },
  "unknown-forge": { status: 422, title: "That forge is not one that this index asks." },
  "forge-name": {
    status: 422,
    title: "That is no name of an account at a forge. Write it as it stands in its address.",
  },
  "no-such-forge-name": { status: 422, title: "The forge knows no account of that name." },
  "forge-silent": {
    status: 503,
    title: "The forge gave no list of keys just now. Please try again in a few minutes.",
  },
  "not-on-the-list": {
    status: 422,
    title:
      "The key that made that signature is not on the forge’s public list. Add it there, or sign with one that is.",
  },
  "forge-known": { status: 409, title: "That forge account is here already." },
  "too-many-forges": {
    status: 409,
    title: "An account can have 5 forge accounts. Remove one that is not yours any more.",
  },
  "no-pending-forge": {
    status: 409,
    title: "No forge account waits for a signature, or its hour is over. Write its name again.",
  },
  "no-such-forge": { status: 404, title: "There is no such forge account here." },
  "mail-unreadable": {
    status: 422,
    title:
      "That is not one whole mail with its header, as a mail program saves it. Choose the saved file itself, not a copy of what the screen shows.",
  },
  "mail-doubled": {
    status: 422,
    title: "The header of that mail says something twice that it may say once. Choose the file as it was saved.",
  },
  "mail-many-signatures": { status: 422, title: "That mail carries more signatures than any mail of ours." },
  "mail-not-ours": {
    status: 422,
    title:
      "There is no signature of ours on that mail. Choose one that came from us, and save it anew rather than forward it.",
  },
  "mail-half-signed": {
    status: 422,
    title: "The signature on that mail covers a part of it only. Ours always cover all of it.",
  },
  "mail-with-secret": {
    status: 422,
    title: "There was a secret in that mail, so nothing of it was looked at or kept.",
  },
  "mail-used": { status: 409, title: "That mail was shown for another account just now. It counts for one only." },
  "no-such-key": { status: 404, title: "There is no such key on this account." },
});
