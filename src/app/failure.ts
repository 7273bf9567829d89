import { EmbeddedError } from "../kernel/db/embedded/error.ts";

/** Exit codes of every command and of the server. They stay. */
export const EXIT = {
  ok: 0,
  /** A bug, or something nobody foresaw. */
  unexpected: 1,
  /** The command line or the settings are wrong. */
  usage: 2,
  /** The command ran, and what it checked is not in order. */
  checkFailed: 3,
  /** Something that is needed is not there just now: the database, the port, the folder. */
  unavailable: 4,
  /*
   * Commands that a mail server starts speak its language (sysexits.h): what it does with the mail depends on it.
   */
  /** The mail cannot be read; it is not tried again. */
  mailUnreadable: 65,
  /** There is no such mailbox; it is not tried again. */
  mailUnknown: 67,
  /** Keep the mail and try again later. */
  mailLater: 75,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An expected end of a process: a sentence that says what happened and what to do, and the exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What was thrown as a Failure where it is an expected one; undefined for a bug. */
export function asFailure(thrown: unknown): Failure | undefined {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof EmbeddedError) return new Failure(EXIT.unavailable, thrown.message, { cause: thrown });
  const sentence = listenProblem(thrown) ?? databaseProblem(thrown);
  return sentence === undefined ? undefined : new Failure(EXIT.unavailable, sentence, { cause: thrown });
}

const codeOf = (thrown: unknown): string => {
  const code = (thrown as { code?: unknown } | null)?.code; // whatever was thrown; only a string counts
  return typeof code === "string" ? code : "";
};

function listenProblem(thrown: unknown): string | undefined {
  const { syscall, address, port } = (thrown ?? {}) as { syscall?: string; address?: string; port?: number }; // Node's system error
  if (syscall !== "listen") return undefined;
  switch (codeOf(thrown)) {
    case "EADDRINUSE":
      return (
        `Port ${port} of ${address} is in use by another program. Stop that one, or choose another port, ` +
        "for example PORT=8481."
      );
    case "EACCES":
      return `Port ${port} may not be used by this account. Choose one of 1024 or more, for example PORT=8480.`;
    case "EADDRNOTAVAIL":
      return `HOST=${address} is not an address of this machine. Use 127.0.0.1, or an address it has.`;
    default:
      return undefined;
  }
}

const DATABASE_PROBLEMS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at its address. Start the database, or correct host and port in DATABASE_URL.",
  ENOENT: "its socket is not there. Start the database, or correct DATABASE_URL.",
  EACCES:
    "this account may not use its socket. Run it as the account that owns it, or set DATABASE_URL to one over TCP.",
  ENOTFOUND: "its host name is not known. Correct the host in DATABASE_URL.",
  EAI_AGAIN: "its host name could not be looked up. Try again, or correct the host in DATABASE_URL.",
  ETIMEDOUT: "it did not answer in time. Check host, port and firewall.",
  EHOSTUNREACH: "there is no way to its host. Check the network and the host in DATABASE_URL.",
  ECONNRESET: "it ended the connection. Look at the database's own log.",
  "28P01": "it does not take this name and password. Correct them in DATABASE_URL.",
  "28000": "it does not let this role in. Look at its pg_hba.conf.",
  "3D000": "it has no database of that name. Make it with `createdb`, or correct DATABASE_URL.",
  "42501": "the role lacks a right it needs: it must own its database's public schema.",
  "53300": "it has no connection left. Raise max_connections, or run fewer processes.",
  "57P01": "it is being shut down.",
  "57P02": "it is being shut down.",
  "57P03": "it is starting. Try again in a moment.",
};

/** Whether it comes from a connection, and not, say, from a file: both may carry ENOENT. PostgreSQL's own have a severity. */
function isOfConnection(thrown: unknown): boolean {
  const { syscall, severity } = (thrown ?? {}) as { syscall?: unknown; severity?: unknown }; // Node's and pg's errors
  return severity !== undefined || ["connect", "getaddrinfo", "read", "write"].includes(String(syscall));
}

/** The database is the only thing connected to outside a place that handles its own errors. */
function databaseProblem(thrown: unknown): string | undefined {
  // Connecting to a name with several addresses fails with one error that holds the others.
  const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
  const message = thrown instanceof Error ? thrown.message : "";
  const isTimeout = /timeout exceeded when trying to connect|Connection terminated/.test(message);
  if (!isTimeout && !isOfConnection(first)) return undefined;
  const reason = DATABASE_PROBLEMS[isTimeout ? "ETIMEDOUT" : codeOf(first)];
  return reason === undefined ? undefined : `The database cannot be used: ${reason}`;
}
