import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network it is done from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

/** To every address: somebody goes through what was done in the account and may undo it. */
export const message = defineMessage<Params>({
  name: "undo-begun",
  compose: ({ username, when, source, notMeUrl }) => ({
    subject: "Somebody goes through what was done in your account",
    preheader: "If it is you, there is nothing to do.",
    blocks: [
      paragraph(
        `On the account ${username} somebody has begun to go through what was done before it was given back: people who ` +
          "share projects, releases, API tokens, addresses and keys. Each can be kept or undone; whoever is concerned is told.",
      ),
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
