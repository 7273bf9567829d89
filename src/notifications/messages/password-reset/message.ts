import { date, link, note, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly resetUrl: string;
  readonly expiresAt: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "password-reset",
  compose: ({ username, resetUrl, expiresAt, notMeUrl }) => ({
    subject: "Choose a new password",
    preheader: "You asked to reset your password.",
    blocks: [
      paragraph(`Somebody asked for a new password for the account ${username}. If it was you, choose one here.`),
      link("Choose a new password", resetUrl),
      date("The link works once, until", expiresAt),
      paragraph("Your second factor is asked for as well. If you have lost it, that page shows the way on."),
      note("If you did not ask for this, nothing changes as long as the link is not used."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    resetUrl: `${SAMPLE_ORIGIN}/reset/V2hhdEFMb25nVG9rZW4`,
    expiresAt: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
