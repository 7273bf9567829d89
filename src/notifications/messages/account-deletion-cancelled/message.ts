import { facts, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
}

export const message = defineMessage<Params>({
  name: "account-deletion-cancelled",
  compose: ({ username, when }) => ({
    subject: "Your account will not be deleted",
    preheader: "The deletion was stopped.",
    blocks: [
      paragraph(`The deletion of the account ${username} was stopped. The account stays as it is.`),
      facts(["Stopped", when]),
      paragraph(
        "If it was not you who asked for the deletion, somebody else can sign in to the account: change your password, and look at your account history.",
      ),
    ],
  }),
  sample: { username: "alice", when: SAMPLE_DATE },
});
