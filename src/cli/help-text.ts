import type { Command } from "./command.ts";

const usage = ({ name, arguments: takes = [] }: Command): string =>
  [
    "locksmith",
    name,
    ...takes.map((taken) => (taken.isRequired ? `<${taken.name}>` : `[${taken.name}]`)),
    "[--json]",
  ].join(" ");

const EXIT_CODES = `Exit codes:
  0  done, and in order
  1  something unexpected; the message says what
  2  the command line or the settings are wrong
  3  the check ran, and what it checked is not in order
  4  something needed is not there just now: the database, the port, the data folder
What a mail server starts answers as sysexits.h has it:
  65 the mail cannot be read
  67 there is no such mailbox
  75 keep the mail and try again later`;

const SETTINGS = `Settings are environment variables; the values shown are used where none is set:
  PORT=8480              the port to listen on; 0 takes a free one
  HOST=127.0.0.1         the address to listen on
  DATA_DIR=./data        the folder that holds everything this installation keeps
  DATABASE_URL           a PostgreSQL server; without it an embedded one runs under DATA_DIR
  PUBLIC_URL             where people reach it; http://HOST:PORT while that is this machine only
  SMTP_URL               where mail goes; without it mails are files under DATA_DIR
  MAIL_FROM              the sender of mails
  INDEX_NAME=Locksmith Index
  POLICY_FILE            the recovery policy; without it the one that comes with Locksmith
  BOUNCE_ADDRESS         where mails that cannot be delivered come back to; without it nowhere
  MAIL_IN_PORT           the port where mail is taken in from your mail server; without it none is
  MAIL_IN_ADDRESS        the address people write to about a recovery; needed with MAIL_IN_PORT
  MAIL_IN_HOST=127.0.0.1 the address to listen on for mail
  MAIL_IN_RELAYS         mail servers that may say who handed a mail in; this machine
  BREACH_URL             a service to ask for leaked passwords; without it none is asked
  BREACH_FILE            a sorted file of leaked passwords' SHA-1
  RDAP_URL               a service to ask who registered a mail domain when; without it none is asked
  LEAK_KEYS_URL          a secret scanner's public keys; without it no reports of leaked tokens are taken
  TRUSTED_ISSUERS        services whose runs can be trusted publishers, as service=issuer; GitHub, GitLab, Google; none
  SIGSTORE_ROOT_FILE     trusted root of sigstore (JSON): attestations of uploads are verified; none
  FORGES                 forges whose lists of SSH keys are asked for; github.com, gitlab.com, codeberg.org; none
  LOG_LEVEL=info         error, warn, info or debug
  HISTORY_DAYS=400       how long networks and browsers stay in the history, 365 to 3650`;

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
};

export const overview = (commands: readonly Command[]): string =>
  [
    "Locksmith: account security and account recovery for package indexes.",
    "Usage: locksmith <command> [--json]",
    `Commands:\n${columns(commands.map(({ name, summary }) => [name, summary]))}`,
    "Every command takes --json: its result is then one JSON value on standard output.\nMore about one: locksmith help <command>",
    SETTINGS,
    EXIT_CODES,
  ].join("\n\n");

export const commandHelp = (command: Command): string =>
  [
    `${usage(command)}\n\n${command.summary} ${command.about}`,
    ...(command.arguments?.length ? [columns(command.arguments.map(({ name, about }) => [name, about]))] : []),
    EXIT_CODES,
  ].join("\n\n");
