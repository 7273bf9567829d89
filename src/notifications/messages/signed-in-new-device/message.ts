import { facts, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly when: Date;
  readonly network: string;
  /** As the browser names itself: anybody's words. */
  readonly browser: string;
  readonly notMeUrl?: string;
}

export const message = defineMessage<Params>({
  name: "signed-in-new-device",
  compose: ({ username, when, network, browser, notMeUrl }) => ({
    subject: "Sign-in from a new device",
    preheader: "We have not seen this device on your account before.",
    blocks: [
      paragraph(`Somebody signed in to the account ${username} on a device we have not seen there before.`),
      facts(["When", when], ["Network", quoted(network)], ["Browser", quoted(browser)]),
      paragraph("If this was you, you need do nothing."),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    when: SAMPLE_DATE,
    network: "192.0.2.7",
    browser: "Firefox 141 on Linux",
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
