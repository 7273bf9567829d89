import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly contact: string;
  readonly answer: "accepted" | "declined" | "no longer wants to be it" | "no longer has an account here";
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "contact-answered",
  compose: ({ contact, answer, when, notMeUrl }) => ({
    subject: "An answer about your recovery contact",
    preheader: "From the person you asked.",
    blocks: [
      paragraph(
        `${contact}, whom you asked to be your recovery contact, ${answer === "accepted" ? "has accepted" : answer === "declined" ? "has declined" : answer}.`,
      ),
      facts(["When", when]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: { contact: "bob", answer: "accepted", when: SAMPLE_DATE, notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl` },
});
