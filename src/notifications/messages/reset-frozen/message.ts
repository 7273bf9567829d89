import { facts, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly frozenAt: Date;
  readonly caseUrl: string;
}

export const message = defineMessage<Params>({
  name: "reset-frozen",
  compose: ({ username, frozenAt, caseUrl }) => ({
    subject: "Your account is frozen",
    preheader: "A new password cannot be set just now.",
    blocks: [
      paragraph(
        `Somebody asked for a new password for the account ${username}. The account is frozen, so nothing on it can be ` +
          "changed: not by you, and not by a thief.",
      ),
      facts(["Frozen since", frozenAt]),
      paragraph(
        "If you know your password, sign in with it: the page that follows says why, until when, and how to end it. " +
          "Otherwise open a recovery case, or go on with the one that is open.",
      ),
      link("Open a recovery case", caseUrl),
      note("If you did not ask for this, you need do nothing."),
    ],
  }),
  sample: { username: "alice", frozenAt: SAMPLE_DATE, caseUrl: `${SAMPLE_ORIGIN}/recovery` },
});
