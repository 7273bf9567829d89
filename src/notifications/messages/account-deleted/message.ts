import { facts, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
}

export const message = defineMessage<Params>({
  name: "account-deleted",
  compose: ({ username, when }) => ({
    subject: "Your account was deleted",
    preheader: "What we held about you has been erased.",
    blocks: [
      paragraph(
        `The account ${username} was deleted, as asked for. Your addresses, authenticators, keys, sessions and API tokens are erased. Nobody can take the name after you.`,
      ),
      facts(["Deleted", when]),
      paragraph("What you published stays, for those who rely on it. That this mail was sent is kept for 30 days."),
    ],
  }),
  sample: { username: "alice", when: SAMPLE_DATE },
});
