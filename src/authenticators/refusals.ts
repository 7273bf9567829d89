import { defineRefusals } from "../kernel/refusal.ts";

export const authenticatorRefusals = defineRefusals("authenticators", {
  wrong: { status: 401, title: "That is not right. Please check it and try again." },
  wait: { status: 429, title: "Too many wrong attempts in a row. Please wait before the next one." },
  disabled: {
    status: 403,
    title:
      "This way of signing in was switched off after 100 wrong attempts. Use another one, or open a recovery case.",
  },
  "closed-elsewhere": {
    status: 403,
    title:
      "After too many wrong attempts this way of signing in works only in browsers that the account was signed in with before. Use one of those, another way, or open a recovery case.",
  },
  "not-bound": { status: 409, title: "This way of signing in is not set up on the account." },
  "already-bound": { status: 409, title: "This is set up already." },
  "code-used": {
    status: 409,
    title: "This six-digit code was used before. Wait for the next one; it comes within 30 seconds.",
  },
  "password-short": {
    status: 422,
    title: "Please use at least 15 characters. Four or five unrelated words are good and easy to type.",
  },
  "password-short-second": { status: 422, title: "Please use at least 8 characters." },
  "password-long": { status: 422, title: "Please use at most 256 characters." },
  "password-known": {
    status: 422,
    title:
      "This password is on lists that thieves try first. Please choose another: four or five unrelated words are good.",
  },
  "password-context": {
    status: 422,
    title:
      "This password is made of your name, your address or our name. Please choose one that has nothing to do with them.",
  },
  "reset-link-ended": {
    status: 410,
    title:
      "This link does not work any more: a newer one was sent, or the account was signed in to or changed since. If you still need it, ask for a new one.",
  },
  "recovery-code-mistyped": {
    status: 422,
    title: "That code has a typing mistake in it. Please compare it with your copy, sign by sign.",
  },
  "recovery-code-foreign": { status: 422, title: "That is a recovery code of another site. Ours begin with “lkrc-”." },
  "recovery-code-used": {
    status: 410,
    title: "That recovery code has been used before. Each works once; please take another one.",
  },
  "recovery-code-replaced": {
    status: 410,
    title: "That recovery code belongs to an older set. A newer set was made since.",
  },
  "recovery-code-burned": {
    status: 410,
    title: "That recovery code was seen in public, so it does not work any more. The others do; make new ones soon.",
  },
  "recovery-code-unknown": {
    status: 401,
    title:
      "That recovery code is typed right, but is not one of this account's. It may belong to another account, or to another site that runs the same software, such as a test site.",
  },
  "passkey-malformed": {
    status: 400,
    title: "Your browser sent something that is not a passkey's answer. Please try again, or use another browser.",
  },
  "passkey-too-long": { status: 413, title: "Your browser sent more than a passkey's answer can be." },
  "passkey-refused": {
    status: 401,
    title: "That passkey was not accepted. Please try again, or sign in another way.",
  },
  "passkey-attested": {
    status: 422,
    title: "This authenticator sent a certificate that we did not ask for and do not read. Please try another one.",
  },
  "passkey-expired": {
    status: 410,
    title: "That took longer than five minutes, or was sent twice. Please try once more.",
  },
  "passkey-removed": {
    status: 401,
    title: "That passkey was removed from its account, so it opens nothing any more. You can delete it on your device.",
  },
  "passkey-unverified": {
    status: 401,
    title:
      "This passkey did not ask for a PIN, a fingerprint or a face, so it counts as one factor only. Use it together with your password.",
  },
  "passkey-pin-new": {
    status: 401,
    title:
      "This passkey was made without a PIN, a fingerprint or a face, so it counts as one factor only until you have used it once together with your password.",
  },
  "passkey-copied": {
    status: 403,
    title:
      "This passkey may have been copied: its count of uses went back. It was not accepted, and the owner has been told.",
  },
  "passkey-known": { status: 409, title: "This passkey is set up already." },
  "passkey-most": { status: 409, title: "An account has eight passkeys at most. Remove one that you do not need." },
  "passkeys-nameless": {
    status: 409,
    title: "Passkeys need a host name, and this installation is reached by a number. Use an authenticator app.",
  },
  "last-second-factor": {
    status: 409,
    title: "This is your only second factor, so removing it would lock you out. Set up another one first.",
  },
});
