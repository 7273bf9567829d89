import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Where the code was seen, in the words of whoever works at the desk. */
  readonly where: string;
  /** Unused codes that remain. */
  readonly left: number;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "recovery-code-burned",
  compose: ({ username, when, where, left, notMeUrl }) => ({
    subject: "A recovery code of yours was seen in public",
    preheader: "It does not work any more.",
    blocks: [
      paragraph(
        `One of the recovery codes of the account ${username} was seen where others can read it. We have made that code ` +
          "worthless. It was not used, and we have not seen your other codes.",
      ),
      facts(["When", when], ["Where", quoted(where, 200)], ["Codes left", String(left)]),
      important(
        "If more of your codes are there, make new ones on the security page of your account today: that ends all old ones.",
      ),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    where: "an issue in the public tracker",
    left: 9,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
