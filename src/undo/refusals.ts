import { defineRefusals } from "../kernel/refusal.ts";

export const undoRefusals = defineRefusals("undo", {
  "nothing-to-undo": {
    status: 409,
    title: "There is nothing to go through: your account was not given back to you in the last 90 days.",
  },
  "not-begun": { status: 409, title: "Please say first since when somebody else may have been in your account." },
  "bad-moment": {
    status: 422,
    title: "Please choose a day before your account was given back to you, and not more than 120 days before.",
  },
  "change-gone": {
    status: 409,
    title: "That has changed meanwhile, perhaps in another window. Please look at the list again.",
  },
  "undone-already": { status: 409, title: "That was undone already. Nothing is done twice." },
});
