import { link, list, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Accounts that named this address and never confirmed it. */
  readonly usernames: readonly string[];
  readonly caseUrl: string;
  /** It was confirmed, and mail to it has come back since. */
  readonly cameBack?: boolean;
}

/** No link to a new password: an address that was never confirmed may belong to somebody else by a typing mistake. */
export const message = defineMessage<Params>({
  name: "reset-not-confirmed",
  compose: ({ usernames, caseUrl, cameBack = false }) => ({
    subject: cameBack ? "This address has to be confirmed again" : "This address was never confirmed",
    preheader: "So we cannot send a link to it, but there is a way on.",
    blocks: [
      paragraph("Somebody asked us for help to sign in. This address was given for:"),
      list(...usernames),
      paragraph(
        cameBack
          ? "Mail to it came back since it was confirmed, so we cannot send a link for a new password to it: its provider " +
              "may have given the mailbox to somebody else."
          : "It was never confirmed there, so we cannot send a link for a new password to it: it could be somebody else's " +
              "by a typing mistake.",
      ),
      paragraph("If the account is yours, open a recovery case, and give this address as the one we can write to."),
      link("Open a recovery case", caseUrl),
      note("If you did not ask for this, or do not know that account, you need do nothing."),
    ],
  }),
  sample: { usernames: ["alice"], caseUrl: `${SAMPLE_ORIGIN}/recovery` },
});
