import { defineRefusals } from "../kernel/refusal.ts";

export const recoveryRefusals = defineRefusals("recovery", {
  "no-such-case": { status: 404, title: "We do not know this case. Please check the link in our mail." },
  "case-page-closed": {
    status: 401,
    title: "Please open your case page with the link from our mail and your case code.",
  },
  "wrong-code": {
    status: 401,
    title: "That code does not open this case. Please check it, or ask for a new one by mail.",
  },
  "case-over": {
    status: 409,
    title: "This recovery case is closed. Its page says what you can do; a new case can be opened at any time.",
  },
  "named-already": { status: 409, title: "The case is about an account already." },
  "too-late": { status: 409, title: "The case is past the point where proofs are taken." },
  "case-open-already": {
    status: 409,
    title:
      "A recovery case for this account is open already. Please open it with the link from our mail and its case code.",
  },
  "case-changed": { status: 409, title: "The case has changed meanwhile. Please look at it again before you go on." },
  "not-enough": { status: 409, title: "The policy does not allow approval with the evidence there is." },
  "own-case": { status: 403, title: "Nobody decides about their own account or a colleague's." },
  "reviewed-already": {
    status: 403,
    title: "You have given your verdict on this case. The second one must be another person's.",
  },
  "name-differs": {
    status: 422,
    title: "That is not the account's username. Please type it exactly, to be sure it is the right case.",
  },
  "full-access-needed": {
    status: 403,
    title:
      "This needs the case code you were shown when you opened the case. A code from the mailbox is not enough for it.",
  },
  "case-code-needed": {
    status: 403,
    title: "Please enter your case code first, the one you were shown when you opened the case.",
  },
  "not-confirmed": { status: 409, title: "Please confirm your mail address first." },
  "secret-pasted": {
    status: 422,
    title: "That held what nobody should send, so it was neither kept nor looked at any further.",
  },
  "strict-account": { status: 403, title: "This account has a sign-in that works. Please use it." },
  "nothing-selected": { status: 422, title: "Please select at least one case." },
  "too-many-selected": { status: 422, title: "Please select at most 50 cases at once." },
  "not-of-the-desk": { status: 422, title: "That is nobody who works at this desk." },
  "undo-too-late": { status: 409, title: "This cannot be taken back any more. It stands as it is." },
  "appeal-other-person": { status: 403, title: "An appeal is decided by somebody who did not decide before." },
});
