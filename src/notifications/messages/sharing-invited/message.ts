import { date, link, note, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";

interface Params {
  /** Who asks, by username. */
  readonly inviter: string;
  /** "the project alpenglow". */
  readonly where: string;
  /** "an owner". */
  readonly role: string;
  readonly answerUrl: string;
  readonly expiresAt: Date;
}

export const message = defineMessage<Params>({
  name: "sharing-invited",
  compose: ({ inviter, where, role, answerUrl, expiresAt }) => ({
    subject: "An invitation to share a project or an organisation",
    preheader: "You decide; nothing happens until you do.",
    blocks: [
      paragraph(`${inviter} invites you to become ${role} of ${where}.`),
      link("Answer on your page “Invitations”", answerUrl),
      date("It can be accepted until", expiresAt),
      note(`If you do not know ${inviter}, do nothing: the invitation has no effect without you.`),
    ],
  }),
  sample: {
    inviter: "alice",
    where: "the project alpenglow",
    role: "an owner",
    answerUrl: `${SAMPLE_ORIGIN}/account/invitations`,
    expiresAt: SAMPLE_DATE,
  },
});
