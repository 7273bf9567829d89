import { link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  /** Where the index is, for typing. */
  readonly host: string;
  /** Ways back that were not tested for a year. Which ones, a mail does not say: others may read it. */
  readonly stale: number;
  readonly ways: number;
  /** Whether the recovery codes are among them. */
  readonly isAboutCodes: boolean;
  readonly laterUrl: string;
}

export const message = defineMessage<Params>({
  name: "drill-reminder",
  compose: ({ username, host, stale, ways, isAboutCodes, laterUrl }) => ({
    subject: isAboutCodes ? "Do you still have your recovery codes?" : "Could you get back in today?",
    preheader: "Once a year, a few minutes.",
    blocks: [
      paragraph(
        isAboutCodes
          ? `You saved recovery codes for the account ${username} to get back in should your phone be gone. It is a year since you last showed that you have them. Would you find them today?`
          : `It is a year since you last tested every way back into the account ${username}.`,
      ),
      paragraph(
        stale === 1
          ? `Of your ${ways} ways back, one was not tested for a year. The test takes a minute and uses nothing up.`
          : `Of your ${ways} ways back, ${stale} were not tested for a year. The tests take a few minutes and use nothing up.`,
      ),
      paragraph(
        `Type ${host} into your browser yourself, sign in, and open “Check-up”, then “Could you get back in today?”. This mail has no link to it on purpose, so that you need not trust a mail.`,
      ),
      link("Not now: remind me in 30 days", laterUrl),
      note("We send this at most once a year, unless you ask to be reminded later."),
    ],
  }),
  sample: {
    username: "alice",
    host: new URL(SAMPLE_ORIGIN).host,
    stale: 2,
    ways: 5,
    isAboutCodes: true,
    laterUrl: `${SAMPLE_ORIGIN}/drill-later/c2FtcGxl`,
  },
});
