import { facts, link, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  readonly casePageUrl: string;
}

export const message = defineMessage<Params>({
  name: "case-expired",
  compose: ({ caseNumber, casePageUrl }) => ({
    subject: `Your recovery case ${caseNumber} has come to rest`,
    preheader: "You can take it up again whenever you like.",
    blocks: [
      paragraph(
        "Nothing happened in your case for a while, so we have put it to rest. What you have proven is kept for now.",
      ),
      facts(["Case", caseNumber]),
      link("Take the case up again", casePageUrl),
    ],
  }),
  sample: { caseNumber: "1042", casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4` },
});
