import { facts, important, link, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly what: "added" | "made the main one" | "removed" | "put back";
  /** Masked, but for who reads it there. */
  readonly address: string;
  readonly when: Date;
  readonly source: string;
  /** To the addresses of before the change: takes it back. */
  readonly undoUrl?: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "addresses-changed",
  compose: ({ username, what, address, when, source, undoUrl, notMeUrl }) => ({
    subject: "The addresses of your account were changed",
    preheader: "If it was you, there is nothing to do.",
    blocks: [
      paragraph(`On the account ${username} an address was ${what}.`),
      facts(["Address", quoted(address)], ["When", when], ["From", quoted(source)]),
      ...(undoUrl === undefined
        ? []
        : [
            important("If this was not you, take it back within 72 hours. You need not sign in for it."),
            link("Take this change back", undoUrl),
            paragraph("The page has one button. Opening the link does nothing by itself."),
          ]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    what: "made the main one",
    address: "a•••@e•••.org",
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    undoUrl: `${SAMPLE_ORIGIN}/undo-address/c2FtcGxl`,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
