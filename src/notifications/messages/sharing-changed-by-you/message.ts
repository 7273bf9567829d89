import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** "the project alpenglow". */
  readonly where: string;
  /** A whole sentence that says who did what. */
  readonly what: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

/** To who changed something that several people share: the owner hears of it when it was a thief. */
export const message = defineMessage<Params>({
  name: "sharing-changed-by-you",
  compose: ({ where, what, when, notMeUrl }) => ({
    subject: "You changed something you share",
    preheader: "If this was not you, lock your account.",
    blocks: [paragraph(`This is about ${where}.`), paragraph(what), facts(["When", when]), ...notMe(notMeUrl)],
  }),
  sample: {
    where: "the project alpenglow",
    what: "alice made bob an owner; before that they were a maintainer.",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
