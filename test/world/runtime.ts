import { createHash } from "node:crypto";
import type { Clock } from "../../src/kernel/clock.ts";
import { makeKeyFile, makeKeyring } from "../../src/kernel/crypto/keyring.ts";
import type { Database } from "../../src/kernel/db/database.ts";
import { makeLog } from "../../src/kernel/log.ts";
import type { Random } from "../../src/kernel/random.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";

export interface TestClock extends Clock {
  /** Moves time on; never back unless told a negative number, which tests of clock jumps do. */
  advance(milliseconds: number): void;
}

/** A clock moved by hand. Starts at a fixed moment, so that failures repeat. */
export function testClock(start = new Date("2026-11-02T09:00:00.000Z")): TestClock {
  let at = start.getTime();
  return {
    now: () => new Date(at),
    advance: (milliseconds) => {
      at += milliseconds;
    },
  };
}

/** A repeatable generator: SHA-256 over a seed and a counter. For tests only. */
export function testRandom(seed: string): Random {
  let counter = 0;
  return {
    bytes: (count) => {
      const blocks: Buffer[] = [];
      for (let have = 0; have < count; have += 32) {
        counter += 1;
        blocks.push(createHash("sha256").update(`${seed}:${counter}`).digest());
      }
      return Buffer.concat(blocks).subarray(0, count);
    },
  };
}

export interface TestRuntime extends Runtime {
  readonly clock: TestClock;
  /** Every line that was logged, to be searched for secrets at the end. */
  readonly logLines: readonly string[];
}

export function testRuntime(
  db: Database,
  options: { readonly seed?: string; readonly publicUrl?: string } = {},
): TestRuntime {
  const random = testRandom(options.seed ?? "locksmith");
  const logLines: string[] = [];
  return {
    db,
    clock: testClock(),
    random,
    keys: makeKeyring(makeKeyFile(random)),
    log: makeLog("debug", (line) => logLines.push(line)),
    publicUrl: new URL(options.publicUrl ?? "http://127.0.0.1:8480"),
    indexName: "the test index",
    logLines,
  };
}
