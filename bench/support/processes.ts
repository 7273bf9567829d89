import { readdir, readFile, writeFile } from "node:fs/promises";

/* What Linux tells about processes: processor time and memory. Elsewhere there is no /proc, and the answer is null. */

const TICK_MILLISECONDS = 10; // USER_HZ is 100 on every Linux that Node runs on

interface Stat {
  readonly parent: number;
  /** Milliseconds of its own, user and system. */
  readonly own: number;
  /** Of the children that ended. */
  readonly ended: number;
}

async function statOf(pid: number): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => null);
  if (text === null) return null;
  // Behind the name, which may hold spaces and brackets: field 3 (state) comes first.
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const at = (field: number): number => fields[field - 3] ?? 0;
  return { parent: at(4), own: (at(14) + at(15)) * TICK_MILLISECONDS, ended: (at(16) + at(17)) * TICK_MILLISECONDS };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const names = await readdir("/proc").catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(async (one) => ({ one, stat: await statOf(one) })));
  return stats.filter(({ stat }) => stat?.parent === pid).map(({ one }) => one);
}

/** Milliseconds of processor time that a process has used so far. */
export const cpuOf = async (pid: number): Promise<number> => (await statOf(pid))?.own ?? 0;

/** The same with its children, those that ended included: for PostgreSQL, which has one for each connection. */
export async function cpuOfFamily(pid: number): Promise<number> {
  const parent = await statOf(pid);
  const children = await Promise.all((await childrenOf(pid)).map(cpuOf));
  return (parent?.own ?? 0) + (parent?.ended ?? 0) + children.reduce((total, one) => total + one, 0);
}

async function kibibytes(path: string, name: string): Promise<number> {
  const text = await readFile(path, "utf8").catch(() => "");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN) * 1024;
}

/** Resident memory in bytes; NaN where it is not known. */
export const residentBytes = (pid: number): Promise<number> => kibibytes(`/proc/${pid}/status`, "VmRSS");

/** The most it had resident since `forgetPeak`, in bytes. */
export const peakBytes = (pid: number): Promise<number> => kibibytes(`/proc/${pid}/status`, "VmHWM");

/** Starts the peak anew at what is resident now. Source: proc(5), clear_refs, value 5. */
export const forgetPeak = (pid: number): Promise<void> => writeFile(`/proc/${pid}/clear_refs`, "5");

/** Resident memory in bytes, pages that processes share divided among them (PSS). */
export const shareOfMemory = (pid: number): Promise<number> => kibibytes(`/proc/${pid}/smaps_rollup`, "Pss");

/** The same of a process and its children together. */
export async function familyShareOfMemory(pid: number): Promise<number> {
  const parts = await Promise.all([pid, ...(await childrenOf(pid))].map(shareOfMemory));
  return parts.reduce((total, one) => total + one, 0);
}
