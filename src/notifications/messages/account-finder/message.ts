import { list, note, paragraph } from "../../letter.ts";
import { defineMessage } from "../../message.ts";

interface Params {
  /** Accounts this address belongs to. */
  readonly usernames: readonly string[];
}

export const message = defineMessage<Params>({
  name: "account-finder",
  compose: ({ usernames }) => ({
    subject: "Your username",
    preheader: "You asked which account belongs to this address.",
    blocks: [
      paragraph("This address belongs to:"),
      list(...usernames),
      paragraph("You can also sign in with your address in place of the username."),
      note("If you did not ask for this, you need do nothing: the answer was shown to nobody else."),
    ],
  }),
  sample: { usernames: ["alice"] },
});
