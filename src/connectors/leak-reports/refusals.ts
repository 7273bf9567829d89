import { defineRefusals } from "../../kernel/refusal.ts";

export const leakReportRefusals = defineRefusals("leak-reports", {
  unsigned: {
    status: 401,
    title: "A report needs the headers Github-Public-Key-Identifier and Github-Public-Key-Signature.",
  },
  "unknown-key": { status: 401, title: "That key is not on the reporter's list." },
  "bad-signature": { status: 401, title: "The signature is not one of this key over this body." },
  "bad-report": { status: 400, title: "A report is a JSON list of objects with token and type." },
  "no-keys": { status: 503, title: "The reporter's keys cannot be had just now. Please send the report again later." },
});
