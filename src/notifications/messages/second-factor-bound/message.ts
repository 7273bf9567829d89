import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** As the screen calls it: `an authenticator app named Phone`. */
  readonly what: string;
  readonly when: Date;
  /** Network and browser it was done from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "second-factor-bound",
  compose: ({ username, what, when, source, notMeUrl }) => ({
    subject: "A second factor was added to your account",
    preheader: "From now on it is asked for when you sign in.",
    blocks: [
      paragraph(`The account ${username} has a new second factor. From now on it can be used to sign in.`),
      facts(["Added", quoted(what)], ["When", when], ["From", quoted(source)]),
      paragraph("If you did this, all is well. Have you put your recovery codes in a safe place?"),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    what: "an authenticator app named “Phone”",
    when: SAMPLE_DATE,
    source: "192.0.2.7, Firefox on Linux",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
