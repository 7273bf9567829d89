import { date, facts, important, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, objection, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

export const message = defineMessage<NoticeParams>({
  name: "case-notice-before-release",
  compose: (params) => ({
    subject: "Last notice: somebody is about to get back into an account",
    preheader: "If this is not right, stop it now with one button.",
    blocks: [
      paragraph(`The wait is nearly over. After it, somebody may take the account ${params.username} back into use.`),
      facts(...caseFacts(params)),
      ...(params.waitEndsAt ? [date("The wait ends", params.waitEndsAt)] : []),
      important("This is the last mail before that."),
      ...whyYou(params),
      ...objection(params),
    ],
  }),
  sample: { ...SAMPLE_NOTICE, relation: "former-address" },
});
