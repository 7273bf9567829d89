import { facts, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly project: string;
  /** The page, as its owner wrote it. */
  readonly url: string;
  /** Whether there is an answer at its address, without the link. */
  readonly answers: boolean;
  readonly when: Date;
  readonly pageUrl: string;
}

/** To every owner of a project, once: a page that was verified does not lead back any more. */
export const message = defineMessage<Params>({
  name: "project-page-lost",
  compose: ({ project, url, answers, when, pageUrl }) => ({
    subject: "A page of your project no longer links back",
    preheader: "It does not count as verified until you verify it again.",
    blocks: [
      paragraph(
        `This is about the project ${project}. One of its verified pages ${answers ? "no longer links back to it" : "has not answered for a week"}, so it does not count as the project’s any more.`,
      ),
      facts(["Page", quoted(url)], ["When", when]),
      link("See the pages of the project", pageUrl),
      note(
        "If you changed the page, put the link back and verify it again. If you did not: its domain or the account it is hosted with may be in other hands. Look there first.",
      ),
    ],
  }),
  sample: {
    project: "alpenglow",
    url: "https://alpenglow.example/",
    answers: true,
    when: SAMPLE_DATE,
    pageUrl: `${SAMPLE_ORIGIN}/account/projects/alpenglow`,
  },
});
