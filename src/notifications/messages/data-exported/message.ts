import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network it was downloaded from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "data-exported",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "The data of your account was downloaded",
    preheader: "If it was you, there is nothing to do.",
    blocks: [
      paragraph(`Everything we hold about the account ${username} was downloaded. No password or code is in it.`),
      facts(["When", when], ["From", quoted(source)]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
