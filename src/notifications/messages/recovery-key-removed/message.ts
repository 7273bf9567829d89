import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly what: "SSH key" | "OpenPGP key" | "forge account";
  /** The fingerprint, or the name of the account at the forge. */
  readonly name: string;
  /** `leaked`: its private part was pasted where it does not belong. */
  readonly why: "removed" | "leaked";
  readonly when: Date;
  readonly notMeUrl?: string;
}

const ARTICLE = { "SSH key": "An", "OpenPGP key": "An", "forge account": "A" } as const;

export const message = defineMessage<Params>({
  name: "recovery-key-removed",
  compose: ({ username, what, name, why, when, notMeUrl }) => ({
    subject: `${ARTICLE[what]} ${what} of your account counts no more`,
    preheader: "It no longer helps to prove who you are if you are locked out.",
    blocks: [
      paragraph(
        why === "removed"
          ? `${ARTICLE[what]} ${what} was removed from the account ${username}. It no longer helps to prove who you are if you are locked out.`
          : `The private part of ${ARTICLE[what].toLowerCase()} ${what} of the account ${username} was pasted into a text that was sent to us. ` +
              "The text was not kept, but the key was on its way: it counts for nothing here any more.",
      ),
      facts(["Key", quoted(name)], ["When", when]),
      ...(why === "leaked" ? [paragraph("Replace that key wherever else you use it.")] : []),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    what: "SSH key",
    name: "SHA256:uNiVztksCsDhcc0u9e8BrhJpVUKz0mZr5+6hT3d1a2Y",
    why: "leaked",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
