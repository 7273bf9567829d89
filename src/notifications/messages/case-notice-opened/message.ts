import { date, facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, objection, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

export const message = defineMessage<NoticeParams>({
  name: "case-notice-opened",
  compose: (params) => ({
    subject: "Somebody asks to get back into an account",
    preheader: "If this is not right, you can stop it with one button.",
    blocks: [
      paragraph(
        `Somebody says they are locked out of the account ${params.username}, and asks us to let them back in.`,
      ),
      facts(...caseFacts(params)),
      ...(params.waitEndsAt ? [date("Nobody is let in before", params.waitEndsAt)] : []),
      ...whyYou(params),
      ...objection(params),
    ],
  }),
  sample: SAMPLE_NOTICE,
});
