import { defineRefusals } from "../kernel/refusal.ts";

export const drillRefusals = defineRefusals("drill", {
  "no-such-way": { status: 404, title: "That is not one of your ways back any more." },
  "nothing-to-begin": { status: 409, title: "This is tested in one step. Please type the answer." },
  "no-answer-here": { status: 409, title: "This is not answered here." },
  "not-begun": { status: 409, title: "There is nothing to answer just now, or it took too long. Please begin again." },
  "wrong-code": { status: 401, title: "That is not the code of the newest mail. Please compare it once more." },
  "wrong-text": {
    status: 422,
    title: "That signature does not fit the text shown here. Run the first command again, exactly as it is.",
  },
});
