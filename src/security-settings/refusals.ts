import { defineRefusals } from "../kernel/refusal.ts";

export const settingsRefusals = defineRefusals("security-settings", {
  "not-yours-to-unlock": {
    status: 403,
    title: "This freeze was not made by the account's owner, so people have to end it. Please write to them from here.",
  },
  "changed-lately": {
    status: 403,
    title:
      "That was changed only days before the account was locked, perhaps by whoever you locked out. It cannot unlock the account.",
  },
  "passkey-to-decide": { status: 403, title: "Every decision needs your passkey. Nothing was decided." },
  "code-to-decide": { status: 403, title: "Every decision needs a new code from your app. Nothing was decided." },
  "same-password": { status: 422, title: "Please choose a password that is not the one you had." },
});
