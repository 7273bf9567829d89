import { date, facts, list, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE } from "../../message.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  readonly until: Date;
  readonly what: "changes" | "sign-ins";
}

/** To everybody with an address of the account. It carries no link: there is nothing left to lock. */
export const message = defineMessage<Params>({
  name: "account-frozen",
  compose: ({ username, when, until, what }) => ({
    subject: "Your account is frozen",
    preheader: "There were signs that somebody else was using it. Nothing is lost.",
    blocks: [
      paragraph(
        what === "changes"
          ? `In a few minutes nearly everything that protects the account ${username} was changed from a browser that is new to it. So we froze it.`
          : `Within a day the right password for the account ${username} came from many networks, and nobody there could confirm that it was you. So we froze it.`,
      ),
      facts(["When", when]),
      date("It ends by itself on", until),
      list(
        "Everybody is signed out, and nobody can sign in, publish or change anything.",
        "Projects, tokens and addresses are all still there.",
      ),
      paragraph(
        "What you can do: sign in as usual. The page that opens says why and until when, and has a way to write to us, in which your password is already proven. If your password is used elsewhere too, change it there.",
      ),
    ],
  }),
  sample: { username: "alice", when: SAMPLE_DATE, until: SAMPLE_DATE, what: "changes" },
});
