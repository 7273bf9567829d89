import { date, facts, link, list, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  /** The decision in one sentence. */
  readonly headline: string;
  /** Why, and what follows, one sentence each. */
  readonly sentences: readonly string[];
  readonly waitEndsAt?: Date | null;
  readonly casePageUrl?: string;
}

export const message = defineMessage<Params>({
  name: "case-decided",
  compose: ({ caseNumber, headline, sentences, waitEndsAt, casePageUrl }) => ({
    subject: `Your recovery case ${caseNumber} was decided`,
    blocks: [
      paragraph(headline),
      ...(sentences.length > 0 ? [list(...sentences)] : []),
      ...(waitEndsAt ? [date("The wait ends by itself", waitEndsAt)] : []),
      facts(["Case", caseNumber]),
      ...(casePageUrl === undefined ? [] : [link("Open your case page", casePageUrl)]),
    ],
  }),
  sample: {
    caseNumber: "1042",
    headline: "What you have shown is enough: you will get back in after a wait of 72 hours.",
    sentences: [
      "You knew the password, and you can read the mailbox of the account.",
      "The wait gives everybody who may have a say the time to speak up. We have written to them.",
    ],
    waitEndsAt: SAMPLE_DATE,
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
  },
});
