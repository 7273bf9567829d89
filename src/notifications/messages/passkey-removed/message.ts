import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** What the owner called the passkey. */
  readonly name: string;
  readonly when: Date;
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "passkey-removed",
  compose: ({ username, name, when, source, notMeUrl }) => ({
    subject: "A passkey was removed from your account",
    preheader: "It no longer signs in.",
    blocks: [
      paragraph(`A passkey of the account ${username} was removed. It no longer signs in.`),
      facts(["Removed", quoted(name)], ["When", when], ["From", quoted(source)]),
      paragraph("If you did this, all is well. You can delete the passkey on your device as well."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    name: "Old phone",
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
