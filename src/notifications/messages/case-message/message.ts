import { facts, link, paragraph, paragraphs } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  /** A reviewer's words. */
  readonly text: string;
  readonly casePageUrl: string;
}

export const message = defineMessage<Params>({
  name: "case-message",
  compose: ({ caseNumber, text, casePageUrl }) => ({
    subject: `A message about your recovery case ${caseNumber}`,
    isAnswerable: true,
    blocks: [
      paragraph("A reviewer wrote to you:"),
      ...paragraphs(text),
      facts(["Case", caseNumber]),
      link("Open your case page", casePageUrl),
    ],
  }),
  sample: {
    caseNumber: "1042",
    text: "Thank you, that is all we need. You will hear from us tomorrow.",
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
  },
});
