import { createHash } from "node:crypto";
import type { Clock } from "../../kernel/clock.ts";
import { errorFields, type Log } from "../../kernel/log.ts";
import type { GuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import type { LeakLookup } from "../../kernel/runtime.ts";
import { countInFile } from "./file.ts";
import { makeRangeLookup } from "./range.ts";

export interface LeakSources {
  /** A service that speaks the range protocol; null for none. */
  readonly url: URL | null;
  /** A sorted file of SHA-1 hashes; null for none. */
  readonly file: string | null;
}

/** The SHA-1 by which lists of leaked passwords name them. It protects nothing here: it is only how they are written. */
export const leakHash = (password: string): string =>
  createHash("sha1").update(password.normalize("NFC"), "utf8").digest("hex").toUpperCase();

/**
 * Makes the look-up of leaked passwords: the file first, which stays on this machine, then the service, which may be
 * newer. Undefined where neither is set. Whatever goes wrong is logged and counts as "not known": an outage blocks nobody.
 */
export function makeLeakLookup(
  { url, file }: LeakSources,
  { fetch, clock, log }: { readonly fetch: GuardedFetch; readonly clock: Clock; readonly log: Log },
): LeakLookup | undefined {
  if (url === null && file === null) return undefined;
  const askService = url === null ? null : makeRangeLookup(url, fetch, clock);
  return async (password) => {
    const sha1 = leakHash(password.reveal());
    const inFile = file === null ? null : await countSafely(file, sha1, log);
    if (inFile !== null && inFile > 0) return inFile;
    if (askService === null) return inFile;
    const answer = await askService(sha1);
    if (answer.kind === "count") return answer.count;
    log.warn("breach service away", { detail: answer.why });
    return inFile;
  };
}

async function countSafely(file: string, sha1: string, log: Log): Promise<number | null> {
  try {
    return await countInFile(file, sha1);
  } catch (error) {
    log.warn("breach file not readable", errorFields(error));
    return null;
  }
}
