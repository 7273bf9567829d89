import type { Account } from "../../accounts/index.ts";
import { hasStanding, listAccounts, listAddresses } from "../../accounts/index.ts";
import { describeCodes, isTotpBound } from "../../authenticators/index.ts";
import { listSigningKeys } from "../../evidence/index.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { listContactsOf } from "../../recovery-contacts/index.ts";

/** The sheet that a subscriber keeps with their papers: what they have, and what to do when it is gone. Holds no secret. */
export interface Kit {
  readonly title: string;
  /** Whose it is and from when. */
  readonly facts: readonly (readonly [string, string])[];
  readonly parts: readonly KitPart[];
}

export interface KitPart {
  readonly title: string;
  readonly lines: readonly string[];
  /** Each with a box to tick. */
  readonly boxes?: readonly string[];
  /** Lines to write on, by what belongs there. */
  readonly blanks?: readonly string[];
}

const WHERE: readonly KitPart[] = [
  {
    title: "Where I keep things (write by hand)",
    lines: [],
    blanks: ["My recovery codes are", "My password manager is", "My spare security key is"],
  },
];

/** The kit of an account as it is now. */
export async function kitOf(runtime: Runtime, account: Account, now: Date): Promise<Kit> {
  const { db, indexName, publicUrl } = runtime;
  const [hasApp, codes, addresses, keys, contacts] = await Promise.all([
    isTotpBound(db, account.id),
    describeCodes(db, account.id),
    listAddresses(db, account.id),
    listSigningKeys(db, account.id),
    listContactsOf(db, account.id),
  ]);
  const named = contacts.filter((one) => one.acceptedAt).map((one) => one.contactId);
  const people = await listAccounts(db, named);
  const confirmed = addresses.filter(hasStanding);
  return {
    title: `Recovery kit for ${indexName}`,
    facts: [
      ["Address of the index", publicUrl.host],
      ["Username", account.username],
      ["Printed", now.toISOString().slice(0, 10)],
    ],
    parts: [
      {
        title: "If I cannot sign in",
        lines: [
          `1. Type ${publicUrl.host} into the browser myself; follow no link from a mail.`,
          "2. Sign in with my password. In place of the app, choose “Use a recovery code”.",
          "3. If that does not work, choose “I can’t use any of these” and show what I still have, from the list below.",
          "4. Nobody of the index ever asks for a code or a password by mail or telephone.",
        ],
      },
      {
        title: "What speaks for me",
        lines: [],
        boxes: [
          ...(hasApp ? ["My authenticator app"] : []),
          ...(codes ? [`My recovery codes, file ${codes.fileName}, ${codes.unused} unused`] : []),
          ...confirmed.map((one) => `The mailbox ${one.address}`),
          ...keys.map((key) => `SSH key ${key.fingerprint}${key.comment ? ` (${key.comment})` : ""}`),
          "An API token, in my build service or in ~/.pypirc",
          ...people.map((one) => `My recovery contact ${one.username}, who is told and can stop a recovery`),
        ],
      },
      ...WHERE,
      {
        title: "Once a year",
        lines: ["Sign in, type back one recovery code, look at the check-up, and print this sheet anew."],
        blanks: ["Done on"],
      },
    ],
  };
}
