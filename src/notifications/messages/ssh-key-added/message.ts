import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** The key's name, as its owner wrote it. */
  readonly name: string;
  /** `SHA256:...`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly when: Date;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "ssh-key-added",
  compose: ({ username, name, fingerprint, when, notMeUrl }) => ({
    subject: "An SSH key was added to your account",
    preheader: "It can help to prove who you are if you are ever locked out.",
    blocks: [
      paragraph(
        `An SSH key was added to the account ${username}. It does not sign anybody in, but it can help to prove who you ` +
          "are if you are ever locked out.",
      ),
      facts(["Name", quoted(name)], ["Fingerprint", fingerprint], ["When", when]),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    name: "desk at home",
    fingerprint: "SHA256:uNiVztksCsDhcc0u9e8BrhJpVUKz0mZr5+6hT3d1a2Y",
    when: SAMPLE_DATE,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
