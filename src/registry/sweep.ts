import type { Runtime } from "../kernel/runtime.ts";
import { listBlobs, removeStaleTemporaries } from "./blobs.ts";
import { discardBlob } from "./publish.ts";
import { listKnownDigests } from "./store/projects.ts";

const HOUR_MS = 3600 * 1000;

/**
 * Removes what a killed process left in the files folder: half-received uploads, and bytes that were kept but never
 * published. Only what has been still for an hour by the file system's own times, so that it may run at every start
 * beside other processes that are receiving. Returns how many files went.
 */
export async function sweepTemporaryFiles(
  runtime: Runtime,
  filesFolder: string,
  before: Date = new Date(Date.now() - HOUR_MS),
): Promise<number> {
  let removed = await removeStaleTemporaries(filesFolder, before);
  for await (const digests of listBlobs(filesFolder, before)) {
    const known = await listKnownDigests(runtime.db, digests);
    for (const sha256 of digests.filter((digest) => !known.has(digest))) {
      if (await discardBlob(runtime, filesFolder, sha256, runtime.clock.now())) removed += 1;
    }
  }
  return removed;
}
