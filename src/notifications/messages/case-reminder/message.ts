import { date, facts, link, list, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  /** What it waits for: a proof, an answer, or its claimant to take the account back. */
  readonly waitsFor: "proof" | "answer" | "restoration";
  /** What would help, in the words of the case page; none where that is not the question. */
  readonly helps: readonly string[];
  readonly closesAt: Date;
  readonly casePageUrl: string;
}

const WAITS = {
  proof: "Your recovery case is open. It waits for something that shows the account is yours.",
  answer: "Your recovery case is open. We asked you something and wait for your answer.",
  restoration:
    "You can take your account back. The link for it is in our mail, and your case page can give you a new one.",
} as const;

export const message = defineMessage<Params>({
  name: "case-reminder",
  compose: ({ caseNumber, waitsFor, helps, closesAt, casePageUrl }) => ({
    subject: `Your recovery case ${caseNumber} waits for you`,
    preheader: "Nothing is lost. It closes by itself if it is not needed any more.",
    isAnswerable: waitsFor !== "restoration",
    blocks: [
      paragraph(WAITS[waitsFor]),
      ...(helps.length > 0 ? [list(...helps)] : []),
      facts(["Case", caseNumber]),
      date("Without a sign from you it closes by itself", closesAt),
      link("Go on with your case", casePageUrl),
      paragraph("If you got in another way, you need not do anything. A case that was closed can be opened again."),
    ],
  }),
  sample: {
    caseNumber: "1042",
    waitsFor: "proof",
    helps: ["One more proof of another kind is needed."],
    closesAt: SAMPLE_DATE,
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
  },
});
