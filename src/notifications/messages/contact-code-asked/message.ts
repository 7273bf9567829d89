import { date, important, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Whose recovery contact the reader is. */
  readonly username: string;
  readonly answerUrl: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "contact-code-asked",
  compose: ({ username, answerUrl, expiresAt }) => ({
    subject: "Somebody asks for you as their recovery contact",
    preheader: "Speak with them first. Do not trust this mail alone.",
    blocks: [
      paragraph(
        `You are a recovery contact of ${username}. Somebody says that they are ${username} and cannot get into their account. In your own account you can have a code shown, to read to them.`,
      ),
      important(
        `Call ${username} on a number or a channel you already used with them, and hear or see them. Then read the code to them. Never send it in a message, and never to somebody who calls you.`,
      ),
      link("Answer in your account", answerUrl),
      date("It can be answered until", expiresAt),
      note("You need not answer. If you cannot reach them, or are not sure, say nothing or decline; nobody is told."),
    ],
  }),
  sample: { username: "alice", answerUrl: `${SAMPLE_ORIGIN}/account/vouches/vch_1`, expiresAt: SAMPLE_DATE },
});
