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
  name: "domain-lapsed",
  compose: ({ username, address, when, notMeUrl }) => ({
    subject: "One of your addresses no longer works",
    preheader: "Its domain takes no mail any more.",
    blocks: [
      paragraph(
        `The domain of an address on the account ${username} has taken no mail for several nights. Whoever registers it next could read what we send there, so the address no longer counts: it neither signs you in nor helps in a recovery.`,
      ),
      facts(["Address", quoted(address)], ["Since", when]),
      important(
        "If the domain is still yours, put it right and confirm the address again on your page “Mail addresses”.",
      ),
      paragraph("If not, add another address there and remove this one."),
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
