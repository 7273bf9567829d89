import { date, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly when: Date;
}

/** Answers a registration with an address that is taken, so that the screen need not tell. */
export const message = defineMessage<Params>({
  name: "address-taken-notice",
  compose: ({ when }) => ({
    subject: "Somebody tried to register with your address",
    preheader: "You have an account already. Nothing was changed.",
    blocks: [
      paragraph(
        "Somebody asked for a new account with this address. You have an account here already, so none was made.",
      ),
      date("Asked", when),
      paragraph(
        "If it was you: open the index in your browser and sign in with this address in place of a username. " +
          "If the password is forgotten, choose “I cannot get in” there.",
      ),
      paragraph("If it was not you, you need do nothing. Whoever asked was not told that you have an account."),
    ],
  }),
  sample: { when: SAMPLE_DATE },
});
