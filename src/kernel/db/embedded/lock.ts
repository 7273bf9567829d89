import { readFile, rename, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { EmbeddedError } from "./error.ts";
import { inspectProcess } from "./process-state.ts";

export interface FolderLock {
  /** Lets the next start have the folder. Safe to repeat. */
  release(): void;
}

// sqlite3.h
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;
const OWNER_WAIT_MILLISECONDS = 2_000;

/**
 * Takes the folder for this process, or refuses `already-running` and names the process that has it.
 *
 * The lock is the kernel's own lock on a file, reached through node:sqlite because Node has no call for it. The kernel
 * gives it to exactly one of any number of simultaneous starts and takes it back at the end of the process however that
 * ends, so there are no stale locks to judge, a process number used again cannot deceive, and it holds between
 * containers that share a folder, where process numbers say nothing. The owner file beside it is for the message only.
 *
 * Nothing else in this process may open the lock file: by POSIX, closing any descriptor of a file gives up its locks.
 */
export async function takeLock(lockFile: string, ownerFile: string): Promise<FolderLock> {
  const handle = open(lockFile);
  if (handle === undefined) throw await alreadyRunning(lockFile, ownerFile);
  const release = () => {
    if (handle.isOpen) handle.close();
  };
  try {
    const fresh = `${ownerFile}.new`;
    await writeFile(fresh, `${process.pid}\n${inspectProcess(process.pid).startedAt ?? ""}\n`, { mode: 0o644 });
    await rename(fresh, ownerFile);
  } catch (error) {
    release();
    throw error;
  }
  return { release };
}

/** The handle that holds the lock, or undefined when another one does. */
function open(lockFile: string): DatabaseSync | undefined {
  let handle: DatabaseSync | undefined;
  try {
    handle = new DatabaseSync(lockFile, { timeout: 0 });
    // IMMEDIATE is one exclusive byte, so of several starts one always gets it; EXCLUSIVE may leave none with it.
    handle.exec("pragma journal_mode = memory; begin immediate");
    return handle;
  } catch (cause) {
    handle?.close();
    const { errcode } = cause as { errcode?: unknown }; // node:sqlite's error, which has no type
    if (errcode === SQLITE_BUSY) return undefined;
    if (errcode === SQLITE_READONLY || errcode === SQLITE_CANTOPEN) {
      throw new EmbeddedError(
        "not-writable",
        `${lockFile} cannot be written to: another account made it. Start Locksmith from that account.`,
        { cause },
      );
    }
    throw new EmbeddedError(
      "no-file-locks",
      `${lockFile} could not be locked. The data folder must be on a file system with locks: a local disk, not a share.`,
      { cause },
    );
  }
}

async function alreadyRunning(lockFile: string, ownerFile: string): Promise<EmbeddedError> {
  const pid = await ownerPid(ownerFile);
  const who = pid === process.pid ? `this same process (pid ${pid})` : `another process (pid ${pid ?? "unknown"})`;
  return new EmbeddedError(
    "already-running",
    `Locksmith is already running on this data folder, in ${who}. Stop that one first, or name another folder. ` +
      `The lock is ${lockFile}; it ends with its process, so never delete it.`,
  );
}

/** The owner's process number. Waits a moment for one that has the lock and has not written its name yet. */
async function ownerPid(ownerFile: string): Promise<number | undefined> {
  const deadline = performance.now() + OWNER_WAIT_MILLISECONDS;
  for (;;) {
    const [pidText, startedAt] = (await readFile(ownerFile, "utf8").catch(() => "")).split("\n");
    const pid = Number(pidText);
    const state = pid > 0 ? inspectProcess(pid) : undefined;
    if (state?.isAlive && (state.startedAt ?? "") === startedAt) return pid;
    if (performance.now() > deadline) return undefined;
    await delay(50);
  }
}
