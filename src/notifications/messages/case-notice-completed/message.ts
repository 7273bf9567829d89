import { facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, objection, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

const { waitEndsAt: _past, ...SAMPLE } = SAMPLE_NOTICE;

export const message = defineMessage<NoticeParams>({
  name: "case-notice-completed",
  compose: (params) => ({
    subject: "An account was recovered",
    preheader: "If this is not right, you can still freeze it with one button.",
    blocks: [
      paragraph(
        `Somebody proved to be the owner of the account ${params.username} and has set a new password and a new second ` +
          "factor. Earlier sessions and API tokens no longer work, and publishing is held for a while.",
      ),
      facts(...caseFacts(params)),
      ...whyYou(params),
      ...objection(params),
    ],
  }),
  sample: SAMPLE,
});
