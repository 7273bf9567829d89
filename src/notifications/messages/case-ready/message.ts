import { date, facts, link, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  /** Leads to the case page's last step; works once. Not a session. */
  readonly restoreUrl: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "case-ready",
  compose: ({ caseNumber, restoreUrl, expiresAt }) => ({
    subject: `Your recovery case ${caseNumber}: you can take your account back`,
    preheader: "Set a new password and a new second factor.",
    blocks: [
      paragraph(
        "Nobody objected, and the wait is over. You can now set a new password and a new second factor, and get new " +
          "recovery codes. Have your phone or security key with you; it takes about five minutes.",
      ),
      paragraph("Open the link where your case page is open, or have your case code at hand."),
      facts(["Case", caseNumber]),
      link("Take your account back", restoreUrl),
      date("This works once, until", expiresAt),
      paragraph("If that is too soon for you, your case page can give you a new date."),
    ],
  }),
  sample: { caseNumber: "1042", restoreUrl: `${SAMPLE_ORIGIN}/restore/V2hhdEFMb25nVG9rZW4`, expiresAt: SAMPLE_DATE },
});
