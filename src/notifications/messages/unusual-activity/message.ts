import { facts, important, list, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  readonly what: "changes" | "password" | "tokens" | "tokens-held";
  readonly notMeUrl?: string;
}

const WHAT: Readonly<Record<Params["what"], readonly [string, string]>> = {
  changes: [
    "Within minutes, much was changed from a browser that is new to the account.",
    "Before the next change we ask for the password and the second factor again.",
  ],
  password: [
    "The right password came from several networks within a day, and nobody there got any further.",
    "Nobody was let in. If that was not you, choose a new password, here and wherever else you use it.",
  ],
  tokens: [
    "Several API tokens published from one network in which the account was not seen before.",
    "Nothing was stopped. A new build machine can be the reason.",
  ],
  "tokens-held": [
    "Many API tokens published at once from one network in which the account was not seen before.",
    "All API tokens are held. You release those you know on the page “API tokens”.",
  ],
};

/** Something that may be a thief, or its owner on a busy day (ASVS 5.0 6.3.5). */
export const message = defineMessage<Params>({
  name: "unusual-activity",
  compose: ({ username, when, what, notMeUrl }) => ({
    subject: "Was this you?",
    preheader: WHAT[what][0],
    blocks: [
      paragraph(`Something unusual happened on the account ${username}.`),
      list(...WHAT[what]),
      facts(["When", when]),
      paragraph("If it was you, you need do nothing more. The account history lists each event."),
      important("If it was not you, lock the account now. You can undo that yourself."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    what: "tokens-held",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
