import type { Database } from "../kernel/db/database.ts";
import { transact } from "../kernel/db/transact.ts";
import type { ProjectId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import { addDownloads } from "./store/access.ts";

/*
 * Downloads are counted a project and day, in memory first: a row written for each would cost more than the download.
 * What has not been flushed when a process is killed is lost; the counts only have to be right in their size.
 */

export interface DownloadCounter {
  count(projectId: ProjectId, now: Date): void;
  /** Whether enough has gathered, or has waited long enough, to be written. */
  isDue(now: Date): boolean;
  /** Writes what has gathered. Called when due, from a job, and before the process ends. */
  flush(db: Database, now: Date): Promise<void>;
}

const FLUSH_AFTER_MS = 30_000;
const FLUSH_AT_ROWS = 500;

export function makeDownloadCounter(): DownloadCounter {
  let waiting = new Map<string, { readonly projectId: ProjectId; readonly day: string; downloads: number }>();
  let since: Date | null = null;
  return {
    count: (projectId, now) => {
      since ??= now;
      const day = now.toISOString().slice(0, 10);
      const key = `${projectId} ${day}`;
      const row = waiting.get(key);
      if (row) row.downloads += 1;
      else waiting.set(key, { projectId, day, downloads: 1 });
    },
    isDue: (now) =>
      since !== null && (waiting.size >= FLUSH_AT_ROWS || now.getTime() - since.getTime() >= FLUSH_AFTER_MS),
    flush: async (db, now) => {
      if (waiting.size === 0) return;
      const rows = [...waiting.values()];
      waiting = new Map();
      since = null;
      await transact(db, { now, bookkeeping: "download counts" }, async (tx) => {
        await addDownloads(tx, rows);
        return ok();
      });
    },
  };
}
