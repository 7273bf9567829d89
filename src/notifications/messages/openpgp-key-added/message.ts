import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  readonly username: string;
  /** As gpg prints it: hexadecimal digits. */
  readonly fingerprint: string;
  /** False where a newer export took the place of one that was there. */
  readonly isNew: boolean;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "openpgp-key-added",
  compose: ({ username, fingerprint, isNew, when, notMeUrl }) => ({
    subject: isNew ? "An OpenPGP key was added to your account" : "An OpenPGP key of your account was renewed",
    preheader: "It can help to prove who you are if you are ever locked out.",
    blocks: [
      paragraph(
        isNew
          ? `An OpenPGP key was added to the account ${username}. It does not sign anybody in, but a signature by it can ` +
              "help to prove who you are if you are ever locked out."
          : `A newer export of an OpenPGP key took the place of the older one on the account ${username}.`,
      ),
      facts(["Fingerprint", fingerprint], ["When", when]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    fingerprint: "5B8A3C1E9F0D7B6A4E2C1D0F8B7A6C5D4E3F2A1B",
    isNew: true,
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
