import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, ProjectId, ProjectUrlId } from "../../kernel/ids.ts";
import type { ProjectUrl } from "../types.ts";
import { own, type RegistryTables } from "./tables.ts";

/** Verified pages of a project, the oldest first. */
export async function listProjectUrls(reader: Reader, projectId: ProjectId): Promise<readonly ProjectUrl[]> {
  const rows = await own(reader)
    .selectFrom("project_urls")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("removed_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(toUrl);
}

/** How long a page that leads back is left alone. */
const WEEK_MS = 7 * 24 * 3600_000;

/**
 * Notes that the link back was seen now. Seen again, it is as old as it was; after it was lost it begins anew, since the
 * page may be somebody else's by now. @returns whether it is new, or counts again
 */
export async function upsertProjectUrl(
  tx: Tx,
  row: {
    readonly id: ProjectUrlId;
    readonly projectId: ProjectId;
    readonly url: URL;
    readonly by: AccountId;
  },
): Promise<boolean> {
  const seenNow = { checked_at: tx.now, misses: 0, next_check_at: new Date(tx.now.getTime() + WEEK_MS) };
  const present = (seen: Partial<RegistryTables["project_urls"]>) =>
    own(tx)
      .updateTable("project_urls")
      .set(seen)
      .where("project_id", "=", row.projectId)
      .where("url", "=", row.url.href)
      .where("removed_at", "is", null);
  const seen = await present(seenNow).where("lost_at", "is", null).executeTakeFirst();
  if (seen.numUpdatedRows > 0n) return false;
  const back = await present({ ...seenNow, lost_at: null, bound_by: row.by, bound_at: tx.now }).executeTakeFirst();
  if (back.numUpdatedRows > 0n) return true;
  await own(tx)
    .insertInto("project_urls")
    .values({
      id: row.id,
      project_id: row.projectId,
      url: row.url.href,
      host: row.url.hostname,
      bound_by: row.by,
      bound_at: tx.now,
      ...seenNow,
      removed_at: null,
      lost_at: null,
    })
    .execute();
  return true;
}

/** A verified page that is to be looked at again. */
export interface DuePage {
  readonly id: ProjectUrlId;
  readonly projectId: ProjectId;
  readonly url: string;
  readonly misses: number;
  readonly nextCheckAt: Date;
}

/** Verified pages that are due, those that waited longest first. Lost ones are not looked at: their owners verify them anew. */
export async function selectDuePages(reader: Reader, now: Date, limit: number): Promise<readonly DuePage[]> {
  const rows = await own(reader)
    .selectFrom("project_urls")
    .select(["id", "project_id", "url", "misses", "next_check_at"])
    .where("removed_at", "is", null)
    .where("lost_at", "is", null)
    .where("next_check_at", "<=", now)
    .orderBy("next_check_at")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    projectId: row.project_id,
    url: row.url,
    misses: row.misses,
    nextCheckAt: row.next_check_at,
  }));
}

/** Writes what a look found. @returns false where another look, or its owner, was there first */
export async function noteLook(
  tx: Tx,
  page: DuePage,
  found: { readonly misses: number; readonly nextCheckAt: Date; readonly isLost: boolean },
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("project_urls")
    .set({
      misses: found.misses,
      next_check_at: found.nextCheckAt,
      ...(found.misses === 0 ? { checked_at: tx.now } : {}),
      ...(found.isLost ? { lost_at: tx.now } : {}),
    })
    .where("id", "=", page.id)
    .where("next_check_at", "=", page.nextCheckAt)
    .where("removed_at", "is", null)
    .where("lost_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** @returns the page that is no longer one; null where there was none */
export async function setUrlRemoved(tx: Tx, projectId: ProjectId, id: ProjectUrlId): Promise<ProjectUrl | null> {
  const row = await own(tx)
    .updateTable("project_urls")
    .set({ removed_at: tx.now })
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toUrl(row) : null;
}

const toUrl = (row: RegistryTables["project_urls"]): ProjectUrl => ({
  id: row.id,
  projectId: row.project_id,
  url: row.url,
  host: row.host,
  boundAt: row.bound_at,
  boundBy: row.bound_by,
  checkedAt: row.checked_at,
  lostAt: row.lost_at,
});
