import { facts, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
}

export const message = defineMessage<Params>({
  name: "case-cancelled-by-sign-in",
  compose: ({ caseNumber }) => ({
    subject: `Your recovery case ${caseNumber} is closed`,
    preheader: "Somebody signed in with every factor.",
    blocks: [
      paragraph(
        "Somebody signed in to the account with a password and a second factor, so it is not locked. The recovery case " +
          "is closed, and nothing in the account was changed.",
      ),
      facts(["Case", caseNumber]),
      paragraph(
        "If that was you, welcome back. If you still cannot get in, open a new case and say that it was not you.",
      ),
    ],
  }),
  sample: { caseNumber: "1042" },
});
