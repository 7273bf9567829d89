import { defineRefusals } from "../kernel/refusal.ts";

export const signInRefusals = defineRefusals("sign-in", {
  wrong: { status: 401, title: "The name and password do not go together. Please check both.", tell: "generic" },
  "start-again": { status: 401, title: "That took a while, so please enter your password again." },
  frozen: { status: 403, title: "This account is frozen." },
  "reset-frozen": {
    status: 403,
    title: "This account is frozen, so its password cannot be changed. Open a recovery case: it says what comes next.",
  },
  "reset-needs-case": {
    status: 403,
    title: "A mailbox alone is not enough for this account. Open a recovery case; the mailbox is its first proof.",
  },
  "password-leaked": {
    status: 403,
    title:
      "Your password stands in lists of stolen ones. Sign in on the ordinary pages, where you choose a new one, and then come back here.",
  },
  "passkey-needed": {
    status: 403,
    title: "You have a passkey, so the desk takes nothing less. Use it for the second step.",
  },
  "wrong-device-code": { status: 401, title: "That is not the code of our newest mail. Please compare it." },
  "no-such-address": { status: 409, title: "We cannot send a code there. Please choose one of the addresses shown." },
  "not-staff": { status: 401, title: "The name and password do not go together. Please check both.", tell: "generic" },
});
