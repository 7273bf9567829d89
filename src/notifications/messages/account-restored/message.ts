import { date, list, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  /** Until when the powers below are held; null where nothing is held. */
  readonly holdUntil: Date | null;
  /** What is held: `publishing releases`, `changing addresses`. */
  readonly powers: readonly string[];
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "account-restored",
  compose: ({ username, holdUntil, powers, notMeUrl }) => ({
    subject: "You are back in your account",
    preheader: "What changed, and what is held for a while.",
    blocks: [
      paragraph(
        `The account ${username} has a new password, a new second factor and new recovery codes. Every earlier session ` +
          "was ended, and earlier API tokens no longer work: make new ones where you need them.",
      ),
      ...(holdUntil && powers.length > 0
        ? [paragraph("For your safety this is held for a while:"), list(...powers), date("Held until", holdUntil)]
        : []),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    holdUntil: new Date("2026-11-05T09:00:00.000Z"),
    powers: ["publishing releases", "changing addresses", "making API tokens"],
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
