import { code, date, facts, important, notMe, paragraph } from "../../letter.ts";
import { defineMessage, SAMPLE_DATE, SAMPLE_ORIGIN } from "../../message.ts";
import { quoted } from "../../wording.ts";

interface Params {
  readonly username: string;
  readonly code: string;
  readonly expiresAt: Date;
  readonly when: Date;
  readonly network: string;
  /** As the browser names itself: anybody's words. */
  readonly browser: string;
  /** The host of this installation, by which the right page is known. */
  readonly site: string;
  readonly isDesk: boolean;
  readonly notMeUrl?: string;
}

/** Password, and second factor where there is one, were right on a browser that is new to the account. */
export const message = defineMessage<Params>({
  name: "new-device-code",
  compose: ({ username, code: shown, expiresAt, when, network, browser, site, isDesk, notMeUrl }) => ({
    subject: "Code to sign in on a new device",
    preheader: "Not you? Then somebody knows your password: lock the account.",
    blocks: [
      paragraph(
        `Somebody is signing in to the account ${username}${isDesk ? " at the desk" : ""}, with everything that is asked for. We ask once more, since the device is new to the account, or many wrong passwords come from its network just now. If it is you, type this code on the page that is waiting for it.`,
      ),
      code("Your code", shown),
      date("It works once, on that page, until", expiresAt),
      facts(["When", when], ["Network", quoted(network)], ["Browser", quoted(browser)]),
      important(
        `Type it only on ${site}, on the page you opened yourself. We never ask for it in a mail, a chat or on the telephone.`,
      ),
      paragraph(
        "If it is not you, somebody knows your password, and perhaps more. Give the code to nobody, and lock the account.",
      ),
      ...notMe(notMeUrl),
    ],
  }),
  sample: {
    username: "alice",
    code: "4711 0815",
    expiresAt: SAMPLE_DATE,
    when: SAMPLE_DATE,
    network: "192.0.2.7",
    browser: "Firefox on Linux",
    site: "index.example",
    isDesk: false,
    notMeUrl: `${SAMPLE_ORIGIN}/not-me/c2FtcGxl`,
  },
});
