import { layoutOf } from "../../app/data-folder.ts";
import type { Config } from "../../app/config.ts";
import { EXIT, Failure } from "../../app/failure.ts";
import { addMailKey, dropMailKey } from "../../app/mail-key.ts";
import { MIGRATIONS } from "../../app/migrations.ts";
import { openStore, type Store } from "../../app/store.ts";
import { systemClock } from "../../kernel/clock.ts";
import { pendingMigrations } from "../../kernel/db/migrate.ts";
import { systemRandom } from "../../kernel/random.ts";
import {
  dkimDnsRecord,
  type DkimKey,
  type DnsRecord,
  listDkimKeys,
  makeDkimKey,
  publicDkimKey,
  readDkimKey,
  readDkimRecord,
  writeDkimKey,
} from "../../notifications/index.ts";
import type { Command, CommandInput } from "../command.ts";

const DAY = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const SELECTOR = /^(?=.{1,63}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const DAY_MS = 24 * 3600_000;

const recordLines = ({ name, value }: DnsRecord): readonly string[] => [`  name   ${name}`, `  TXT    ${value}`];
const recordOf = (key: DkimKey): DnsRecord => dkimDnsRecord(publicDkimKey(key));

/** Opens the installation for a command about its keys. Throws a Failure where its schema is older than this program. */
async function withStore<T>(input: CommandInput, act: (store: Store, config: Config) => Promise<T>): Promise<T> {
  const config = input.config();
  const store = await openStore(config, { mayCreate: false });
  try {
    if ((await pendingMigrations(store.db, MIGRATIONS)).length > 0)
      throw new Failure(EXIT.unavailable, "The database is not up to date. Run `locksmith migrate`.");
    return await act(store, config);
  } finally {
    await store.close();
  }
}

const keeperOf = ({ db }: Store) => ({ db, clock: systemClock, random: systemRandom });

export const mailKey: Command = {
  name: "mail key",
  summary: "Show what to publish in DNS for signed mails, and every key that ever signed.",
  about:
    "Mails are signed (DKIM) with the key in DATA_DIR/secrets/dkim.json, which is made at the first start. With `next` a new " +
    "key is made beside it: publish its record, then rename dkim-next.json to dkim.json and start the server again. The public " +
    "halves of old keys are kept, so that an old mail that somebody shows in a recovery can be checked.",
  arguments: [{ name: "next", about: "`next`: make the key that will follow", isRequired: false }],
  run: async (input) => {
    const [step] = input.arguments;
    if (step !== undefined && step !== "next")
      throw new Failure(EXIT.usage, "The only argument is `next`: locksmith mail key [next]");
    return withStore(input, async (store, config) => {
      const files = layoutOf(config.dataDirectory);
      const key = await readDkimKey(files.dkimFile);
      if (step === "next") {
        const { address } = config.mailFrom;
        const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
        await writeDkimKey(files.nextDkimFile, makeDkimKey(domain).file);
      }
      const next = await readDkimKey(files.nextDkimFile);
      const kept = await listDkimKeys(store.db);
      const present = key && recordOf(key);
      const following = next && recordOf(next);
      const text = [
        ...(present ? ["Mails are signed. DNS must have:", ...recordLines(present)] : ["Mails are not signed."]),
        ...(following ? ["The key that follows. Publish this before it is used:", ...recordLines(following)] : []),
        `Kept for checking old mails: ${kept.length}`,
        ...kept.map(
          ({ domain, selector, algorithm, origin, firstUsedAt, lastUsedAt }) =>
            `  ${selector} of ${domain} (${algorithm}), ${firstUsedAt.toISOString().slice(0, 10)} to ${lastUsedAt.toISOString().slice(0, 10)}${origin === "operator" ? ", added by hand" : ""}`,
        ),
      ].join("\n");
      return { exitCode: EXIT.ok, text, json: { record: present, next: following, kept } };
    });
  },
};

function dayOf(text: string | undefined, name: string): Date {
  const at = DAY.test(text ?? "") ? new Date(`${text}T00:00:00Z`) : new Date(Number.NaN);
  if (Number.isNaN(at.getTime())) throw new Failure(EXIT.usage, `${name} must be a day, like 2024-05-31.`);
  return at;
}

function keyName(domain: string | undefined, selector: string | undefined) {
  if (!DOMAIN.test(domain ?? "") || !SELECTOR.test(selector ?? ""))
    throw new Failure(
      EXIT.usage,
      "Domain and selector are those of the DNS record, SELECTOR._domainkey.DOMAIN, in small letters.",
    );
  return { domain: domain ?? "", selector: selector ?? "" };
}

export const mailKeyAdd: Command = {
  name: "mail key-add",
  summary: "Keep the public half of a key that signed mails before this installation knew of it.",
  about:
    "For keys of a mail server or of an earlier installation. Only for keys that signed nothing but mails of this index, and whose " +
    "private half is in nobody's hands. RSA of 2048 bits or more, or Ed25519.",
  arguments: [
    { name: "domain", about: "d= of the signatures", isRequired: true },
    { name: "selector", about: "s= of the signatures", isRequired: true },
    { name: "record", about: "the text of the DNS record, in quotes, or its p= alone", isRequired: true },
    { name: "first-day", about: "the first day it was used, like 2024-05-31", isRequired: true },
    { name: "last-day", about: "the last one", isRequired: true },
  ],
  run: async (input) => {
    const [domain, selector, record, first, last] = input.arguments;
    const name = keyName(domain, selector);
    const key = readDkimRecord(record ?? "");
    if (!key) throw new Failure(EXIT.usage, "The record holds no RSA key of 2048 bits or more and no Ed25519 key.");
    const firstUsedAt = dayOf(first, "first-day");
    const lastUsedAt = new Date(dayOf(last, "last-day").getTime() + DAY_MS - 1);
    if (firstUsedAt > lastUsedAt) throw new Failure(EXIT.usage, "The first day lies after the last one.");
    const isNew = await withStore(input, (store) =>
      addMailKey(keeperOf(store), { ...name, ...key, firstUsedAt, lastUsedAt }),
    );
    const text = isNew ? "The key is kept." : "The key was kept already; nothing was changed.";
    return { exitCode: EXIT.ok, text, json: { isNew } };
  },
};

export const mailKeyDrop: Command = {
  name: "mail key-drop",
  summary: "Take a kept key away, one that leaked for example: what it signed proves nothing any more.",
  about: "A key that the server still signs with comes back at its next start.",
  arguments: [
    { name: "domain", about: "d= of the signatures", isRequired: true },
    { name: "selector", about: "s= of the signatures", isRequired: true },
  ],
  run: async (input) => {
    const name = keyName(input.arguments[0], input.arguments[1]);
    const count = await withStore(input, (store) => dropMailKey(keeperOf(store), name));
    const text = count > 0 ? "The key is gone." : "There is no such key.";
    return { exitCode: count > 0 ? EXIT.ok : EXIT.checkFailed, text, json: { count } };
  },
};
