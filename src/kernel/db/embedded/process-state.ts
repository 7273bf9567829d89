import { readFileSync, readlinkSync } from "node:fs";
import { systemCode } from "./error.ts";

/** What can be learnt of a process. Parts that the platform does not tell, or not to us, are undefined. */
export interface ProcessState {
  /** False for a zombie too: it holds nothing and does nothing more. */
  readonly isAlive: boolean;
  /** Clock ticks from boot to its start: with the number, tells a process from a later one of the same number. */
  readonly startedAt: string | undefined;
  readonly workingDirectory: string | undefined;
}

const GONE: ProcessState = { isAlive: false, startedAt: undefined, workingDirectory: undefined };

/** Looks at a process by its number: on Linux in /proc (proc_pid_stat(5)), elsewhere with signal 0 only. */
export function inspectProcess(pid: number): ProcessState {
  if (process.platform !== "linux") return { ...GONE, isAlive: isSignalled(pid) };
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // Hidden from us by hidepid, or gone.
    return { ...GONE, isAlive: isSignalled(pid) };
  }
  // The second field, the name, may hold spaces and brackets; what follows its last bracket starts at field 3.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  if (state === "Z" || state === "X") return GONE;
  return { isAlive: true, startedAt: fields[19], workingDirectory: workingDirectory(pid) };
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function isSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM"; // it is there, and somebody else's
  }
}
