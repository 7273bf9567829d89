import { code, date, important, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  readonly code: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "case-code",
  compose: ({ caseNumber, code: shown, expiresAt }) => ({
    subject: `Code for your recovery case ${caseNumber}`,
    preheader: "Type it on the page that is waiting for it, and nowhere else.",
    blocks: [
      paragraph(
        "Type this code on the page in your browser that is waiting for it. It shows that you can read this mailbox.",
      ),
      code("Your code", shown),
      date("It works once, until", expiresAt),
      important("Give it to nobody. Somebody who asks you for it, by mail, telephone or chat, is trying to rob you."),
    ],
  }),
  sample: { caseNumber: "1042", code: "K7QF-2MXP", expiresAt: SAMPLE_DATE },
});
