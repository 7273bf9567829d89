import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** Host and name of the account there. */
  readonly forge: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "forge-account-added",
  compose: ({ username, forge, when, notMeUrl }) => ({
    subject: "A forge account was added to your account",
    preheader: "The SSH keys it lists in public can help to prove who you are if you are ever locked out.",
    blocks: [
      paragraph(
        `An account at a forge was added to the account ${username}. The SSH keys that the forge lists for it in public do not ` +
          "sign anybody in, but a signature by one can help to prove who you are if you are ever locked out.",
      ),
      facts(["Forge account", quoted(forge)], ["When", when]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    forge: "forge.example/alice",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
