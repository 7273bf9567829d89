import { date, facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  /** Null: it begins. */
  readonly endsAt: Date | null;
  readonly when: Date;
  readonly source: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "strict-mode-changed",
  compose: ({ username, endsAt, when, source, notMeUrl }) => ({
    subject: endsAt ? "Strict mode of your account will end" : "Strict mode of your account has begun",
    preheader: "It is about who may let you back in.",
    blocks: [
      paragraph(
        endsAt
          ? `Somebody signed in to the account ${username} asked to end its strict mode. If it was not you, sign in and take that back before the date below.`
          : `The account ${username} is in strict mode from now on: no person of the index can let anybody in, whatever is shown. What machines can check still opens it, after the usual wait.`,
      ),
      facts(["When", when], ["From", quoted(source)]),
      ...(endsAt ? [date("It ends on", endsAt)] : []),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    endsAt: new Date("2026-11-09T09:00:00.000Z"),
    when: SAMPLE_DATE,
    source: "192.0.2.7",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
