import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { checkUrl, parseAllowRules } from "../kernel/net/addresses.ts";
import { LOG_LEVELS, type LogLevel } from "../kernel/log.ts";
import { defineRefusals, type Refusal } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { type PlusMailbox, parsePlusMailbox, parseSmtpUrl, type SmtpSettings } from "../notifications/index.ts";

/** Everything an operator decides, read once at start and valid from there on. */
export interface Config {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  /** Absolute. Everything this installation keeps is under it. */
  readonly dataDirectory: string;
  /** Null for the embedded server, whose data is in `pg` under the data folder. */
  readonly databaseUrl: Secret<string> | null;
  /** Where people reach this installation: scheme, host and port only. With port 0 it is known once the port is. */
  readonly publicUrl: URL;
  /** Null: mails are written as files under the data folder, for development. */
  readonly smtp: SmtpSettings | null;
  /** Absolute. */
  readonly policyFile: string;
  readonly logLevel: LogLevel;
  /** How long the personal data of events is kept. */
  readonly historyDays: number;
  readonly mailFrom: { readonly name: string; readonly address: string };
  readonly indexName: string;
  /** Where mails that cannot be delivered come back to, each to an address of its own; null for nowhere. */
  readonly bounceAddress: PlusMailbox | null;
  /** Where mail comes in to cases; null: none is taken. */
  readonly mailIn: MailInSettings | null;
  /** A service that speaks the range protocol of Pwned Passwords, where `range/ABCDE` is appended; null for none. */
  readonly breachUrl: URL | null;
  /** Absolute: a sorted file of leaked passwords' SHA-1; null for none. */
  readonly breachFile: string | null;
  /** A service that speaks RDAP, where `domain/NAME` is appended; null for none. */
  readonly rdapUrl: URL | null;
  /** Where a secret scanner publishes the keys it signs leak reports with; null: reports are not taken. */
  readonly leakKeysUrl: URL | null;
  /** Forges whose public lists of SSH keys can be bound to an account, where `NAME.keys` is appended; may be none. */
  readonly forgeUrls: readonly URL[];
  /** Absolute: a trusted root of sigstore, as JSON; null: its signatures show nothing here. */
  readonly sigstoreRootFile: string | null;
  /** Services whose runs can be trusted publishers, each with the issuer of its tokens; may be none. */
  readonly trustedIssuers: readonly { readonly service: string; readonly issuer: string }[];
}

export interface MailInSettings {
  readonly host: string;
  readonly port: number;
  /** The support address; answers go to it with more behind a plus sign. */
  readonly mailbox: PlusMailbox;
  /** Mail servers that may say who handed a mail in. */
  readonly relays: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the working directory and the installed package contribute. */
export interface Places {
  readonly workingDirectory: string;
  readonly packageDirectory: string;
}

export const configRefusals = defineRefusals("config", {
  invalid: { status: 500, title: "Locksmith cannot start with these settings." },
});

const LONGEST = 2048;
const LONGEST_NAME = 60;
// C0, DEL and C1: in a terminal or a mail header they do more than they show.
const CONTROL = /\p{Cc}/u;

/** What a reader of one variable answers: its value, or a sentence that says what is wrong and gives an example. */
type Read<T> = { readonly value: T } | { readonly wrong: string };

const value = <T>(is: T): Read<T> => ({ value: is });
const wrong = (sentence: string): Read<never> => ({ wrong: sentence });

/**
 * Reads the environment into settings. A variable that is empty counts as absent. Variables it does not know are left
 * alone. Refuses with every problem at once, by variable; no message repeats a value that may hold a password.
 */
export function readConfig(environment: Environment, places: Places): Result<Config> {
  const problems: Record<string, string> = {};
  const take = <T>(name: string, fallback: T, read: (text: string) => Read<T>): T => {
    const text = environment[name];
    if (text === undefined || text === "") return fallback;
    const answer = text.length > LONGEST || CONTROL.test(text) ? unreadable(text) : read(text);
    if ("value" in answer) return answer.value;
    problems[name] = answer.wrong;
    return fallback;
  };
  const host = take("HOST", "127.0.0.1", readHost);
  const port = take("PORT", 8480, readPort);
  const dataDirectory = take("DATA_DIR", join(places.workingDirectory, "data"), readPath(places));
  const given = take<URL | null>("PUBLIC_URL", null, readPublicUrl);
  if (given === null && problems["PUBLIC_URL"] === undefined && problems["HOST"] === undefined && !isLoopback(host)) {
    problems["PUBLIC_URL"] =
      `is needed when HOST (${host}) is reachable from other machines: mails and links are made from it. ` +
      "Example: PUBLIC_URL=https://accounts.example.org";
  }
  const publicUrl = given ?? localUrl(host, port);
  const mailInPort = take<number | null>("MAIL_IN_PORT", null, readPort);
  const mailInAddress = take<PlusMailbox | null>("MAIL_IN_ADDRESS", null, readMailInAddress);
  if ((mailInPort === null) !== (mailInAddress === null)) {
    const missing = mailInPort === null ? "MAIL_IN_PORT" : "MAIL_IN_ADDRESS";
    problems[missing] ??=
      "is needed as well: mail is taken in at an address, on a port. " +
      "Example: MAIL_IN_ADDRESS=recovery@example.org MAIL_IN_PORT=8425";
  }
  const mailInHost = take("MAIL_IN_HOST", "127.0.0.1", readHost);
  const mailInRelays = take<readonly string[]>("MAIL_IN_RELAYS", ["127.0.0.1", "::1"], readRelays);
  const config: Config = {
    port,
    host,
    dataDirectory,
    databaseUrl: take("DATABASE_URL", null, readDatabaseUrl),
    publicUrl,
    smtp: take("SMTP_URL", null, readSmtp),
    policyFile: take("POLICY_FILE", join(places.packageDirectory, "policy", "default.json"), readPath(places)),
    logLevel: take("LOG_LEVEL", "info", readLogLevel),
    historyDays: take("HISTORY_DAYS", 400, readHistoryDays),
    mailFrom: take("MAIL_FROM", { name: "Locksmith", address: `security@${mailDomain(publicUrl)}` }, readMailFrom),
    indexName: take("INDEX_NAME", "Locksmith Index", readIndexName),
    bounceAddress: take("BOUNCE_ADDRESS", null, readBounceAddress),
    mailIn:
      mailInPort !== null && mailInAddress !== null
        ? { host: mailInHost, port: mailInPort, mailbox: mailInAddress, relays: mailInRelays }
        : null,
    breachUrl: take("BREACH_URL", null, readBreachUrl),
    breachFile: take<string | null>("BREACH_FILE", null, readPath(places)),
    rdapUrl: take("RDAP_URL", null, readRdapUrl),
    leakKeysUrl: take("LEAK_KEYS_URL", null, readLeakKeysUrl),
    forgeUrls: take("FORGES", DEFAULT_FORGES, readForges),
    sigstoreRootFile: take<string | null>("SIGSTORE_ROOT_FILE", null, readPath(places)),
    trustedIssuers: take("TRUSTED_ISSUERS", DEFAULT_ISSUERS, readIssuers),
  };
  return Object.keys(problems).length === 0 ? ok(config) : refuse(configRefusals.invalid({ fields: problems }));
}

/** A refusal of settings as lines for a terminal: one a problem, beginning with the variable's name. */
export const configLines = (refusal: Refusal): readonly string[] => [
  refusal.title,
  ...Object.entries(refusal.fields ?? {}).map(([name, sentence]) => `  ${name} ${sentence}`),
];

/** The address of an installation without PUBLIC_URL. */
export const localUrl = (host: string, port: number): URL =>
  new URL(
    `http://${isIP(host) === 6 ? `[${host}]` : isIP(host) === 4 || isHostName(host) ? host : "127.0.0.1"}:${port}`,
  );

/** Whether only this machine can reach the host. @param host as in HOST, or as a URL's `hostname` writes it */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return (
    bare === "::1" ||
    bare === "localhost" ||
    bare.endsWith(".localhost") ||
    (isIP(bare) === 4 && bare.startsWith("127."))
  );
}

const unreadable = (text: string): Read<never> =>
  text.length > LONGEST
    ? wrong(`is ${text.length} characters long; at most ${LONGEST} are read.`)
    : wrong("contains control characters, such as a line break. Set it again without them.");

/** A value in a message: in quotes, and not longer than a line takes. Only for variables that hold no secret. */
const show = (text: string): string => `“${text.length > 60 ? `${text.slice(0, 60)}…` : text}”`;

function readPort(text: string): Read<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535
    ? value(port)
    : wrong(`is ${show(text)}, which is no port: a number from 0 to 65535. Example: PORT=8480`);
}

const isHostName = (text: string): boolean =>
  text.length <= 253 && /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(text);

const readHost = (text: string): Read<string> =>
  isIP(text) !== 0 || isHostName(text)
    ? value(text)
    : wrong(`is ${show(text)}, which is neither an address nor a name of this machine. Example: HOST=127.0.0.1`);

const readPath =
  ({ workingDirectory }: Places) =>
  (text: string): Read<string> =>
    text.trim() === text
      ? value(resolve(workingDirectory, text))
      : wrong("begins or ends with a space. Example: ./data");

const readLogLevel = (text: string): Read<LogLevel> => {
  const level = LOG_LEVELS.find((known) => known === text);
  return level
    ? value(level)
    : wrong(`is ${show(text)}; it is one of ${LOG_LEVELS.join(", ")}. Example: LOG_LEVEL=info`);
};

/** A year at least: an owner must still find who was in their account (product §4). */
function readHistoryDays(text: string): Read<number> {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return days >= 365 && days <= 3650
    ? value(days)
    : wrong(`is ${show(text)}; it is a number of days from 365 to 3650. Example: HISTORY_DAYS=400`);
}

function readPublicUrl(text: string): Read<URL | null> {
  const example = "Example: PUBLIC_URL=https://accounts.example.org";
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["http:", "https:"].includes(url.protocol)) return wrong(`is not an http or https address. ${example}`);
  if (url.username !== "" || url.password !== "") return wrong(`holds a name or password. ${example}`);
  if (url.pathname !== "/" || /[?#]/.test(text)) {
    return wrong(`is ${show(text)}; it takes scheme, host and port only, no path or query. ${example}`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return wrong(
      `is ${show(text)}; without TLS passwords would travel in the open, so it must begin with https://. ${example}`,
    );
  }
  return value(new URL(url.origin));
}

function readDatabaseUrl(text: string): Read<Secret<string> | null> {
  const example = "Example: DATABASE_URL=postgres://locksmith:password@db.example.org:5432/locksmith";
  if (!/^postgres(?:ql)?:\/\//.test(text)) return wrong(`does not begin with postgres://. ${example}`);
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url)
    return wrong(`is not a valid address; characters like @ : / in a password are written as %40 %3A %2F. ${example}`);
  if (!isDecodable(url)) return wrong(`has a % that begins no %XX; a % in a password is written as %25. ${example}`);
  if (url.hostname === "") return wrong(`names no host. ${example}`);
  if (/^\/?$/.test(url.pathname)) return wrong(`names no database after the host. ${example}`);
  return value(secret(text));
}

const readBreachUrl = (text: string): Read<URL | null> =>
  readServiceUrl(text.endsWith("/") ? text : `${text}/`, "BREACH_URL=https://api.pwnedpasswords.com/");

const readRdapUrl = (text: string): Read<URL | null> =>
  readServiceUrl(text.endsWith("/") ? text : `${text}/`, "RDAP_URL=https://rdap.org/");

const readLeakKeysUrl = (text: string): Read<URL | null> =>
  readServiceUrl(text, "LEAK_KEYS_URL=https://api.github.com/meta/public_keys/secret_scanning");

const MOST_FORGES = 20;
/** Each serves `https://<host>/<name>.keys` to everybody. */
const DEFAULT_FORGES = ["https://github.com/", "https://gitlab.com/", "https://codeberg.org/"].map(
  (text) => new URL(text),
);

/** A list between commas; `none` for no forge. */
function readForges(text: string): Read<readonly URL[]> {
  const example = "FORGES=https://github.com/,https://git.example.org/";
  if (text.trim() === "none") return value([]);
  const urls: URL[] = [];
  for (const one of text.split(",").map((part) => part.trim())) {
    const read = readServiceUrl(one.endsWith("/") ? one : `${one}/`, example);
    if ("wrong" in read) return read;
    if (!read.value || read.value.pathname !== "/") return wrong(`names more than hosts. Example: ${example}`);
    urls.push(read.value);
  }
  return urls.length > MOST_FORGES ? wrong(`names more than ${MOST_FORGES} forges.`) : value(urls);
}

const ISSUER_SERVICES = ["github", "gitlab", "google", "oidc"];
const MOST_ISSUERS = 20;
const DEFAULT_ISSUERS: Config["trustedIssuers"] = [
  { service: "github", issuer: "https://token.actions.githubusercontent.com" },
  { service: "gitlab", issuer: "https://gitlab.com" },
  { service: "google", issuer: "https://accounts.google.com" },
];

/** A list between commas of service=issuer, the issuer as its tokens write it in `iss`; `none` for no service. */
function readIssuers(text: string): Read<Config["trustedIssuers"]> {
  const example =
    "TRUSTED_ISSUERS=github=https://token.actions.githubusercontent.com,gitlab=https://gitlab.example.org";
  if (text.trim() === "none") return value([]);
  const issuers: { service: string; issuer: string }[] = [];
  for (const one of text.split(",").map((part) => part.trim())) {
    const [service = "", issuer = ""] = one.split(/=(.*)/s, 2);
    if (!ISSUER_SERVICES.includes(service))
      return wrong(`names a service that is none of ${ISSUER_SERVICES.join(", ")}. Example: ${example}`);
    const read = readServiceUrl(issuer, example);
    if ("wrong" in read) return read;
    if (issuers.some((other) => other.issuer === issuer)) return wrong(`names one issuer twice. Example: ${example}`);
    issuers.push({ service, issuer });
  }
  return issuers.length > MOST_ISSUERS ? wrong(`names more than ${MOST_ISSUERS} issuers.`) : value(issuers);
}

/**
 * The address of a service outside. What the guarded fetch would refuse at the first use is refused at the start. A
 * service of one's own is named by its address, since a name that leads into a private network is refused there.
 */
function readServiceUrl(text: string, assignment: string): Read<URL | null> {
  const example = `Example: ${assignment}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || /[?#]/.test(text)) return wrong(`is not a web address without a query. ${example}`);
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return wrong(`is ${show(text)}; it must begin with https://, or whoever is on the way could answer. ${example}`);
  const checked = checkUrl(url.href, parseAllowRules(fetchExceptions(url)));
  return checked.ok ? value(url) : wrong(`cannot be used. ${checked.refusal.title} ${example}`);
}

function readBounceAddress(text: string): Read<PlusMailbox | null> {
  const parsed = parsePlusMailbox(text);
  return parsed.ok
    ? value(parsed.value)
    : wrong(`cannot be used. ${parsed.refusal.detail ?? ""} Example: BOUNCE_ADDRESS=bounces@example.org`);
}

function readMailInAddress(text: string): Read<PlusMailbox | null> {
  const parsed = parsePlusMailbox(text);
  return parsed.ok
    ? value(parsed.value)
    : wrong(`cannot be used. ${parsed.refusal.detail ?? ""} Example: MAIL_IN_ADDRESS=recovery@example.org`);
}

const MOST_RELAYS = 20;

/** A list between commas; `none` for no relay. */
function readRelays(text: string): Read<readonly string[]> {
  if (text.trim() === "none") return value([]);
  const relays = text.split(",").map((part) => part.trim());
  if (relays.length > MOST_RELAYS) return wrong(`names more than ${MOST_RELAYS} mail servers.`);
  return relays.every((one) => isIP(one) !== 0)
    ? value(relays)
    : wrong("takes addresses of mail servers, not names. Example: MAIL_IN_RELAYS=192.0.2.25,2001:db8::25");
}

/** The guarded fetch reaches public addresses only; one that the operator wrote as an address is meant. */
export const fetchExceptions = (url: URL | null): readonly string[] => {
  const host = url?.hostname.replace(/^\[(.*)\]$/, "$1") ?? "";
  const bits = { 0: null, 4: 32, 6: 128 }[isIP(host)] ?? null;
  return url && bits !== null
    ? [`${url.protocol}//${host}/${bits}:${url.port || (url.protocol === "https:" ? 443 : 80)}`]
    : [];
};

function readSmtp(text: string): Read<SmtpSettings | null> {
  const parsed = parseSmtpUrl(text);
  return parsed.ok
    ? value(parsed.value)
    : wrong(
        `cannot be used. ${parsed.refusal.detail ?? ""} Example: SMTP_URL=smtps://name:password@mail.example.org:465`,
      );
}

function isDecodable(url: URL): boolean {
  try {
    for (const part of [url.username, url.password, url.hostname, url.pathname]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** RFC 5322 §3.4 without its quoted forms: a name and one address in <>, or the address alone. */
function readMailFrom(text: string): Read<Config["mailFrom"]> {
  const found =
    /^(?:(?<name>[^<>"@,;:\\]*)<(?<in>[^<>@\s",;:\\]+@[^<>@\s",;:\\]+)>|(?<bare>[^<>@\s",;:\\]+@[^<>@\s",;:\\]+))$/.exec(
      text,
    );
  const address = found?.groups?.["in"] ?? found?.groups?.["bare"];
  return address === undefined
    ? wrong(`is ${show(text)}, which is no sender. Example: MAIL_FROM=Example Index <security@example.org>`)
    : value({ name: found?.groups?.["name"]?.trim() || "Locksmith", address });
}

function readIndexName(text: string): Read<string> {
  const name = text.trim();
  return name !== "" && name.length <= LONGEST_NAME
    ? value(name)
    : wrong(`must have 1 to ${LONGEST_NAME} characters. Example: INDEX_NAME=Example Index`);
}

/** What stands after the @ of the default sender. A mail from a bare number is refused by most receivers. */
const mailDomain = (url: URL): string =>
  isIP(url.hostname.replace(/^\[(.*)\]$/, "$1")) === 0 ? url.hostname : "localhost";
