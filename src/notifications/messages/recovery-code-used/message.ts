import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network and browser it was used from. */
  readonly source: string;
  /** Unused codes that remain. */
  readonly left: number;
  readonly notMeUrl?: string;
}

const FEW = 3;

export const message = defineMessage<Params>({
  name: "recovery-code-used",
  compose: ({ username, when, source, left, notMeUrl }) => ({
    subject: "A recovery code was used",
    preheader: "It cannot be used again.",
    blocks: [
      paragraph(`A recovery code was used to sign in to the account ${username}. That code cannot be used again.`),
      facts(["When", when], ["From", quoted(source)], ["Codes left", String(left)]),
      ...(left <= FEW ? [important("Few codes are left. Make new ones on the security page of your account.")] : []),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    source: "192.0.2.7, Firefox on Linux",
    left: 2,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
