import { Resolver } from "node:dns/promises";
import { stat } from "node:fs/promises";
import { sql } from "kysely";
import { createTransport } from "nodemailer";
import { fetchExceptions, type Config } from "../../app/config.ts";
import { MIGRATIONS } from "../../app/migrations.ts";
import { layoutOf } from "../../app/data-folder.ts";
import { loadCheckedPolicy, refuseDemonstration } from "../../app/policy.ts";
import type { Store } from "../../app/store.ts";
import { askRange, inspectBreachFile, leakHash } from "../../authenticators/index.ts";
import { pendingMigrations } from "../../kernel/db/migrate.ts";
import { createGuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { dkimDnsRecord, publicDkimKey, readDkimKey } from "../../notifications/index.ts";
import { fail, fine, type Look, warn } from "./check.ts";

const OLDEST_POSTGRESQL = 15;

const KINDS: Readonly<Record<Store["kind"], string>> = {
  server: "DATABASE_URL",
  attached: "embedded, of the running server",
  started: "embedded, started for this check",
};

export const database =
  ({ db, kind }: Store): Look =>
  async () => {
    const { rows } = await sql<{ server_version_num: string }>`show server_version_num`.execute(db.root);
    const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    const detail = `PostgreSQL ${major} (${KINDS[kind]})`;
    return major >= OLDEST_POSTGRESQL
      ? fine(detail)
      : fail(detail, `Locksmith needs PostgreSQL ${OLDEST_POSTGRESQL} or newer.`);
  };

export const migrations =
  ({ db }: Store): Look =>
  async () => {
    const pending = await pendingMigrations(db, MIGRATIONS);
    return pending.length === 0
      ? fine("all applied")
      : warn(
          `${pending.length} pending: ${pending.join(", ")}`,
          "The next start applies them; or run `locksmith migrate`.",
        );
  };

const SKEW_WARN_MILLISECONDS = 2_000;
const SKEW_FAIL_MILLISECONDS = 15_000;

/** The database's clock against ours, less half the time the question took. TOTP allows 30 seconds in all (RFC 6238 §5.2). */
export const clock =
  ({ db }: Store): Look =>
  async () => {
    const askedAt = Date.now();
    const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db.root);
    const answeredAt = Date.now();
    const skew = Math.abs((rows[0]?.at.getTime() ?? 0) - (askedAt + answeredAt) / 2);
    const detail = `${(skew / 1000).toFixed(1)} s between this machine and the database`;
    const advice = "Set both clocks by NTP: one-time codes and waiting periods depend on them.";
    if (skew > SKEW_FAIL_MILLISECONDS) return fail(detail, advice);
    return skew > SKEW_WARN_MILLISECONDS ? warn(detail, advice) : fine(detail);
  };

export const policy =
  (config: Config): Look =>
  async () => {
    const { policy: loaded } = await loadCheckedPolicy(config.policyFile);
    refuseDemonstration(loaded, config.publicUrl);
    const detail = `version ${loaded.version}, ${loaded.purpose} (${config.policyFile})`;
    return loaded.purpose === "production"
      ? fine(detail)
      : warn(detail, "Its waits are seconds: good to look at, and no protection.");
  };

const SMTP_MILLISECONDS = 5_000;

/** Connects, negotiates TLS and signs in as the mailer would; sends nothing. */
export const mail =
  (config: Config): Look =>
  async () => {
    const { smtp } = config;
    if (!smtp) {
      return warn(
        `no SMTP_URL: mails are written to ${layoutOf(config.dataDirectory).mail} and reach nobody`,
        "Set it before real people register, for example SMTP_URL=smtps://name:password@mail.example.org:465",
      );
    }
    const where = `${smtp.host}:${smtp.port}`;
    const transport = createTransport({
      host: smtp.host,
      port: smtp.port,
      secure: smtp.tls === "implicit",
      requireTLS: smtp.tls === "starttls",
      tls: { minVersion: "TLSv1.2", rejectUnauthorized: smtp.tls !== "opportunistic" },
      ...(smtp.login ? { auth: { user: smtp.login.name, pass: smtp.login.password.reveal() } } : {}),
      connectionTimeout: SMTP_MILLISECONDS,
      greetingTimeout: SMTP_MILLISECONDS,
      socketTimeout: SMTP_MILLISECONDS,
    });
    try {
      await transport.verify();
      return fine(`${where} answers, and takes our login if there is one`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return fail(`${where} takes no mail: ${reason}`, "Check SMTP_URL, the firewall, and the mail server's log.");
    } finally {
      transport.close();
    }
  };

/** A password that every list of leaked ones has. */
const EVERYBODY_KNOWS = leakHash("password");

/** Whether the lists of leaked passwords can be asked, and know what every such list knows. */
export const breachCheck =
  ({ breachUrl, breachFile }: Config): Look =>
  async () => {
    const found: string[] = [];
    if (breachFile !== null) {
      const { lines } = await inspectBreachFile(breachFile);
      found.push(`${breachFile} is a sorted list of about ${lines.toLocaleString("en-GB")} hashes`);
    }
    if (breachUrl !== null) {
      const fetch = createGuardedFetch({ allowPrivate: fetchExceptions(breachUrl) });
      const answer = await askRange(breachUrl, fetch, EVERYBODY_KNOWS);
      if (answer.kind === "away") {
        const advice =
          "Sign-ins go on without the check meanwhile. Look at BREACH_URL, and at the way out of this machine.";
        return warn(`${breachUrl.href} gives no answer: ${answer.why}`, advice);
      }
      if (answer.count === 0)
        return warn(`${breachUrl.href} answers, but does not know the best known password`, "Look at BREACH_URL.");
      found.push(`${breachUrl.href} answers`);
    }
    return found.length > 0
      ? fine(found.join("; "))
      : warn(
          "off: new passwords are compared with a list of common ones only",
          "Set BREACH_URL=https://api.pwnedpasswords.com/ or a BREACH_FILE.",
        );
  };

const DNS_MILLISECONDS = 3_000;

/** The key that signs mails, and whether receivers find its other half in DNS (RFC 6376 §3.6.2). */
export const dkim =
  (config: Config): Look =>
  async () => {
    const path = layoutOf(config.dataDirectory).dkimFile;
    const key = await readDkimKey(path);
    if (!key) {
      const detail = `no ${path}: mails are not signed`;
      return config.smtp
        ? warn(detail, "Unless the mail server signs them, many receivers will call them spam.")
        : fine(detail);
    }
    if (process.platform !== "win32" && ((await stat(path)).mode & 0o077) !== 0) {
      return fail(`${path} can be read by other accounts`, `Run: chmod 600 ${path}`);
    }
    const from = config.mailFrom.address.slice(config.mailFrom.address.lastIndexOf("@") + 1).toLowerCase();
    if (from !== key.domainName && !from.endsWith(`.${key.domainName}`)) {
      return warn(
        `the key is for ${key.domainName}, and mails come from ${from}`,
        "Receivers do not count such a signature. Make a key for that domain: locksmith mail key next, or correct MAIL_FROM.",
      );
    }
    const { publicKey: encoded } = publicDkimKey(key);
    const { name, value } = dkimDnsRecord(publicDkimKey(key));
    const resolver = new Resolver({ timeout: DNS_MILLISECONDS, tries: 1 });
    const records = await resolver.resolveTxt(name).catch((): string[][] => []);
    const isPublished = records.some((parts) => parts.join("").includes(encoded));
    return isPublished
      ? fine(`key ${key.keySelector} of ${key.domainName}, published`)
      : config.smtp
        ? warn(`the key is good, but ${name} does not publish it`, `Put this TXT record there: ${value}`)
        : fine(`key ${key.keySelector} of ${key.domainName}, not published; mails are files`);
  };
