import { facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  /** What the owner calls the passkey. */
  readonly name: string;
  readonly when: Date;
  /** Network it was shown from. */
  readonly source: string;
  readonly notMeUrl?: string;
}

/** A passkey's count of uses went back: there may be two of it (WebAuthn L3 §7.2 step 22). */
export const message = defineMessage<Params>({
  name: "passkey-copied",
  compose: ({ name, when, source, notMeUrl }) => ({
    subject: "One of your passkeys may have been copied",
    preheader: "It was not accepted.",
    blocks: [
      paragraph(
        "A passkey counts how often it was used. One of yours was shown with a count that we had seen already, as a " +
          "copy of it would do. It was not accepted, and nobody was let in with it.",
      ),
      facts(["Passkey", quoted(name)], ["When", when], ["From", quoted(source)]),
      important("Sign in another way, remove this passkey, and make a new one on the same device."),
      paragraph("A device that was reset or restored from a backup can look like this too. Then the same steps help."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    name: "Blue key",
    when: SAMPLE_DATE,
    source: "198.51.100.23",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
