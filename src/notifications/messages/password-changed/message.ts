import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network and browser it was done from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "password-changed",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "Your password was changed",
    preheader: "The earlier password no longer works.",
    blocks: [
      paragraph(`The password of the account ${username} was changed. The earlier one no longer works.`),
      facts(["When", when], ["From", quoted(source)]),
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
