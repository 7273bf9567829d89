import { date, facts, important, link, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Network it was asked from. */
  readonly source: string;
  readonly dueAt: Date;
  /** Keeps the account; a page with one button. */
  readonly keepUrl: string;
}

export const message = defineMessage<Params>({
  name: "account-deletion-asked",
  compose: ({ username, when, source, dueAt, keepUrl }) => ({
    subject: "Your account will be deleted",
    preheader: "If you do not want that, keep it with one button.",
    blocks: [
      paragraph(`Somebody who is signed in to the account ${username} has asked us to delete it.`),
      facts(["Asked", when], ["From", quoted(source)]),
      date("It will be deleted after", dueAt),
      important("If this was not you, or you have changed your mind, keep the account. You need not sign in for it."),
      link("Keep my account", keepUrl),
      paragraph("The page has one button. Opening the link does nothing by itself."),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    dueAt: SAMPLE_DATE,
    keepUrl: `${SAMPLE_ORIGIN}/keep-account/c2FtcGxl`,
  },
});
