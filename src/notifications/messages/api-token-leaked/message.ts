import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** The token's name, as its maker wrote it. Never the token. */
  readonly name: string;
  /** Where the reporter saw it. */
  readonly where: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "api-token-leaked",
  compose: ({ username, name, where, when, notMeUrl }) => ({
    subject: "An API token was found in public and ended",
    preheader: "It no longer works. Please make a new one.",
    blocks: [
      paragraph(
        `A secret scanner found an API token of the account ${username} where everybody can read it. It no longer works.`,
      ),
      facts(["Token", quoted(name)], ["Found at", quoted(where, 200)], ["Ended", when]),
      paragraph("Make a new token on your page “API tokens”, and put it where the old one was used."),
      important(
        "Until it ended, anybody could have published in your name. Please look through the newest files of your projects.",
      ),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    name: "laptop",
    where: "https://code.example/alice/notes/blob/main/deploy.sh",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
