import { code, date, facts, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly caseNumber: string;
  readonly casePageUrl: string;
  /**
   * A code that proves this mailbox and shows the page, where the mail is to carry one. The code that was shown on the
   * screen is another, and may do more: who only reads this mail must not be able to withdraw the case.
   */
  readonly code?: string;
  readonly codeExpiresAt?: Date | null;
  /** Whether a code was shown on a screen as well: not where the case was opened by mail. */
  readonly wasShownCode?: boolean;
}

export const message = defineMessage<Params>({
  name: "case-opened-claimant",
  compose: ({ caseNumber, casePageUrl, code: shown, codeExpiresAt, wasShownCode = true }) => ({
    subject: `Your recovery case ${caseNumber} is open`,
    preheader: "Keep this mail: it leads to your case page.",
    isAnswerable: true,
    blocks: [
      paragraph(
        "We have your request. A private page shows where it stands, what is proven, and what would help most.",
      ),
      facts(["Case", caseNumber]),
      link("Open your case page", casePageUrl),
      ...(shown === undefined
        ? []
        : [
            paragraph("The page asks for a code. This one shows that you can read this mailbox:"),
            code("Code for the case page", shown),
            ...(codeExpiresAt ? [date("This code works until", codeExpiresAt)] : []),
          ]),
      paragraph(
        wasShownCode
          ? "The code that was shown on the screen when the case was opened works there too. If you have neither, the " +
              "page can have a new one sent to you."
          : "If it does not work any more, the page can have a new one sent to you.",
      ),
      note("If you did not ask for this, somebody gave us your address by mistake: you need do nothing."),
    ],
  }),
  sample: {
    caseNumber: "1042",
    casePageUrl: `${SAMPLE_ORIGIN}/case/V2hhdEFMb25nVG9rZW4`,
    code: "K7QF-2MXP",
    codeExpiresAt: SAMPLE_DATE,
  },
});
