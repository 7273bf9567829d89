import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** The token's name, as its maker wrote it. Never the token. */
  readonly name: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "api-token-created",
  compose: ({ username, name, when, notMeUrl }) => ({
    subject: "An API token was made",
    preheader: "It can publish in your name.",
    blocks: [
      paragraph(`A new API token was made for the account ${username}. Whoever holds it can publish in your name.`),
      facts(["Name", quoted(name)], ["When", when]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: { username: "alice", name: "laptop", when: SAMPLE_DATE, notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl` },
});
