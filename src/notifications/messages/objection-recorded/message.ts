import { facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
}

export const message = defineMessage<Params>({
  name: "objection-recorded",
  compose: ({ caseNumber }) => ({
    subject: `An objection was recorded in case ${caseNumber}`,
    preheader: "Nobody gets in until a person has looked.",
    blocks: [
      paragraph(
        "Somebody who was told about this recovery objected. The case and the account are frozen: nobody gets in, and " +
          "nothing can be published, until a person has looked at it.",
      ),
      facts(["Case", caseNumber]),
      paragraph(
        "If you are the owner, you need do nothing: a reviewer looks at such cases first, and will write to you.",
      ),
    ],
  }),
  sample: { caseNumber: "1042" },
});
