import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, FileId, ProjectId } from "../../kernel/ids.ts";
import { type MetadataLink, newQuarters, type ProjectLink } from "../links.ts";
import { own } from "./tables.ts";

/**
 * Notes which links a file names, under the project's lock, after the file's own row. A link that the upload before named
 * too goes on; one that was gone in between begins anew.
 * @returns links that lead where none of the project's led before; none of its first upload
 */
export async function noteLinks(
  tx: Tx,
  { projectId, fileId }: { readonly projectId: ProjectId; readonly fileId: FileId },
  links: readonly MetadataLink[],
): Promise<readonly string[]> {
  if (links.length === 0) return [];
  const { rows } = await sql<{ before: Date | null }>`
    select max(uploaded_at) as before from files
    where project_id = ${projectId} and id <> ${fileId}`.execute(own(tx));
  const before = rows[0]?.before ?? null;
  const { rows: earlier } = await sql<{ url: string }>`
    select url from project_links where project_id = ${projectId}`.execute(own(tx));
  for (const { url, label } of links) {
    const { numAffectedRows } = await sql`
      update project_links set last_seen_at = ${tx.now}
      where project_id = ${projectId} and url = ${url} and last_seen_at >= ${before}`.execute(own(tx));
    if ((numAffectedRows ?? 0n) > 0n) continue;
    await sql`
      insert into project_links (project_id, url, label, first_seen_at, first_file_id, last_seen_at)
      values (${projectId}, ${url}, ${label}, ${tx.now}, ${fileId}, ${tx.now})`.execute(own(tx));
  }
  const urls = links.map((link) => link.url);
  return before === null
    ? []
    : newQuarters(
        urls,
        earlier.map((link) => link.url),
      );
}

/**
 * The links of every project that an account may publish to, as they were noted until now, each with what is needed to
 * judge how it stood at a moment in the past.
 * @param at the moment
 */
export async function listProjectLinks(
  reader: Reader,
  accountId: AccountId,
  at: Date,
): Promise<readonly ProjectLink[]> {
  const { rows } = await sql<ProjectLink>`
    with mine as (
      select project_id, min(since) as since from (
        select project_id, granted_at as since from project_roles where account_id = ${accountId}
        union all
        select op.project_id, greatest(op.added_at, om.added_at)
        from organisation_projects op join organisation_members om on om.organisation_id = op.organisation_id
        where om.account_id = ${accountId}) rights
      group by project_id)
    select l.project_id as "projectId", p.name as project, l.url, l.label, l.first_seen_at as "firstSeenAt",
      l.last_seen_at as "lastSeenAt", mine.since as "memberSince",
      (select max(f.uploaded_at) from files f where f.project_id = p.id and f.uploaded_at <= ${at}) as "uploadBefore"
    from mine join projects p on p.id = mine.project_id join project_links l on l.project_id = p.id
    where mine.project_id in (select project_id from project_access where account_id = ${accountId})
    order by l.first_seen_at, l.id limit 2000`.execute(own(reader));
  return rows;
}
