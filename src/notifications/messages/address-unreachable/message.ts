import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** Masked. */
  readonly address: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "address-unreachable",
  compose: ({ username, address, when, notMeUrl }) => ({
    subject: "Our mail does not arrive at one of your addresses",
    preheader: "It helps with nothing until you confirm it again.",
    blocks: [
      paragraph(
        `Mail to an address of the account ${username} came back. A provider may give a mailbox that is gone to somebody else, so the address cannot be used to get into the account until you confirm it again. It stays yours, and nobody else can have it here.`,
      ),
      facts(["Address", quoted(address)], ["Since", when]),
      important(
        "If you still read it, look for what keeps our mail out, such as a full mailbox, and confirm it again on your page “Mail addresses”.",
      ),
      paragraph("If you do not, add another address there and remove this one."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    address: "a•••@o•••.example",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
