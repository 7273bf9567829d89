import { randomBytes } from "node:crypto";

/** Source of unpredictable bytes, injected so that tests can repeat a run. SP 800-63B-4 §3.2.12. */
export interface Random {
  bytes(count: number): Buffer;
}

/** The operating system's generator. */
export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
