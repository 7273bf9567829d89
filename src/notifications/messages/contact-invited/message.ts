import { link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Who asks. */
  readonly username: string;
  readonly answerUrl: string;
}

export const message = defineMessage<Params>({
  name: "contact-invited",
  compose: ({ username, answerUrl }) => ({
    subject: "Somebody asks you to be their recovery contact",
    preheader: "You decide; nothing happens until you do.",
    blocks: [
      paragraph(
        `${username} would like you to be a recovery contact. Should they lose their way into their account one day, we would tell you of it, and you could stop it if it looks wrong to you.`,
      ),
      paragraph("You never see their account, and they never see yours. You can stop being it at any time."),
      link("Answer on your page “Recovery contacts”", answerUrl),
      note(`If you do not know ${username}, do nothing: the invitation has no effect without you.`),
    ],
  }),
  sample: { username: "alice", answerUrl: `${SAMPLE_ORIGIN}/account/contacts` },
});
