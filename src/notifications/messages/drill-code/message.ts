import { code, date, important, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly code: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "drill-code",
  compose: ({ username, code: shown, expiresAt }) => ({
    subject: "Code to test this mailbox",
    preheader: "Type it on the page “Could you get back in today?”, and nowhere else.",
    blocks: [
      paragraph(
        `You are testing whether you could get back into the account ${username} today. Type this code on the page that is waiting for it. It shows that you still read this mailbox, and opens nothing.`,
      ),
      code("Your code", shown),
      date("It works once, until", expiresAt),
      important(
        "You asked for no code? Then somebody else is signed in to your account. Sign in, end the other sessions and change your password.",
      ),
    ],
  }),
  sample: { username: "alice", code: "4711 0815", expiresAt: SAMPLE_DATE },
});
