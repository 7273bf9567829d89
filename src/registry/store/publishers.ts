import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, ProjectId, PublisherId } from "../../kernel/ids.ts";
import type { Publisher, PublisherIdentity, Run } from "../publishers/types.ts";
import { own, type RegistryTables } from "./tables.ts";

/** The publishers of a project that may publish now, the oldest first. */
export async function listPublishers(reader: Reader, projectId: ProjectId): Promise<readonly Publisher[]> {
  const rows = await own(reader)
    .selectFrom("publishers")
    .selectAll()
    .where("project_id", "=", projectId)
    .where("removed_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(toPublisher);
}

/** @returns whether it was not there yet */
export async function insertPublisher(
  tx: Tx,
  row: PublisherIdentity & {
    readonly id: PublisherId;
    readonly projectId: ProjectId;
    readonly addedBy: AccountId;
  },
): Promise<boolean> {
  const { id, projectId, addedBy, service, issuer, repository, workflow, environment, subject } = row;
  const { numAffectedRows } = await sql`
    insert into publishers (id, project_id, service, issuer, repository, workflow, environment, subject, added_by, added_at)
    values (${id}, ${projectId}, ${service}, ${issuer}, ${repository}, ${workflow}, ${environment}, ${subject}, ${addedBy}, ${tx.now})
    on conflict do nothing`.execute(own(tx));
  return numAffectedRows === 1n;
}

/** @returns the publisher that is none any more; null where there was none */
export async function setPublisherRemoved(tx: Tx, projectId: ProjectId, id: PublisherId): Promise<Publisher | null> {
  const row = await own(tx)
    .updateTable("publishers")
    .set({ removed_at: tx.now })
    .where("id", "=", id)
    .where("project_id", "=", projectId)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toPublisher(row) : null;
}

/** A publisher with the project it may publish to. */
export interface PublisherOf extends Publisher {
  readonly project: string;
}

/** Publishers that a run may be, at whatever projects, kept from being changed until the transaction ends. */
export async function lockCandidates(tx: Tx, run: Run, limit: number): Promise<readonly PublisherOf[]> {
  const rows = await own(tx)
    .selectFrom("publishers")
    .innerJoin("projects", "projects.id", "publishers.project_id")
    .selectAll("publishers")
    .select("projects.name_normalized as project")
    .where("issuer", "=", run.issuer)
    .where("removed_at", "is", null)
    .where((is) =>
      run.repository === null
        ? is("subject", "=", run.subject)
        : is.or([is("repository", "=", run.repository), is("repository_id", "=", run.repositoryId)]),
    )
    .orderBy("publishers.id")
    .limit(limit)
    .forUpdate("publishers")
    .execute();
  return rows.map((row) => ({ ...toPublisher(row), project: row.project }));
}

/** Notes a use, and at the first one which repository and owner it is. */
export async function noteRun(tx: Tx, ids: readonly PublisherId[], run: Run): Promise<void> {
  await sql`
    update publishers set last_used_at = ${tx.now},
      owner_id = case when first_used_at is null then ${run.ownerId} else owner_id end,
      repository_id = case when first_used_at is null then ${run.repositoryId} else repository_id end,
      first_used_at = coalesce(first_used_at, ${tx.now})
    where id = any(${[...ids]})`.execute(own(tx));
}

/** The account behind a run's upload to a project: who registered its publisher there. Null once that is removed. */
export async function findActing(
  reader: Reader,
  ids: readonly PublisherId[],
  project: string,
): Promise<AccountId | null> {
  const row = await own(reader)
    .selectFrom("publishers")
    .innerJoin("projects", "projects.id", "publishers.project_id")
    .select("added_by")
    .where("publishers.id", "in", [...ids])
    .where("projects.name_normalized", "=", project)
    .where("removed_at", "is", null)
    .orderBy("publishers.id")
    .executeTakeFirst();
  return row?.added_by ?? null;
}

/** Spends a token of another service. @returns false where it was used before */
export async function spendIssuedToken(tx: Tx, digest: Buffer, expiresAt: Date): Promise<boolean> {
  await own(tx)
    .deleteFrom("issued_tokens_used")
    .where("expires_at", "<", new Date(tx.now.getTime() - DAY_MS))
    .execute();
  const { numAffectedRows } = await sql`
    insert into issued_tokens_used (digest, expires_at) values (${digest}, ${expiresAt})
    on conflict do nothing`.execute(own(tx));
  return numAffectedRows === 1n;
}

const DAY_MS = 24 * 3600_000;

/** A publisher of a project that an account may publish to, and since when it may. */
export interface PublisherInReach extends PublisherOf {
  readonly memberSince: Date;
}

/** Every publisher, removed ones too, of the projects that an account may publish to. */
export async function listPublishersInReach(
  reader: Reader,
  accountId: AccountId,
): Promise<readonly PublisherInReach[]> {
  const { rows } = await sql<RegistryTables["publishers"] & { project: string; since: Date }>`
    with mine as (
      select project_id, min(since) as since from project_access where account_id = ${accountId} group by project_id)
    select u.*, p.name_normalized as project, mine.since
    from mine join publishers u on u.project_id = mine.project_id join projects p on p.id = mine.project_id
    order by u.id limit 2000`.execute(own(reader));
  return rows.map((row) => ({ ...toPublisher(row), project: row.project, memberSince: row.since }));
}

/** Publishers that an account registered, the oldest first: for its owner. */
export async function listPublishersBy(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("publishers")
    .innerJoin("projects", "projects.id", "publishers.project_id")
    .selectAll("publishers")
    .select("projects.name as project")
    .where("added_by", "=", accountId)
    .orderBy("publishers.id")
    .execute();
  return rows.map((row) => ({
    project: row.project,
    service: row.service,
    repository: row.repository,
    workflow: row.workflow,
    environment: row.environment,
    subject: row.subject,
    addedAt: row.added_at,
    removedAt: row.removed_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Ends what an account registered, as it goes. */
export async function removePublishersBy(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .updateTable("publishers")
    .set({ removed_at: tx.now })
    .where("added_by", "=", accountId)
    .where("removed_at", "is", null)
    .execute();
}

const toPublisher = (row: RegistryTables["publishers"]): Publisher => ({
  id: row.id,
  projectId: row.project_id,
  service: row.service,
  issuer: row.issuer,
  repository: row.repository,
  workflow: row.workflow,
  environment: row.environment,
  subject: row.subject,
  addedBy: row.added_by,
  addedAt: row.added_at,
  removedAt: row.removed_at,
  repositoryId: row.repository_id,
  ownerId: row.owner_id,
  firstUsedAt: row.first_used_at,
  lastUsedAt: row.last_used_at,
});
