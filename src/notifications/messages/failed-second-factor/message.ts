import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network and browser it was tried from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

/** The right password with a wrong second factor: somebody may know the password (ASVS 5.0 6.3.5). */
export const message = defineMessage<Params>({
  name: "failed-second-factor",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "Your password was right, your second factor was not",
    preheader: "Nobody was let in.",
    blocks: [
      paragraph(
        `Somebody typed the right password for the account ${username}, and then failed at the second factor. ` +
          "Nobody was let in.",
      ),
      facts(["When", when], ["From", quoted(source)]),
      paragraph("If this was you and your second factor is lost, choose “I can't use any of these” on that screen."),
      important(
        "If this was not you, somebody knows your password: change it today, here and wherever else you use it.",
      ),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    source: "198.51.100.23, an unknown browser",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
