import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Argon2Cost {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

export interface Argon2Rate {
  readonly perSecond: number;
  /** Of one verification, from its beginning to its end. */
  readonly wallMilliseconds: number;
  readonly cpuMilliseconds: number;
  /** The part of it that the operating system takes to hand out memory. */
  readonly systemMilliseconds: number;
}

/** Measures bare verifications in a process that does nothing else, with the library the server uses. */
export async function measureArgon2(cost: Argon2Cost, atOnce: number, seconds: number): Promise<Argon2Rate> {
  const args = [cost.memoryCost, cost.timeCost, cost.parallelism, atOnce, seconds].map(String);
  const script = join(import.meta.dirname, "argon2-load.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
  return JSON.parse(stdout) as Argon2Rate; // written by argon2-load.ts
}
