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

/** Notes that the link back was seen now. Seen again, it is as old as it was. @returns whether it is new */
export async function upsertProjectUrl(
  tx: Tx,
  row: {
    readonly id: ProjectUrlId;
    readonly projectId: ProjectId;
    readonly url: URL;
    readonly by: AccountId;
  },
): Promise<boolean> {
  const seen = await own(tx)
    .updateTable("project_urls")
    .set({ checked_at: tx.now })
    .where("project_id", "=", row.projectId)
    .where("url", "=", row.url.href)
    .where("removed_at", "is", null)
    .executeTakeFirst();
  if (seen.numUpdatedRows > 0n) return false;
  await own(tx)
    .insertInto("project_urls")
    .values({
      id: row.id,
      project_id: row.projectId,
      url: row.url.href,
      host: row.url.hostname,
      bound_by: row.by,
      bound_at: tx.now,
      checked_at: tx.now,
      removed_at: null,
    })
    .execute();
  return true;
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
});
