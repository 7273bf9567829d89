import { stat } from "node:fs/promises";
import { inspectBreachFile, makeLeakLookup } from "../authenticators/index.ts";
import { listEvents } from "../audit/index.ts";
import { systemClock } from "../kernel/clock.ts";
import { watchKeyFile } from "../kernel/crypto/key-file.ts";
import { loadKeyring } from "../kernel/crypto/keyring.ts";
import { type Database, openDatabase } from "../kernel/db/database.ts";
import { migrate } from "../kernel/db/migrate.ts";
import { errorFields, type Log } from "../kernel/log.ts";
import { createGuardedFetch } from "../kernel/net/guarded-fetch.ts";
import { createOutside } from "../kernel/net/outside.ts";
import { systemRandom } from "../kernel/random.ts";
import type { Runtime } from "../kernel/runtime.ts";
import {
  type DkimKey,
  emlTransport,
  type MailTransport,
  makeBounceAddresses,
  makeReplyAddresses,
  smtpTransport,
} from "../notifications/index.ts";
import { type DownloadCounter, makeDownloadCounter } from "../registry/index.ts";
import { fetchExceptions, type Config, localUrl } from "./config.ts";
import { type DataLayout, layoutOf, prepareFolders } from "./data-folder.ts";
import { keepEmbedded } from "./embedded.ts";
import { EXIT, Failure } from "./failure.ts";
import { issuersOf } from "./issuers.ts";
import { supportAddressOf } from "./mail-in.ts";
import { noteMailKey, openMailKey } from "./mail-key.ts";
import { MIGRATIONS } from "./migrations.ts";
import { openSigstore } from "./sigstore.ts";
import { type LoadedPolicy, loadCheckedPolicy, refuseDemonstration } from "./policy.ts";

/** What was opened, in order, to be closed in the reverse order. */
export interface Closers {
  add(name: string, milliseconds: number, close: () => Promise<unknown>): void;
  /** Closes everything, last first; a step that fails or takes longer than its time is logged and passed over. */
  closeAll(): Promise<void>;
}

export function makeClosers(log: Log): Closers {
  const stack: { readonly name: string; readonly milliseconds: number; readonly close: () => Promise<unknown> }[] = [];
  return {
    add: (name, milliseconds, close) => void stack.push({ name, milliseconds, close }),
    closeAll: async () => {
      for (let step = stack.pop(); step; step = stack.pop()) {
        const { name, milliseconds, close } = step;
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<"late">((resolve) => {
          timer = setTimeout(() => resolve("late"), milliseconds);
        });
        try {
          if ((await Promise.race([close(), late])) === "late")
            log.warn("stop took too long", { detail: name, milliseconds });
        } catch (error) {
          log.error("stop failed", { detail: name, ...errorFields(error) });
        } finally {
          clearTimeout(timer);
        }
      }
    },
  };
}

/** What both kinds of process need: settings, policy, database, keys. */
export interface Core {
  readonly config: Config;
  readonly folders: DataLayout;
  readonly runtime: Runtime;
  readonly policy: LoadedPolicy;
  readonly connectionString: string;
  /** SMTP where a server is configured, else files in the data folder. */
  readonly mail: MailTransport;
  /** Signs them. */
  readonly mailKey: DkimKey | null;
  /** Counted by this process and not written yet. */
  readonly downloads: DownloadCounter;
}

/**
 * Opens everything below HTTP and jobs: folders, policy, database with its schema brought up to date, keys.
 * Throws a Failure for whatever can be expected to be wrong; what was opened is left to `closers`.
 * @param port the one really listened on, for the public address of an installation that has none configured
 */
export async function openCore(config: Config, log: Log, closers: Closers, port: number = config.port): Promise<Core> {
  const { policy } = await loadCheckedPolicy(config.policyFile);
  refuseDemonstration(policy, config.publicUrl);
  const countLeaks = await openBreachCheck(config, log);
  const folders = layoutOf(config.dataDirectory);
  await prepareFolders(folders);
  const connectionString = config.databaseUrl?.reveal() ?? (await startOwnDatabase(folders, log, closers));
  const db = openDatabase({
    connectionString,
    onConnectionLost: (error) => log.warn("database connection lost", { error: error.message }),
  });
  closers.add("database connections", 2_000, () => db.close());
  const { applied } = await migrate(db, MIGRATIONS);
  if (applied.length > 0) log.info("schema brought up to date", { count: applied.length });
  await refuseLostKeys(db, folders);
  const keys = await loadKeyring(folders.keyFile, systemRandom);
  const endWatch = watchKeyFile(folders.keyFile, keys, (error) =>
    log.error("key file cannot be read, the keys at hand stay", errorFields(error)),
  );
  closers.add("key file", 1_000, async () => endWatch());
  const publicUrl = config.port === 0 && config.publicUrl.port === "0" ? localUrl(config.host, port) : config.publicUrl;
  const runtime: Runtime = {
    db,
    clock: systemClock,
    random: systemRandom,
    keys,
    log,
    publicUrl,
    indexName: config.indexName,
    countLeaks,
    outside: createOutside(),
    issuedTokens: issuersOf(config),
    supportAddress: supportAddressOf(config),
    sigstore: await openSigstore(config),
  };
  const { mail, mailKey } = await openMail(config, folders, runtime);
  closers.add("mail connections", 1_000, () => mail.close());
  const downloads = makeDownloadCounter();
  closers.add("download counts", 1_000, () => downloads.flush(db, systemClock.now()));
  return { config: { ...config, publicUrl }, folders, runtime, policy, connectionString, mail, mailKey, downloads };
}

/** The look-up of leaked passwords; undefined where none is set up. Throws a Failure for a file that is no such list. */
async function openBreachCheck(config: Config, log: Log): Promise<Runtime["countLeaks"]> {
  const { breachUrl: url, breachFile: file } = config;
  if (file !== null) {
    await inspectBreachFile(file).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new Failure(EXIT.usage, `BREACH_FILE (${file}) cannot be used: ${why}`);
    });
  }
  const fetch = createGuardedFetch({ allowPrivate: fetchExceptions(url) });
  return makeLeakLookup({ url, file }, { fetch, clock: systemClock, log });
}

async function openMail(config: Config, folders: DataLayout, runtime: Runtime) {
  const { address } = config.mailFrom;
  const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
  const mailKey = await openMailKey(runtime, folders.dkimFile, domain);
  if (mailKey) await noteMailKey(runtime, mailKey);
  else runtime.log.warn(`mails are not signed: ${folders.dkimFile} is missing, and there was one before`);
  const options = {
    sender: config.mailFrom,
    dkim: mailKey,
    bounces: config.bounceAddress && makeBounceAddresses(config.bounceAddress, runtime.keys),
    replies: config.mailIn && makeReplyAddresses(config.mailIn.mailbox, runtime.keys),
  };
  return { mailKey, mail: config.smtp ? smtpTransport(config.smtp, options) : emlTransport(folders.mail, options) };
}

async function startOwnDatabase(folders: DataLayout, log: Log, closers: Closers): Promise<string> {
  const server = await keepEmbedded(folders.database, log);
  closers.add("embedded database", 8_000, () => server.stop());
  return server.connectionString;
}

/**
 * A database that was used and a data folder without keys do not belong together: new keys would make every password,
 * TOTP secret and recovery code in it worthless without a word.
 */
async function refuseLostKeys(db: Database, folders: DataLayout): Promise<void> {
  const hasKeys = await stat(folders.keyFile).then(
    () => true,
    () => false,
  );
  if (hasKeys || (await listEvents(db, { limit: 1 })).length === 0) return;
  throw new Failure(
    EXIT.unavailable,
    `The key file ${folders.keyFile} is missing, and this database was used with one. Without it no password, code or ` +
      "TOTP secret in it can be checked. Put it back from a backup, copy it from the machine that has it, or correct DATA_DIR.",
  );
}
