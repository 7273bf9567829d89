import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/* Real child processes: the server and the command line as an operator runs them. */

export const ROOT = join(import.meta.dirname, "..", "..");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestProcess {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  /** Waits until standard output matches, and returns the match. Throws with everything printed when it ends before. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

/** The environment a process gets: what any program needs, and nothing this one was configured with. */
const bareEnvironment = (): Record<string, string> => {
  const kept = ["PATH", "HOME", "TMPDIR", "SystemRoot"].flatMap((name) => {
    const text = process.env[name];
    return text === undefined ? [] : [[name, text] as const];
  });
  return Object.fromEntries(kept);
};

export interface SpawnOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /** Another program than this Node. */
  readonly command?: string;
}

export function start(args: readonly string[], options: SpawnOptions): TestProcess {
  const child: ChildProcess = spawn(options.command ?? process.execPath, [...args], {
    cwd: options.workingDirectory ?? ROOT,
    env: { ...bareEnvironment(), ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let hasEnded = false;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      hasEnded = true;
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    says: async (pattern) => {
      for (;;) {
        const found = pattern.exec(stdout);
        if (found) return found;
        if (hasEnded) throw new Error(`The process ended without saying ${pattern}.\n${stdout}\n${stderr}`);
        await delay(20);
      }
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** Whether a process of that number is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The number of the embedded database's first process, as it noted it itself. Rejects where none runs. */
export const databasePid = async (dataFolder: string): Promise<number> =>
  Number((await readFile(join(dataFolder, "pg", "cluster", "postmaster.pid"), "utf8")).split("\n")[0]);

export interface TemporaryInstallation {
  /** A folder for whatever the test needs. */
  readonly folder: string;
  /** For DATA_DIR; not made yet. */
  readonly data: string;
  /** Removes everything, and first ends a database server that a killed process left. */
  remove(): Promise<void>;
}

export async function temporaryInstallation(): Promise<TemporaryInstallation> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-"));
  const data = join(folder, "data");
  return {
    folder,
    data,
    remove: async () => {
      const pid = await databasePid(data).catch(() => 0);
      if (pid > 1 && isAlive(pid)) process.kill(pid, "SIGQUIT");
      while (pid > 1 && isAlive(pid)) await delay(50);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A TCP relay in front of a server, which can be taken away and brought back at the same address. */
export interface Relay {
  readonly port: number;
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  close(): Promise<void>;
}

/** @param target where to relay to, as `net.connect` takes it */
export async function startRelay(
  target: { readonly port: number; readonly host?: string } | { readonly path: string },
): Promise<Relay> {
  const open = new Set<Socket>();
  const make = () =>
    createServer((near) => {
      const far = connect(target);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        open.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          open.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  let server = make();
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as { port: number }; // a TCP server's address is this object
  const takeAway = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    port,
    takeAway,
    bringBack: async () => {
      server = make();
      await listen(port);
    },
    close: takeAway,
  };
}
