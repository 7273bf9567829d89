import { defineRefusals } from "../kernel/refusal.ts";

export const privacyRefusals = defineRefusals("privacy", {
  "not-now": { status: 409, title: "This account cannot be deleted now." },
  "name-differs": { status: 422, title: "That is not the username of this account. Please type it exactly." },
  "asked-already": { status: 409, title: "The deletion of this account has been asked for already." },
  "not-asked": { status: 409, title: "No deletion of this account is under way." },
});
