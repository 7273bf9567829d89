import { facts, list, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  /** Where the button was pressed: signed in, or on the page behind a link of one of our mails. */
  readonly from: "account" | "mail";
  /** The network it was pressed from. */
  readonly network: string;
}

/** To everybody with an address of the account. It carries no link: there is nothing left to lock. */
export const message = defineMessage<Params>({
  name: "account-locked",
  compose: ({ username, when, from, network }) => ({
    subject: "Your account is locked",
    preheader: "Nobody can sign in or publish until it is unlocked.",
    blocks: [
      paragraph(
        from === "account"
          ? `Somebody who was signed in locked the account ${username}.`
          : `Somebody locked the account ${username} with the link “This was not me” of one of our mails.`,
      ),
      facts(["When", when], ["Network", quoted(network)]),
      list(
        "Everybody is signed out, and nobody can sign in.",
        "Nothing can be published or changed, and every API token is held.",
        "Nothing is lost: projects, tokens and addresses are all still there.",
      ),
      paragraph(
        "If the account is yours, sign in as usual when you are ready. With your password and your second factor you can " +
          "unlock it there and choose a new password; without them, the same page opens a recovery case.",
      ),
    ],
  }),
  sample: { username: "alice", when: SAMPLE_DATE, from: "mail", network: "192.0.2.7" },
});
