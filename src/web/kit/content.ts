import type { Account } from "../../accounts/index.ts";
import { hasStanding, listAccounts, listAddresses } from "../../accounts/index.ts";
import { describeCodes, isTotpBound, listPasskeys } from "../../authenticators/index.ts";
import { listWays, type Way } from "../../drill/index.ts";
import { listSigningKeys } from "../../evidence/index.ts";
import type { AccountId } from "../../kernel/ids.ts";
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

/** Said after a way back, so that the sheet shows which of them to trust. */
const testedOf = (way: Way | undefined): string =>
  way ? (way.lastTestedAt ? `, last tested ${way.lastTestedAt.toISOString().slice(0, 10)}` : ", never tested") : "";

/** The kit of an account as it is now. */
export async function kitOf(runtime: Runtime, account: Account, now: Date): Promise<Kit> {
  const { db, indexName, publicUrl } = runtime;
  const [hasApp, passkeys, codes, addresses, keys, contacts, ways] = await Promise.all([
    isTotpBound(db, account.id),
    listPasskeys(db, account.id),
    describeCodes(db, account.id),
    listAddresses(db, account.id),
    listSigningKeys(db, account.id),
    listContactsOf(db, account.id),
    listWays(db, account),
  ]);
  const named = contacts.filter((one) => one.acceptedAt);
  const people = await listAccounts(
    db,
    named.map((one) => one.contactId),
  );
  const nameOf = (id: AccountId): string => people.find((one) => one.id === id)?.username ?? "somebody";
  const ofKind = (kind: Way["kind"]): string => testedOf(ways.find((way) => way.kind === kind));
  const ofId = (id: string): string => testedOf(ways.find((way) => way.id === id));
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
          "2. Sign in with my password. In place of the passkey or the app, choose “Use a recovery code”.",
          "3. If that does not work, choose “I can’t use any of these” and show what I still have, from the list below.",
          "4. Nobody of the index ever asks for a code or a password by mail or telephone.",
        ],
      },
      {
        title: "What speaks for me",
        lines: [],
        boxes: [
          ...passkeys.map(
            (one) => `My passkey “${one.name}”${one.isBackedUp ? ", synced" : ", on one device only"}${ofId(one.id)}`,
          ),
          ...(hasApp ? [`My authenticator app${ofKind("app")}`] : []),
          ...(codes ? [`My recovery codes, file ${codes.fileName}, ${codes.unused} unused${ofKind("codes")}`] : []),
          ...confirmed.map((one) => `The mailbox ${one.address}${ofId(one.id)}`),
          ...keys.map((key) => `SSH key ${key.fingerprint}${key.comment ? ` (${key.comment})` : ""}${ofId(key.id)}`),
          "An API token, in my build service or in ~/.pypirc",
          ...named.map(
            (one) => `My recovery contact ${nameOf(one.contactId)}, who is told and can stop a recovery${ofId(one.id)}`,
          ),
        ],
      },
      ...WHERE,
      {
        title: "Once a year",
        lines: [
          "Sign in, open the check-up, test every way back under “Could you get back in today?”, print this sheet anew.",
        ],
        blanks: ["Done on"],
      },
    ],
  };
}
