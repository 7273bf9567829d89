import { defineRefusals } from "../kernel/refusal.ts";

export const contactRefusals = defineRefusals("recovery-contacts", {
  unknown: { status: 404, title: "There is nobody of that name on this index." },
  yourself: { status: 422, title: "That is you. Name somebody else." },
  already: { status: 409, title: "You have named that person already." },
  "too-many": { status: 409, title: "Five recovery contacts are the most. Please remove one first." },
  "asked-lately": {
    status: 409,
    title: "They were asked in the last seven days. Give them time, or ask them yourself by telephone.",
  },
  unreachable: { status: 409, title: "They have no confirmed mail address just now. Ask them yourself by telephone." },
  "no-such-contact": { status: 404, title: "There is no such invitation or contact any more." },
});
