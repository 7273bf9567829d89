import { date, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly confirmUrl: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "confirm-address",
  compose: ({ username, confirmUrl, expiresAt }) => ({
    subject: "Confirm your address",
    preheader: "One page with one button.",
    blocks: [
      paragraph(`This address was given for the account ${username}. Please confirm that you can read it.`),
      link("Confirm this address", confirmUrl),
      paragraph("The page has one button. Opening the link does nothing by itself."),
      date("The link works until", expiresAt),
      note(
        "If you did not ask for this, do nothing: without the button the address is not used, and will be forgotten.",
      ),
    ],
  }),
  sample: { username: "alice", confirmUrl: `${SAMPLE_ORIGIN}/confirm/V2hhdEFMb25nVG9rZW4`, expiresAt: SAMPLE_DATE },
});
