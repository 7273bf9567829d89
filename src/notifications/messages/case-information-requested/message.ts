import { facts, link, paragraph, paragraphs } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";
import { unlinked } from "../../wording.ts";

interface Params {
  readonly caseNumber: string;
  /** A reviewer's words. */
  readonly question: string;
  readonly casePageUrl: string;
}

export const message = defineMessage<Params>({
  name: "case-information-requested",
  compose: ({ caseNumber, question, casePageUrl }) => ({
    subject: `A question about your recovery case ${caseNumber}`,
    preheader: "The next step is yours.",
    isAnswerable: true,
    blocks: [
      paragraph("A reviewer has read your case and asks:"),
      ...paragraphs(unlinked(question)),
      facts(["Case", caseNumber]),
      link("Answer on your case page", casePageUrl),
      paragraph("Your case waits for you. Nothing is lost if you need time."),
    ],
  }),
  sample: {
    caseNumber: "1042",
    question: "Which release did you upload last, and from which machine?\n\nA rough answer is fine.",
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
  },
});
