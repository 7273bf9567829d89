import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly before: string;
  readonly after: string;
  readonly when: Date;
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "passkey-renamed",
  compose: ({ username, before, after, when, source, notMeUrl }) => ({
    subject: "A passkey of your account has a new name",
    preheader: "Only its name was changed.",
    blocks: [
      paragraph(`A passkey of the account ${username} was renamed. It works as before.`),
      facts(["Before", quoted(before)], ["Now", quoted(after)], ["When", when], ["From", quoted(source)]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    before: "Passkey",
    after: "Blue key",
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
