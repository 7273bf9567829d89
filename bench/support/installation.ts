import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachEmbedded } from "../../src/app/attach.ts";
import { type DataLayout, layoutOf } from "../../src/app/data-folder.ts";
import { systemClock } from "../../src/kernel/clock.ts";
import { loadKeyring } from "../../src/kernel/crypto/keyring.ts";
import { openDatabase } from "../../src/kernel/db/database.ts";
import { makeLog } from "../../src/kernel/log.ts";
import { systemRandom } from "../../src/kernel/random.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import { databasePid } from "../../test/world/process.ts";
import { cpuOf, cpuOfFamily } from "./processes.ts";

export const ROOT = join(import.meta.dirname, "..", "..");

/** A server process as `npm start` makes it, on settings that are the product's own. */
export interface ServerProcess {
  readonly origin: URL;
  readonly pid: number;
  /** PostgreSQL's first process. */
  readonly databasePid: number;
  /** Milliseconds from the start of the process until it said that it runs. */
  readonly startedIn: number;
  stop(): Promise<void>;
}

/** Starts the server on a data folder; its log goes to a file beside it, as a service manager would have it. */
export async function startServer(dataFolder: string): Promise<ServerProcess> {
  const log = openSync(`${dataFolder}.log`, "a");
  const startedAt = performance.now();
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, "src/bin/server.ts")], {
    env: { PATH: process.env["PATH"] ?? "", DATA_DIR: dataFolder, PORT: "0", ...profiling() },
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  const endToo = () => child.kill("SIGTERM"); // the server then ends PostgreSQL
  process.once("exit", endToo);
  let printed = "";
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const origin = await new Promise<URL>((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      const found = /running at (http:\S+?)\.?(?:\s|$)/.exec(printed)?.[1];
      if (found) resolve(new URL(found));
    });
    child.once("close", () => {
      const told = readFile(`${dataFolder}.log`, "utf8").catch(() => "");
      void told.then((text) => reject(new Error(`The server did not start:\n${printed}${text.slice(-4000)}`)));
    });
  });
  return {
    origin,
    pid: child.pid ?? 0,
    databasePid: await databasePid(dataFolder),
    startedIn: performance.now() - startedAt,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      process.removeListener("exit", endToo);
    },
  };
}

/** BENCH_PROFILE names a folder for a processor profile of the server, written when it stops. */
function profiling(): Record<string, string> {
  const folder = process.env["BENCH_PROFILE"];
  return folder ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` } : {};
}

/** A running installation in a temporary folder, and a way to its inside for making accounts. */
export interface Installation {
  readonly server: ServerProcess;
  readonly folders: DataLayout;
  /** On the server's own database and keys. */
  readonly runtime: Runtime;
  /** Of its database, as the role that owns it; it may make databases. */
  readonly connectionString: string;
}

/** Runs work on a new installation with a durable embedded database, and removes it whatever happens. */
export async function withInstallation<T>(work: (installation: Installation) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-bench-"));
  const folders = layoutOf(join(folder, "data"));
  const server = await startServer(folders.root).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  try {
    const connectionString = await attachEmbedded(folders.database, 5_000);
    if (connectionString === null) throw new Error("The embedded database does not answer.");
    const db = openDatabase({ connectionString, poolSize: 2 });
    try {
      const runtime: Runtime = {
        db,
        clock: systemClock,
        random: systemRandom,
        keys: await loadKeyring(folders.keyFile, systemRandom),
        log: makeLog("error"),
        publicUrl: server.origin,
        indexName: "Locksmith Index",
      };
      return await work({ server, folders, runtime, connectionString });
    } finally {
      await db.close();
    }
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds of processor time by who used them. */
export interface Cpu {
  readonly server: number;
  readonly database: number;
  readonly client: number;
}

/** Processor time that work takes, of server, database and this process. Zero where the system does not tell. */
export async function withCpu<T>(
  server: Pick<ServerProcess, "pid" | "databasePid">,
  work: () => Promise<T>,
): Promise<{ value: T; cpu: Cpu }> {
  const before = await cpuNow(server);
  const value = await work();
  const after = await cpuNow(server);
  return {
    value,
    cpu: {
      server: after.server - before.server,
      database: after.database - before.database,
      client: after.client - before.client,
    },
  };
}

const cpuNow = async (server: Pick<ServerProcess, "pid" | "databasePid">): Promise<Cpu> => ({
  server: await cpuOf(server.pid),
  database: await cpuOfFamily(server.databasePid),
  client: await cpuOf(process.pid),
});
