import { facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, objection, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

const { waitEndsAt: _past, ...SAMPLE } = SAMPLE_NOTICE;

/** After an objection to a completed recovery: two people of the desk looked, and it stands. */
export const message = defineMessage<NoticeParams>({
  name: "case-notice-kept",
  compose: (params) => ({
    subject: "A recovery stands, although somebody objected",
    preheader: "Two people looked into it. You can object again with one button.",
    blocks: [
      paragraph(
        `Somebody objected to the recovery of the account ${params.username} after it was completed. Two people of this ` +
          "index looked into it and decided that it was the owner. The account is open again, and publishing is held anew " +
          "for a while.",
      ),
      facts(...caseFacts(params)),
      ...whyYou(params),
      ...objection(params),
    ],
  }),
  sample: SAMPLE,
});
