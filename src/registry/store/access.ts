import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, OrganisationId, ProjectId } from "../../kernel/ids.ts";
import type { Organisation, OrganisationRole, ProjectRole } from "../types.ts";
import { own } from "./tables.ts";

/** The strongest right of an account on a project, its own or through an organisation; null for none. */
export async function findRole(
  reader: Reader,
  projectId: ProjectId,
  accountId: AccountId,
): Promise<ProjectRole | null> {
  const rows = await own(reader)
    .selectFrom("project_access")
    .select("role")
    .where("project_id", "=", projectId)
    .where("account_id", "=", accountId)
    .execute();
  return rows.some((row) => row.role === "owner") ? "owner" : (rows[0]?.role ?? null);
}

/** Everybody with a right on a project, by its normalised name; at most fifty. */
export async function listAccountsOf(reader: Reader, normalized: string): Promise<readonly AccountId[]> {
  const rows = await own(reader)
    .selectFrom("project_access")
    .innerJoin("projects", "projects.id", "project_access.project_id")
    .select("project_access.account_id")
    .distinct()
    .where("projects.name_normalized", "=", normalized)
    .limit(50)
    .execute();
  return rows.map((row) => row.account_id);
}

/** Gives an account a role of its own on a project, in place of the one it had. */
export async function upsertRole(tx: Tx, projectId: ProjectId, accountId: AccountId, role: ProjectRole): Promise<void> {
  await own(tx)
    .insertInto("project_roles")
    .values({ project_id: projectId, account_id: accountId, role, granted_at: tx.now })
    .onConflict((conflict) =>
      conflict.columns(["project_id", "account_id"]).doUpdateSet({
        role,
        // The same role again is as old as it was: its age counts when people vouch for one another.
        granted_at: sql`case when project_roles.role = ${role} then project_roles.granted_at else ${tx.now} end`,
      }),
    )
    .execute();
}

/** @returns null where the name is taken */
export async function insertOrganisation(
  tx: Tx,
  row: { readonly id: OrganisationId; readonly name: string; readonly normalized: string },
): Promise<OrganisationId | null> {
  const inserted = await own(tx)
    .insertInto("organisations")
    .values({ id: row.id, name: row.name, name_normalized: row.normalized, created_at: tx.now })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  return inserted?.id ?? null;
}

export async function upsertMember(
  tx: Tx,
  id: OrganisationId,
  accountId: AccountId,
  role: OrganisationRole,
): Promise<void> {
  await own(tx)
    .insertInto("organisation_members")
    .values({ organisation_id: id, account_id: accountId, role, added_at: tx.now })
    .onConflict((conflict) =>
      conflict.columns(["organisation_id", "account_id"]).doUpdateSet({
        role,
        added_at: sql`case when organisation_members.role = ${role} then organisation_members.added_at else ${tx.now} end`,
      }),
    )
    .execute();
}

export async function upsertOrganisationProject(tx: Tx, id: OrganisationId, projectId: ProjectId): Promise<void> {
  await own(tx)
    .insertInto("organisation_projects")
    .values({ organisation_id: id, project_id: projectId, added_at: tx.now })
    .onConflict((conflict) => conflict.column("project_id").doUpdateSet({ organisation_id: id, added_at: tx.now }))
    .execute();
}

export async function selectOrganisations(reader: Reader, accountId: AccountId): Promise<readonly Organisation[]> {
  const rows = await own(reader)
    .selectFrom("organisation_members")
    .innerJoin("organisations", "organisations.id", "organisation_members.organisation_id")
    .select(["organisations.id", "organisations.name", "organisation_members.role"])
    .where("organisation_members.account_id", "=", accountId)
    .orderBy("organisations.name_normalized")
    .execute();
  return rows;
}

export interface ProjectOf {
  readonly id: ProjectId;
  readonly name: string;
  readonly normalizedName: string;
  readonly role: ProjectRole;
  /** Uploads by this very account; null where it never uploaded to it. */
  readonly firstUploadAt: Date | null;
  readonly lastUploadAt: Date | null;
}

/** The projects an account has a right on, by name. */
export async function selectProjectsOf(reader: Reader, accountId: AccountId): Promise<readonly ProjectOf[]> {
  const { rows } = await sql<{
    id: ProjectId;
    name: string;
    name_normalized: string;
    is_owner: boolean;
    first_upload: Date | null;
    last_upload: Date | null;
  }>`
    select p.id, p.name, p.name_normalized, a.is_owner, f.first_upload, f.last_upload
    from (select project_id, bool_or(role = 'owner') as is_owner
            from project_access where account_id = ${accountId} group by project_id) a
    join projects p on p.id = a.project_id
    left join (select project_id, min(uploaded_at) as first_upload, max(uploaded_at) as last_upload
                 from files where uploaded_by = ${accountId} group by project_id) f on f.project_id = p.id
    order by p.name_normalized`.execute(own(reader));
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    normalizedName: row.name_normalized,
    role: row.is_owner ? "owner" : "maintainer",
    firstUploadAt: row.first_upload,
    lastUploadAt: row.last_upload,
  }));
}

/** Other accounts that own a project this one has a right on, with those projects. */
export async function selectCoOwners(
  reader: Reader,
  accountId: AccountId,
): Promise<readonly { readonly accountId: AccountId; readonly projects: readonly string[] }[]> {
  const { rows } = await sql<{ account_id: AccountId; projects: string[] }>`
    with mine as materialized (select distinct project_id from project_access where account_id = ${accountId}),
    theirs as (
      -- As the view has it, but from the projects: through the view, every right of the index would be read for a join.
      select r.project_id, r.account_id from mine join project_roles r on r.project_id = mine.project_id
      where r.role = 'owner'
      union
      select op.project_id, om.account_id from mine join organisation_projects op on op.project_id = mine.project_id
      join organisation_members om on om.organisation_id = op.organisation_id where om.role <> 'member'
    )
    select theirs.account_id, array_agg(distinct p.name order by p.name) as projects
    from theirs join projects p on p.id = theirs.project_id
    where theirs.account_id <> ${accountId}
    group by theirs.account_id
    order by theirs.account_id`.execute(own(reader));
  return rows.map((row) => ({ accountId: row.account_id, projects: row.projects }));
}

/** Whether two accounts have rights on one project, or belong to one organisation. */
export async function selectSharePlace(reader: Reader, one: AccountId, other: AccountId): Promise<boolean> {
  const { rows } = await sql<{ is_shared: boolean }>`
    select exists (
      select project_id from project_access where account_id = ${one}
      intersect select project_id from project_access where account_id = ${other}
    ) or exists (
      select organisation_id from organisation_members where account_id = ${one}
      intersect select organisation_id from organisation_members where account_id = ${other}
    ) as is_shared`.execute(own(reader));
  return rows[0]?.is_shared ?? false;
}

export interface ImpactCounts {
  readonly ownedProjects: number;
  readonly roles: number;
  readonly ownedOrganisations: number;
  readonly liveTokens: number;
  readonly dependents: number;
  readonly downloads30d: number;
  readonly releases: number;
}

/** What an attacker could do with an account, counted. @param since the first day of downloads that counts */
export async function countImpact(reader: Reader, accountId: AccountId, now: Date, since: Date): Promise<ImpactCounts> {
  const { rows } = await sql<Record<keyof ImpactCounts, bigint>>`
    with rights as (
      select project_id, bool_or(role = 'owner') as is_owner
      from project_access where account_id = ${accountId} group by project_id
    ), dependents as (
      select count(*) as n from rights r
      join projects p on p.id = r.project_id
      join project_dependencies d on d.depends_on = p.name_normalized
      where not exists (select from rights own where own.project_id = d.project_id)
      group by p.id
    ), downloads as (
      select sum(downloads)::bigint as n from file_downloads
      where project_id in (select project_id from rights) and day >= ${since.toISOString().slice(0, 10)}::date
      group by project_id
    )
    select
      (select count(*) from rights where is_owner) as "ownedProjects",
      (select count(*) from rights where not is_owner) as "roles",
      (select count(*) from organisation_members where account_id = ${accountId} and role = 'owner') as "ownedOrganisations",
      (select count(*) from api_tokens where account_id = ${accountId} and revoked_at is null
         and (expires_at is null or expires_at > ${now})) as "liveTokens",
      (select coalesce(max(n), 0) from dependents) as "dependents",
      (select coalesce(max(n), 0) from downloads) as "downloads30d",
      (select count(*) from releases where project_id in (select project_id from rights)) as "releases"`.execute(
    own(reader),
  );
  const row = rows[0];
  if (!row) throw new Error("Counting returned nothing.");
  return {
    ownedProjects: Number(row.ownedProjects),
    roles: Number(row.roles),
    ownedOrganisations: Number(row.ownedOrganisations),
    liveTokens: Number(row.liveTokens),
    dependents: Number(row.dependents),
    downloads30d: Number(row.downloads30d),
    releases: Number(row.releases),
  };
}

/** Adds downloads to the days' counts. */
export async function addDownloads(
  tx: Tx,
  counts: readonly { readonly projectId: ProjectId; readonly day: string; readonly downloads: number }[],
): Promise<void> {
  // In one order, so that two processes that flush at once cannot wait for each other.
  const rows = counts.toSorted((a, b) => (`${a.projectId}${a.day}` < `${b.projectId}${b.day}` ? -1 : 1));
  await own(tx)
    .insertInto("file_downloads")
    .values(rows.map((row) => ({ project_id: row.projectId, day: row.day, downloads: BigInt(row.downloads) })))
    .onConflict((conflict) =>
      conflict
        .columns(["project_id", "day"])
        .doUpdateSet({ downloads: sql`file_downloads.downloads + excluded.downloads` }),
    )
    .execute();
}

/** One thing an account reaches, with what an attacker could do there. */
export interface ReachedThing {
  readonly id: ProjectId | OrganisationId;
  readonly kind: "project" | "organisation";
  /** On an organisation, whether the account owns it. */
  readonly isOwner: boolean;
  readonly dependents: number;
  readonly downloads30d: number;
}

/** The projects and organisations an account reaches, each by itself; `countImpact` counts them together. */
export async function selectReach(reader: Reader, accountId: AccountId, since: Date): Promise<readonly ReachedThing[]> {
  const { rows } = await sql<{
    id: ReachedThing["id"];
    kind: ReachedThing["kind"];
    is_owner: boolean;
    dependents: bigint;
    downloads: bigint;
  }>`
    with rights as (
      select project_id, bool_or(role = 'owner') as is_owner
      from project_access where account_id = ${accountId} group by project_id
    )
    select p.id, 'project' as kind, r.is_owner,
      (select count(*) from project_dependencies d where d.depends_on = p.name_normalized
         and not exists (select from rights own where own.project_id = d.project_id)) as dependents,
      (select coalesce(sum(downloads), 0)::bigint from file_downloads f
         where f.project_id = p.id and day >= ${since.toISOString().slice(0, 10)}::date) as downloads
    from rights r join projects p on p.id = r.project_id
    union all
    select organisation_id, 'organisation', role = 'owner', 0, 0 from organisation_members where account_id = ${accountId}
    order by 1`.execute(own(reader));
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    isOwner: row.is_owner,
    dependents: Number(row.dependents),
    downloads30d: Number(row.downloads),
  }));
}
