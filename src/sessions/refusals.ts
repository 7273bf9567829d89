import { defineRefusals } from "../kernel/refusal.ts";

export const sessionRefusals = defineRefusals("sessions", {
  "signed-out": { status: 401, title: "Please sign in first." },
  "setup-unfinished": { status: 403, title: "Please finish setting up your account first." },
  "show-authenticator": { status: 403, title: "Please confirm that it is you before this change." },
  "not-staff": { status: 404, title: "There is no page here." },
  "not-your-role": { status: 403, title: "Your role at this desk does not include that." },
  "owes-new-password": {
    status: 403,
    title: "Your password stands in lists of stolen ones. Please choose a new one before you go on.",
  },
});
