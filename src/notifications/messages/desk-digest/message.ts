import { facts, link, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** What waits for the desk, and for how long: label and words. */
  readonly lines: readonly (readonly [label: string, words: string])[];
  readonly overdue: number;
  readonly deskUrl: string;
}

/** For the people of the desk, once a day. Numbers alone: nobody's name is in it. */
export const message = defineMessage<Params>({
  name: "desk-digest",
  compose: ({ lines, overdue, deskUrl }) => ({
    subject: overdue > 0 ? "Recovery cases wait too long" : "Recovery cases wait for the desk",
    blocks: [
      paragraph(
        overdue > 0
          ? `${overdue === 1 ? "One case has" : `${overdue} cases have`} waited longer for us than we promise.`
          : "These cases wait for one of us.",
      ),
      facts(...lines),
      link("Open the queue", deskUrl),
    ],
  }),
  sample: {
    lines: [
      ["Incidents", "1, the oldest for 2 days"],
      ["Waiting for us", "4, the oldest for 5 days; 2 for longer than 3 days"],
    ],
    overdue: 2,
    deskUrl: `${SAMPLE_ORIGIN}/console`,
  },
});
