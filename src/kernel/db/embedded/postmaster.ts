import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { chown, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Account, serverEnvironment } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { type Layout, startupTail } from "./cluster.ts";
import { EmbeddedError } from "./error.ts";
import { inspectProcess } from "./process-state.ts";

/** The first process of a running PostgreSQL, started by us or found. */
export interface Postmaster {
  readonly pid: number;
  isRunning(): boolean;
}

/** What PostgreSQL writes into postmaster.pid (its source: src/include/utils/pidfile.h). */
export interface PidFile {
  readonly pid: number;
  readonly cluster: string;
  readonly port: number;
  /** Empty without a Unix socket. */
  readonly socketFolder: string;
  readonly status: string;
}

export async function readPidFile({ cluster }: Layout): Promise<PidFile | undefined> {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, cluster: lines[1] ?? "", port: Number(lines[3]), socketFolder: lines[4] ?? "", status: lines[7] ?? "" };
}

/**
 * The server that the file names, if it runs on this cluster; undefined when it is dead, another process by now, or one
 * that runs on the folder this one was copied from.
 */
export function findPostmaster(found: PidFile, { cluster }: Layout): Postmaster | undefined {
  const state = inspectProcess(found.pid);
  // A server works in its cluster's folder, also after that was moved. Where this cannot be seen, its word must do.
  if (!state.isAlive || (state.workingDirectory ?? found.cluster) !== cluster) return undefined;
  return {
    pid: found.pid,
    isRunning: () => {
      const now = inspectProcess(found.pid);
      return now.isAlive && now.startedAt === state.startedAt;
    },
  };
}

/**
 * Makes a dead server's postmaster.pid harmless. PostgreSQL takes any living process of that number for a server and
 * does not start: a zombie, or a stranger that got the number since. Its own parent it never does, so ours is put there.
 * The file must stay, for by the rest of it PostgreSQL sees whether a part of the dead server still uses the data.
 */
export async function disownPidFile({ cluster }: Layout): Promise<void> {
  const path = join(cluster, "postmaster.pid");
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return;
  const owner = await stat(path);
  const fresh = join(cluster, "postmaster.pid.locksmith");
  await writeFile(fresh, text.replace(/^[^\n]*/, String(process.pid)), { mode: 0o600 });
  if (process.getuid?.() === 0) await chown(fresh, owner.uid, owner.gid);
  await rename(fresh, path);
}

export interface StartOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly account: Account;
  /** Undefined on Windows, where it listens on 127.0.0.1. */
  readonly socketFolder: string | undefined;
  readonly port: number;
  readonly isDurable: boolean;
  readonly log: (line: string) => void;
}

/** For a small server. Given on the command line, so that they are always this version's. */
const settings = ({ socketFolder, port, isDurable }: StartOptions): readonly string[] => [
  `listen_addresses=${socketFolder === undefined ? "127.0.0.1" : ""}`,
  // A list, so a folder with a comma in its name needs quotes.
  `unix_socket_directories=${socketFolder === undefined ? "" : `"${socketFolder.replaceAll('"', '""')}"`}`,
  "unix_socket_permissions=0700",
  `port=${port}`,
  "max_connections=100",
  "shared_buffers=128MB",
  "timezone=UTC",
  "log_timezone=UTC",
  "logging_collector=on",
  "log_directory=log",
  "log_filename=server-%Y%m%d-%H%M%S.log",
  "log_rotation_size=10MB",
  "log_rotation_age=1d",
  "log_min_messages=warning",
  "log_checkpoints=off",
  // A statement's text may hold personal data.
  "log_min_error_statement=panic",
  ...(isDurable
    ? ["fsync=on", "full_page_writes=on", "synchronous_commit=on"]
    : ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]),
];

const LEFT_OVERS = /shared memory block .*still in use/;
const LEFT_OVERS_WAIT_MILLISECONDS = 15_000;

/**
 * Starts PostgreSQL and waits until it takes connections, however long its recovery takes. Refuses `start-failed` with
 * what PostgreSQL said.
 * @returns the server, with `isRunning` false once it ended, and a promise of how it ended
 */
export async function startPostmaster(options: StartOptions): Promise<Postmaster & { ended: Promise<string> }> {
  const deadline = performance.now() + LEFT_OVERS_WAIT_MILLISECONDS;
  for (let wait = 50; ; wait = Math.min(wait * 2, 1_000)) {
    const server = launch(options);
    if (await untilReady(server, options)) return server;
    const how = await server.ended;
    const said = await startupTail(options.layout);
    // The processes of a killed server end soon after it; until then PostgreSQL rightly refuses.
    if (!LEFT_OVERS.test(said) || performance.now() > deadline) {
      throw new EmbeddedError("start-failed", `PostgreSQL did not start (${how}). It said:\n${said || "nothing"}`);
    }
    await delay(wait);
  }
}

function launch(options: StartOptions): Postmaster & { ended: Promise<string> } {
  const { layout, binaries, account } = options;
  const [command, args] = account.wrap(binaries.postgres, [
    "-D",
    layout.cluster,
    ...settings(options).flatMap((setting) => ["-c", setting]),
  ]);
  // A file, not a pipe: the server outlives this process if that is killed, and must still be able to write.
  const output = openSync(layout.startupLog, "w", 0o600);
  const child = spawn(command, [...args], {
    detached: true, // a group of its own, so that Ctrl-C reaches us, and we stop it in order
    stdio: ["ignore", output, output],
    cwd: layout.root,
    env: serverEnvironment(binaries),
    ...account.ids,
  });
  closeSync(output);
  child.unref();
  let isRunning = child.pid !== undefined;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      isRunning = false;
      resolve(how);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  return { pid: child.pid ?? 0, isRunning: () => isRunning, ended };
}

const SLOW_START_MILLISECONDS = 10_000;

/** True once it is ready, false when it ended before. Never gives up on recovery: to kill that only begins it anew. */
async function untilReady(server: Postmaster, { layout, log }: StartOptions): Promise<boolean> {
  let nextLine = performance.now() + SLOW_START_MILLISECONDS;
  for (let wait = 10; server.isRunning(); wait = Math.min(wait * 1.5, 250)) {
    const file = await readPidFile(layout);
    // Before the server has written its own file, that of a killed one may be there, and say ready.
    if (file?.pid === server.pid && file.status === "ready") return true;
    if (performance.now() > nextLine) {
      log("PostgreSQL is still starting; after a crash it repeats the last changes from its log first.");
      nextLine += SLOW_START_MILLISECONDS;
    }
    await delay(wait);
  }
  return false;
}

const FAST_STOP_MILLISECONDS = 20_000;
const QUIT_MILLISECONDS = 10_000;

/**
 * Stops a server: SIGINT ends its connections and writes everything down; after 20 seconds SIGQUIT ends it at once, and
 * the next start recovers. Refuses `stop-failed` when it runs even then.
 */
export async function stopPostmaster(server: Postmaster, log: (line: string) => void): Promise<void> {
  signal(server, "SIGINT");
  if (await hasEnded(server, FAST_STOP_MILLISECONDS)) return;
  log("PostgreSQL did not stop in 20 seconds and is ended at once; the next start recovers.");
  signal(server, "SIGQUIT");
  if (await hasEnded(server, QUIT_MILLISECONDS)) return;
  throw new EmbeddedError(
    "stop-failed",
    `PostgreSQL (pid ${server.pid}) does not stop. End it by hand before the next start.`,
  );
}

function signal(server: Postmaster, name: "SIGINT" | "SIGQUIT"): void {
  if (!server.isRunning()) return;
  try {
    process.kill(server.pid, name);
  } catch {
    // It ended meanwhile; if it did not, the wait that follows says so.
  }
}

/** Waits for the end of a server, at most so many milliseconds. */
export async function hasEnded(server: Postmaster, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  for (let wait = 10; server.isRunning(); wait = Math.min(wait * 1.5, 200)) {
    if (performance.now() > deadline) return false;
    await delay(wait);
  }
  return true;
}
