import { facts, important, notMe, paragraph } from "../../letter.ts";
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
  name: "password-reset-done",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "Your password was reset by mail",
    preheader: "With a link that we sent to one of your addresses.",
    blocks: [
      paragraph(
        `A new password was chosen for the account ${username}, with a link that we sent to one of its addresses. ` +
          "Everybody was signed out. The second factor and the recovery codes are as they were, and are still asked for.",
      ),
      facts(["When", when], ["From", quoted(source)]),
      important(
        "If this was not you, somebody reads your mail: change the password of your mailbox first, then choose a new one here.",
      ),
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
