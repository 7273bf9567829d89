import { date, important, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Whose account it is about. */
  readonly username: string;
  readonly answerUrl: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "vouch-asked",
  compose: ({ username, answerUrl, expiresAt }) => ({
    subject: "Somebody asks you to vouch for them",
    preheader: "Speak with them first. Do not trust this mail alone.",
    blocks: [
      paragraph(
        `Somebody says that they are ${username}, with whom you share a project or an organisation here, and that they cannot get into their account.`,
      ),
      important(
        `Call ${username} on a number or a channel you already used with them, and hear or see them. Do not trust this mail, a message, or a number that somebody sent you today: whoever wants the account can write those.`,
      ),
      link("Answer in your account", answerUrl),
      date("It can be answered until", expiresAt),
      note("You need not answer. If you cannot reach them, or are not sure, say nothing or decline; nobody is told."),
    ],
  }),
  sample: { username: "alice", answerUrl: `${SAMPLE_ORIGIN}/account/vouches/vch_1`, expiresAt: SAMPLE_DATE },
});
