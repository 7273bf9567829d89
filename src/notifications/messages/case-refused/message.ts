import { facts, link, list, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";
import { unlinked } from "../../wording.ts";

interface Params {
  readonly caseNumber: string;
  /** Why, one sentence each. */
  readonly reasons: readonly string[];
  readonly appealUrl: string;
}

export const message = defineMessage<Params>({
  name: "case-refused",
  compose: ({ caseNumber, reasons, appealUrl }) => ({
    subject: `Your recovery case ${caseNumber} was refused`,
    preheader: "The reasons, and how to appeal to somebody else.",
    blocks: [
      paragraph("With what we have seen so far we cannot let you into the account. The reasons:"),
      list(...reasons.map(unlinked)),
      facts(["Case", caseNumber]),
      paragraph("You can add proof, or appeal. An appeal is read by somebody who had no part in this decision."),
      link("Appeal", appealUrl),
    ],
  }),
  sample: {
    caseNumber: "1042",
    reasons: [
      "Two proofs of different origin are needed; there was one.",
      "Two dates you gave do not agree with our records.",
    ],
    appealUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4/appeal`,
  },
});
