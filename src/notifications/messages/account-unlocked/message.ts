import { date, facts, list, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** `owner`: with password and second factor. `time`: the freeze had an end. */
  readonly how: "owner" | "time";
  /** The network it was unlocked from, where somebody did. */
  readonly network?: string;
  /** Until when publishing and changes wait, where they do. */
  readonly heldUntil?: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "account-unlocked",
  compose: ({ username, when, how, network, heldUntil, notMeUrl }) => ({
    subject: "Your account is unlocked",
    preheader: how === "owner" ? "A new password was chosen." : "The time it was locked for is over.",
    blocks: [
      paragraph(
        how === "owner"
          ? `The account ${username} was unlocked with its password and second factor, and a new password was chosen.`
          : `The account ${username} was frozen until today. That time is over, and it works again as before.`,
      ),
      facts(["When", when], ...(network === undefined ? [] : [["Network", quoted(network)] as const])),
      ...(heldUntil ? [date("Publishing and changes wait until", heldUntil)] : []),
      ...(how === "owner"
        ? [
            list(
              "API tokens stay held until you release or end each of them, on the tokens page of your account.",
              "Links “This was not me” in our earlier mails do not work any more.",
            ),
          ]
        : []),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    how: "owner",
    network: "192.0.2.7",
    heldUntil: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
