import { facts, link, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { caseFacts, type NoticeParams, SAMPLE_NOTICE, whyYou } from "../case-notice.ts";

const { waitEndsAt: _past, ...SAMPLE } = SAMPLE_NOTICE;

/** After an objection to a completed recovery: it was not the owner, and everything it had bound has ended. */
export const message = defineMessage<NoticeParams>({
  name: "case-notice-reversed",
  compose: (params) => ({
    subject: "A recovery was taken back",
    preheader: "The account is frozen until its owner has recovered it.",
    blocks: [
      paragraph(
        `Somebody objected to the recovery of the account ${params.username} after it was completed. Two people of this ` +
          "index looked into it and took it back: every session, API token, password and second factor of the account has " +
          "ended, and it stays frozen. Nothing can be published from it.",
      ),
      facts(...caseFacts(params)),
      ...whyYou(params),
      paragraph(
        "If the account is yours, open a recovery case of your own. What was there before this recovery still speaks for you.",
      ),
      link("Where recovery begins", new URL("/recovery", params.objectUrl).href),
    ],
  }),
  sample: SAMPLE,
});
