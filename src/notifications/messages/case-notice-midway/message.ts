import { date, facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, objection, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

export const message = defineMessage<NoticeParams>({
  name: "case-notice-midway",
  compose: (params) => ({
    subject: "Still waiting: somebody asks to get back into an account",
    preheader: "If this is not right, you can stop it with one button.",
    blocks: [
      paragraph(
        `We wrote to you before: somebody asks to be let back into the account ${params.username}. Nobody has objected so far.`,
      ),
      facts(...caseFacts(params)),
      ...(params.waitEndsAt ? [date("The wait ends", params.waitEndsAt)] : []),
      ...whyYou(params),
      ...objection(params),
    ],
  }),
  sample: { ...SAMPLE_NOTICE, relation: "co-owner" },
});
