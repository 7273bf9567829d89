import { type Account, chooseAccount, probe } from "./account.ts";
import { type Binaries, findPackage, packageFor, prepareBinaries } from "./binaries.ts";
import { ensureCluster, type Layout, openDataFolder, pruneLogs, SUPERUSER } from "./cluster.ts";
import { connectionStringOf, ensureDatabase, withConnection } from "./connect.ts";
import { EmbeddedError } from "./error.ts";
import { takeLock } from "./lock.ts";
import {
  disownPidFile,
  findPostmaster,
  hasEnded,
  type Postmaster,
  readPidFile,
  startPostmaster,
  stopPostmaster,
} from "./postmaster.ts";
import { freePort, prepareSocketFolder, socketFolderFor } from "./socket.ts";

export { ensureDatabase } from "./connect.ts";
export { EmbeddedError, type EmbeddedErrorCode } from "./error.ts";

export interface EmbeddedServer {
  /** For pg: the role `locksmith`, who may make databases and is no superuser, on its database `locksmith`. */
  readonly connectionString: string;
  /** The data folder's real, absolute path. */
  readonly dataDirectory: string;
  /** Whether the server was running already, left by a Locksmith that was killed. */
  readonly adopted: boolean;
  /** The number of PostgreSQL's first process. */
  readonly pid: number;
  /** Stops the server, adopted or not, and lets the folder go. Close the pools first. Safe to repeat. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Made if absent. Everything the server has is inside it. */
  readonly dataDirectory: string;
  readonly log?: (line: string) => void;
  /** False trades the promise that a committed row survives a power cut for speed: for tests only. */
  readonly isDurable?: boolean;
  /** Names the socket; on Windows the port of 127.0.0.1, where a free one is taken unless said. */
  readonly port?: number;
  /** Told when the server ends without stop(): it recovers at the next startEmbedded, which may follow at once. */
  readonly onExit?: (reason: string) => void;
}

const DATABASE = "locksmith";
const ROLE = "locksmith";
const DEFAULT_PORT = 5432;

/**
 * Starts the embedded PostgreSQL on a folder, making the folder, the database and its links on first use; or takes over
 * the server that a killed Locksmith left running there. It listens on a Unix socket only this account can reach.
 * Throws EmbeddedError with a code for every refusal that can be expected.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const layout = await openDataFolder(options.dataDirectory);
  const lock = await takeLock(layout.lock, layout.owner);
  try {
    const binaries = await prepareBinaries(findPackage(packageFor(process.platform, process.arch)), layout.libraries);
    const account = await chooseAccount(layout.root);
    await probe(binaries, account, layout.root);
    return await startLocked({ options, layout, binaries, account, release: () => lock.release() });
  } catch (error) {
    lock.release();
    throw error;
  }
}

interface Start {
  readonly options: EmbeddedOptions;
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly release: () => void;
}

/** A running server and where it is reached. */
interface Running {
  readonly server: Postmaster & { readonly ended?: Promise<string> };
  readonly host: string;
  readonly port: number;
}

async function startLocked(start: Start): Promise<EmbeddedServer> {
  const { options, layout, binaries, account } = start;
  const log = options.log ?? (() => undefined);
  const isDurable = options.isDurable ?? true;
  const password = (await ensureCluster({ layout, binaries, account, isDurable, log })).reveal();
  const left = await adopt(layout, password, isDurable, log);
  const running = left ?? (await launch(start, isDurable, log));
  try {
    await prepareDatabase(running, password);
  } catch (cause) {
    await stopPostmaster(running.server, log);
    throw new EmbeddedError(
      "start-failed",
      `PostgreSQL started, but its database could not be prepared: ${String(cause)}. If the file ${layout.password} ` +
        "was changed, put the old one back.",
      { cause },
    );
  }
  log(`PostgreSQL is ${left ? "adopted" : "started"} (pid ${running.server.pid}, ${layout.root}).`);
  return supervise(running, start, addressOf(running, password, ROLE, DATABASE), left !== undefined, log);
}

const addressOf = ({ host, port }: Running, password: string, name: string, database: string): string =>
  connectionStringOf({ host, port, name, password, database });

const STATUS_WAIT_MILLISECONDS = 10_000;

/**
 * The server that a killed process left, if it runs, answers to our password and is as durable as asked. One that runs
 * and does not is stopped.
 */
async function adopt(
  layout: Layout,
  password: string,
  isDurable: boolean,
  log: (line: string) => void,
): Promise<Running | undefined> {
  const file = await readPidFile(layout);
  const server = file && findPostmaster(file, layout);
  if (!file || !server) return undefined;
  const running = { server, host: file.socketFolder || "127.0.0.1", port: file.port };
  // Still starting, or on its way out: soon it is one thing or the other.
  if (file.status !== "ready" && (await hasEnded(server, STATUS_WAIT_MILLISECONDS))) return undefined;
  const fsync = await withConnection(addressOf(running, password, SUPERUSER, "postgres"), async (client) => {
    const { rows } = await client.query<{ fsync: string }>("show fsync");
    return rows[0]?.fsync;
  }).catch(() => undefined);
  if (fsync === (isDurable ? "on" : "off")) return running;
  log(`The PostgreSQL left by an earlier run (pid ${server.pid}) cannot be used as it is and is stopped.`);
  await stopPostmaster(server, log);
  return undefined;
}

async function launch(start: Start, isDurable: boolean, log: (line: string) => void): Promise<Running> {
  const { options, layout, binaries, account } = start;
  await disownPidFile(layout);
  await pruneLogs(layout);
  if (process.platform === "win32") {
    const port = options.port ?? (await freePort());
    const server = await startPostmaster({ layout, binaries, account, socketFolder: undefined, port, isDurable, log });
    return { server, host: "127.0.0.1", port };
  }
  const socketFolder = socketFolderFor(layout.root);
  await prepareSocketFolder(socketFolder, account);
  const port = options.port ?? DEFAULT_PORT;
  const server = await startPostmaster({ layout, binaries, account, socketFolder, port, isDurable, log });
  return { server, host: socketFolder, port };
}

/** Makes the role and the database if they are missing. Every start asks, as the first may have been cut off here. */
async function prepareDatabase(running: Running, password: string): Promise<void> {
  const isDatabaseThere = await withConnection(addressOf(running, password, SUPERUSER, "postgres"), async (client) => {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `select exists (select from pg_roles where rolname = $1) as role,
              exists (select from pg_database where datname = $2) as database`,
      [ROLE, DATABASE],
    );
    // Not the superuser, who may read and run files: a slip in a query must not become a way out of the database.
    if (!rows[0]?.role)
      await client.query(`create role ${ROLE} login createdb password ${client.escapeLiteral(password)}`);
    return rows[0]?.database ?? false;
  });
  if (!isDatabaseThere) await ensureDatabase(addressOf(running, password, ROLE, "postgres"), DATABASE);
}

const WATCH_MILLISECONDS = 1_000;
const PRUNE_MILLISECONDS = 600_000;

/** Holds the folder until the server ends, by stop() or by itself. */
function supervise(
  running: Running,
  { options, layout, release }: Start,
  connectionString: string,
  adopted: boolean,
  log: (line: string) => void,
): EmbeddedServer {
  const { server } = running;
  let stopping: Promise<void> | undefined;
  let hasGone = false;
  const prune = setInterval(() => {
    pruneLogs(layout).catch((error: unknown) => log(`Old logs of PostgreSQL could not be removed: ${String(error)}`));
  }, PRUNE_MILLISECONDS).unref();
  // Somebody else's child does not tell us of its end; our own does.
  const watch = server.ended
    ? undefined
    : setInterval(() => server.isRunning() || gone("ended"), WATCH_MILLISECONDS).unref();
  const leave = () => {
    clearInterval(prune);
    clearInterval(watch);
    release();
  };
  const gone = (reason: string) => {
    if (stopping || hasGone) return;
    hasGone = true;
    leave();
    log(`PostgreSQL ended by itself (${reason}); it recovers at the next start.`);
    options.onExit?.(reason);
  };
  void server.ended?.then(gone); // never rejects
  const stop = async () => {
    if (hasGone) return;
    try {
      await stopPostmaster(server, log);
    } finally {
      leave();
    }
  };
  return {
    connectionString,
    dataDirectory: layout.root,
    adopted,
    pid: server.pid,
    stop: () => (stopping ??= stop()),
  };
}
