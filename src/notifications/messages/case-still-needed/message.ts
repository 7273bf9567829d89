import { date, facts, link, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  readonly expiresAt: Date;
  readonly casePageUrl: string;
}

export const message = defineMessage<Params>({
  name: "case-still-needed",
  compose: ({ caseNumber, expiresAt, casePageUrl }) => ({
    subject: `Do you still need recovery case ${caseNumber}?`,
    preheader: "It waits for you, and closes by itself if you do not need it any more.",
    blocks: [
      paragraph("Your recovery case is open and waits for your next step. Are you still locked out?"),
      facts(["Case", caseNumber]),
      date("Without a sign from you it closes by itself", expiresAt),
      paragraph("If you are, the case page shows what would help most now, and you can write to us there."),
      link("Go on with your case", casePageUrl),
      paragraph("If you got in another way, you need not do anything. A case that was closed can be opened again."),
    ],
  }),
  sample: {
    caseNumber: "1042",
    expiresAt: SAMPLE_DATE,
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
  },
});
