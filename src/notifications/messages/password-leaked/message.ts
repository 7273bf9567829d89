import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Where it was typed from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "password-leaked",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "Your password is in a list of leaked passwords",
    preheader: "You choose a new one when you next sign in.",
    blocks: [
      paragraph(
        `The password of the account ${username} stands in lists of passwords that were stolen from other sites. It was ` +
          "not stolen here. But thieves try such lists everywhere, so you choose a new one right after you sign in.",
      ),
      facts(["Noticed when it was typed", when], ["From", quoted(source)]),
      paragraph("Your second factor and your recovery codes stay as they are."),
      important("If you use this password elsewhere, change it there too. If that sign-in was not you, do it today."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    source: "192.0.2.7, Firefox on Linux",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
