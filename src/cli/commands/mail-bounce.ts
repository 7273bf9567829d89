import { stat } from "node:fs/promises";
import { takeUndelivered } from "../../accounts/index.ts";
import type { Config } from "../../app/config.ts";
import { layoutOf } from "../../app/data-folder.ts";
import { asFailure, EXIT, type ExitCode } from "../../app/failure.ts";
import { MIGRATIONS } from "../../app/migrations.ts";
import { openStore } from "../../app/store.ts";
import { systemClock } from "../../kernel/clock.ts";
import { type Keyring, loadKeyring } from "../../kernel/crypto/keyring.ts";
import { pendingMigrations } from "../../kernel/db/migrate.ts";
import type { MailId } from "../../kernel/ids.ts";
import { makeLog } from "../../kernel/log.ts";
import { systemRandom } from "../../kernel/random.ts";
import type { Result } from "../../kernel/result.ts";
import {
  type SignedAddresses,
  addressRefusals,
  type FailedDelivery,
  makeBounceAddresses,
  readDeliveryReport,
} from "../../notifications/index.ts";
import type { Command, CommandInput, Outcome } from "../command.ts";

/** Far more than any report: servers send the headers back, or a letter of ours with them. */
const MOST_BYTES = 2 * 1024 * 1024;
const MOST_MILLISECONDS = 60_000;

export const mailBounce: Command = {
  name: "mail bounce",
  summary: "Take one mail that came back, from a mail server, on standard input.",
  about:
    "For a pipe of Postfix or Exim behind BOUNCE_ADDRESS. A report of a failed delivery (RFC 3464) is noted against the " +
    "mail it is about. What is not addressed to one of our mails is refused without effect. At most 2 MiB, within a minute.",
  arguments: [
    {
      name: "recipient",
      about: "the envelope recipient; without it the mail's own headers are looked at",
      isRequired: false,
    },
  ],
  run: async (input) => {
    try {
      return await inTime(take(input));
    } catch (thrown) {
      // Whatever is wrong here is the operator's to mend: until then the mail server keeps the mail.
      const why = asFailure(thrown)?.message ?? (thrown instanceof Error ? thrown.message : String(thrown));
      return outcome(EXIT.mailLater, "later", `Keep it and try again later. ${why}`);
    }
  },
};

async function take(input: CommandInput): Promise<Outcome> {
  const config = input.config();
  if (!config.bounceAddress) return outcome(EXIT.mailLater, "later", "BOUNCE_ADDRESS is not set.");
  const keys = await openKeys(config);
  const bytes = await readAll(input.context.readInput());
  if (!bytes) return outcome(EXIT.mailUnreadable, "unreadable", `It is larger than ${MOST_BYTES} bytes.`);
  const report = await readDeliveryReport(bytes);
  const [argument] = input.arguments;
  const recipients = argument === undefined ? report.recipients : [argument];
  const now = systemClock.now();
  const mailId = whichMail(makeBounceAddresses(config.bounceAddress, keys), recipients, now);
  if (!mailId.ok) return outcome(EXIT.mailUnknown, "unknown", mailId.refusal.title);
  if (!report.failure) return outcome(EXIT.ok, "no failure", "It tells of no failed delivery.");
  return note(config, keys, mailId.value, report.failure, now);
}

/** The first of the recipients that one of our mails was sent in the name of. */
function whichMail(addresses: SignedAddresses, recipients: readonly string[], now: Date): Result<MailId> {
  const read = recipients.map((one) => addresses.read(one, now));
  return (
    read.find((one) => one.ok) ??
    read.find((one) => !one.ok && one.refusal.code === addressRefusals.expired().code) ??
    addresses.read("", now)
  );
}

async function note(
  config: Config,
  keys: Keyring,
  mailId: MailId,
  failure: FailedDelivery,
  now: Date,
): Promise<Outcome> {
  const store = await openStore(config, { mayCreate: false });
  try {
    if ((await pendingMigrations(store.db, MIGRATIONS)).length > 0) throw new Error("The database is not up to date.");
    const { publicUrl, indexName } = config;
    const log = makeLog(config.logLevel, () => undefined); // what is to be said goes to the mail server
    const runtime = { db: store.db, clock: systemClock, random: systemRandom, keys, log, publicUrl, indexName };
    const taken = await takeUndelivered(runtime, mailId, failure, now);
    if (!taken.ok) return outcome(EXIT.mailLater, "later", taken.refusal.title);
    return taken.value.isNews
      ? outcome(EXIT.ok, "noted", "The failed delivery is noted.")
      : outcome(EXIT.ok, "known", "That was known already, or the mail is not on record any more.");
  } finally {
    await store.close();
  }
}

/** The keys that sent the mail. New ones would know none, so none are made here. */
async function openKeys(config: Config): Promise<Keyring> {
  const { keyFile } = layoutOf(config.dataDirectory);
  await stat(keyFile);
  return loadKeyring(keyFile, systemRandom);
}

/** All of the input, or null where it is too much. */
async function readAll(input: AsyncIterable<Uint8Array>): Promise<Buffer | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Throws when the work is not done in time; a mail server must not wait for ever. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("It was not done in time.")), MOST_MILLISECONDS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

const outcome = (exitCode: ExitCode, result: string, text: string): Outcome => ({
  exitCode,
  text,
  json: { result, exitCode, text },
});
