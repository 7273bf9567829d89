import { defineRefusals } from "../kernel/refusal.ts";

export const signInRefusals = defineRefusals("sign-in", {
  wrong: { status: 401, title: "The name and password do not go together. Please check both.", tell: "generic" },
  "start-again": { status: 401, title: "That took a while, so please enter your password again." },
  frozen: { status: 403, title: "This account is frozen." },
  "passkey-needed": {
    status: 403,
    title: "You have a passkey, so the desk takes nothing less. Use it for the second step.",
  },
  "not-staff": { status: 401, title: "The name and password do not go together. Please check both.", tell: "generic" },
});
