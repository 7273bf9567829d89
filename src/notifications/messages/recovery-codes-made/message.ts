import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  readonly count: number;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "recovery-codes-made",
  compose: ({ username, when, count, notMeUrl }) => ({
    subject: "New recovery codes were made",
    preheader: "Any earlier codes no longer work.",
    blocks: [
      paragraph(`New recovery codes were made for the account ${username}. Any earlier codes no longer work.`),
      facts(["Codes", String(count)], ["When", when]),
      paragraph(
        "Each code signs you in once when your second factor is not at hand. Keep them apart from your phone and your " +
          "computer: on paper, or in a password manager you can also open elsewhere.",
      ),
      ...notMe(notMeUrl),
    ],
  }),
  sample: { username: "alice", when: SAMPLE_DATE, count: 10, notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl` },
});
