import { link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Whose contact the addressee is. */
  readonly username: string;
  readonly answerUrl: string;
  /** Where the index is, for typing. */
  readonly host: string;
}

export const message = defineMessage<Params>({
  name: "contact-still-there",
  compose: ({ username, answerUrl, host }) => ({
    subject: "Are you still there as a recovery contact?",
    preheader: "One button, without signing in.",
    blocks: [
      paragraph(
        `You are a recovery contact of ${username}. Should somebody ask to recover that account, we would write to this address, and you could stop it. That works only while you read our mail, so we ask now and then.`,
      ),
      link("Yes, I am still there", answerUrl),
      paragraph(
        `You would rather not be it any more? Type ${host} into your browser, sign in, and end it on your page “Recovery contacts”.`,
      ),
      note("If you do nothing, you stay a contact, and its owner sees that you have not answered."),
    ],
  }),
  sample: { username: "alice", answerUrl: `${SAMPLE_ORIGIN}/still-there/c2FtcGxl`, host: new URL(SAMPLE_ORIGIN).host },
});
