import { defineRefusals } from "../kernel/refusal.ts";

export const accountRefusals = defineRefusals("accounts", {
  "username-shape": {
    status: 422,
    title:
      "Please use 1 to 50 letters, digits, dots, dashes or underscores, starting and ending with a letter or digit.",
  },
  "username-taken": {
    status: 409,
    title: "That username is taken, or too much like one that is. Please choose another.",
  },
  "address-shape": {
    status: 422,
    title: "That does not read as a mail address. It should look like name@example.org.",
  },
  "address-known": { status: 409, title: "That address is on this account already." },
  "address-unconfirmed": {
    status: 409,
    title: "Please confirm your mail address first: it is how we reach you, and how you get back in.",
  },
  "address-others": { status: 409, title: "Please confirm that address first." },
  "address-last": {
    status: 409,
    title:
      "This address cannot be removed: an account needs one confirmed address. Add another and make it the main one first.",
  },
  "address-limit": { status: 409, title: "An account has at most ten addresses. Please remove one first." },
  "no-such-address": { status: 404, title: "That address is not on this account." },
  "no-such-account": { status: 404, title: "There is no such account.", tell: "generic" },
  frozen: {
    status: 403,
    title: "This account is frozen. Nothing on it can be changed until the reason is settled.",
  },
});
