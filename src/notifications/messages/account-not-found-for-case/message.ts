import { facts, list, note, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly caseNumber: string;
  /** The name as it was typed, so that a slip can be seen: anybody's words. */
  readonly claimedName: string | null;
}

const NAME_SHOWN = 40;

/**
 * For a claimant whose name and mailbox do not belong together. Says nothing about any account: not whether the name
 * exists, nor whose it is.
 */
export const message = defineMessage<Params>({
  name: "account-not-found-for-case",
  compose: ({ caseNumber, claimedName }) => ({
    subject: `We could not find your account (case ${caseNumber})`,
    preheader: "What you can do next.",
    blocks: [
      paragraph(
        "Somebody asked us to recover an account and gave this address. We cannot confirm an account of that name for " +
          "this mailbox.",
      ),
      facts(["Case", caseNumber], ...(claimedName ? [["Name given", quoted(claimedName, NAME_SHOWN)] as const] : [])),
      paragraph("What you can do:"),
      list(
        "Look at the name again, letter by letter. The right one stands on the pages of your projects. You can correct it " +
          "on your case page.",
        "Ask again with the address you registered with, if it was another one.",
        "If you do not know your username, choose “I forgot my username”: the answer comes by mail.",
        "If you can no longer read the mailbox you registered with, say so on your case page. There are other ways to " +
          "prove who you are.",
      ),
      note("If you did not ask for this, you need do nothing."),
    ],
  }),
  sample: { caseNumber: "1042", claimedName: "alicee" },
});
