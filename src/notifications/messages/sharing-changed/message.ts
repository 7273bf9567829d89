import { facts, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** "the project alpenglow". */
  readonly where: string;
  /** A whole sentence that says who did what. */
  readonly what: string;
  readonly when: Date;
  readonly pageUrl: string;
}

/** To those who share something, about what somebody else of them did. */
export const message = defineMessage<Params>({
  name: "sharing-changed",
  compose: ({ where, what, when, pageUrl }) => ({
    subject: "A change in something you share",
    preheader: "Who shares it, or what belongs to it, has changed.",
    blocks: [
      paragraph(`This is about ${where}.`),
      paragraph(what),
      facts(["When", when]),
      link("See who shares it", pageUrl),
      note(
        "Does it look wrong? Ask whoever did it, on a channel you already used with them. If they know nothing of it, their account may be in other hands: tell the people who run this index.",
      ),
    ],
  }),
  sample: {
    where: "the project alpenglow",
    what: "alice made bob an owner; before that they were a maintainer.",
    when: SAMPLE_DATE,
    pageUrl: `${SAMPLE_ORIGIN}/account/projects/alpenglow`,
  },
});
