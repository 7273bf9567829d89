import { defineRefusals } from "../kernel/refusal.ts";

export const deskRefusals = defineRefusals("desk", {
  "view-named-so": { status: 422, title: "You have a view of that name. Please choose another name." },
  "too-many-views": {
    status: 422,
    title: "You keep 30 views, which is all there is room for. Please remove one first.",
  },
});
