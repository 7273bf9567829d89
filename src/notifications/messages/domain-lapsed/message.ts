import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** Masked. */
  readonly address: string;
  readonly when: Date;
  readonly why: "no mail" | "deleted" | "registered anew";
  readonly notMeUrl?: string;
}

const WHAT_HAPPENED = {
  "no mail": "has taken no mail for several nights. Whoever registers it next could read what we send there",
  deleted: "is being deleted by its registrar. Whoever registers it next could read what we send there",
  "registered anew":
    "was registered anew after you confirmed the address. Whoever has it now can read what we send there",
} as const;

export const message = defineMessage<Params>({
  name: "domain-lapsed",
  compose: ({ username, address, when, why, notMeUrl }) => ({
    subject: "One of your addresses no longer works",
    preheader: "Its domain lapsed, so it no longer counts.",
    blocks: [
      paragraph(
        `The domain of an address on the account ${username} ${WHAT_HAPPENED[why]}, so the address no longer counts: it neither signs you in nor helps in a recovery.`,
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
    why: "no mail",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
