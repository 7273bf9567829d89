import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, OrganisationId, ProjectId } from "../../kernel/ids.ts";
import type { OrganisationRole, Place, ProjectRole, Sharer, SharedRole } from "../types.ts";
import { findRole, upsertMember, upsertRole } from "./access.ts";
import { own } from "./tables.ts";

/** Which place is meant: by kind and normalised name, or by id. */
export type PlaceRef =
  | { readonly kind: Place["kind"]; readonly slug: string }
  | { readonly kind: "project"; readonly id: ProjectId }
  | { readonly kind: "organisation"; readonly id: OrganisationId };

const TABLE = { project: "projects", organisation: "organisations" } as const;

async function selectPlace(reader: Reader, ref: PlaceRef, isLocked: boolean): Promise<Place | null> {
  const by = "slug" in ref ? sql`name_normalized = ${ref.slug}` : sql`id = ${ref.id}`;
  // Not the strongest lock: files that are being published hold a weak one on their project, and are not in the way.
  const { rows } = await sql<{ id: string; name: string; name_normalized: string }>`
    select id, name, name_normalized from ${sql.table(TABLE[ref.kind])}
    where ${by} ${isLocked ? sql`for no key update` : sql``}`.execute(own(reader));
  const row = rows[0];
  if (!row) return null;
  return { kind: ref.kind, id: row.id, name: row.name, slug: row.name_normalized } as Place; // the table says which id
}

export const findPlace = (reader: Reader, ref: PlaceRef): Promise<Place | null> => selectPlace(reader, ref, false);

/** One after the other: who changes the people of a place holds it until the end of the transaction. */
export const lockPlace = (tx: Tx, ref: PlaceRef): Promise<Place | null> => selectPlace(tx, ref, true);

/** What somebody may do there: on a project the strongest of all ways. Null for nothing. */
export const roleIn = (reader: Reader, place: Place, accountId: AccountId): Promise<SharedRole | null> =>
  place.kind === "project" ? findRole(reader, place.id, accountId) : ownRoleIn(reader, place, accountId);

/** The role somebody has there themselves, not through an organisation. */
export async function ownRoleIn(reader: Reader, place: Place, accountId: AccountId): Promise<SharedRole | null> {
  const row =
    place.kind === "project"
      ? await own(reader)
          .selectFrom("project_roles")
          .select("role")
          .where("project_id", "=", place.id)
          .where("account_id", "=", accountId)
          .executeTakeFirst()
      : await own(reader)
          .selectFrom("organisation_members")
          .select("role")
          .where("organisation_id", "=", place.id)
          .where("account_id", "=", accountId)
          .executeTakeFirst();
  return row?.role ?? null;
}

/** Gives a role, in place of another. The caller has checked that the place has such a role. */
export const putRole = (tx: Tx, place: Place, accountId: AccountId, role: SharedRole): Promise<void> =>
  place.kind === "project"
    ? upsertRole(tx, place.id, accountId, role as ProjectRole)
    : upsertMember(tx, place.id, accountId, role as OrganisationRole);

/** @returns false where there was none */
export async function dropRole(tx: Tx, place: Place, accountId: AccountId): Promise<boolean> {
  const gone =
    place.kind === "project"
      ? await own(tx)
          .deleteFrom("project_roles")
          .where("project_id", "=", place.id)
          .where("account_id", "=", accountId)
          .executeTakeFirst()
      : await own(tx)
          .deleteFrom("organisation_members")
          .where("organisation_id", "=", place.id)
          .where("account_id", "=", accountId)
          .executeTakeFirst();
  return gone.numDeletedRows === 1n;
}

/** Everybody with a role there, of their own first, the oldest first; on a project also those through its organisation. */
export async function listSharers(reader: Reader, place: Place): Promise<readonly Sharer[]> {
  const { rows } =
    place.kind === "project"
      ? await sql<{ account_id: AccountId; role: SharedRole; since: Date; through: string | null }>`
          select account_id, role, granted_at as since, null as through from project_roles where project_id = ${place.id}
          union all
          select m.account_id, case m.role when 'member' then 'maintainer' else 'owner' end,
                 greatest(m.added_at, p.added_at), o.name
          from organisation_projects p join organisation_members m on m.organisation_id = p.organisation_id
          join organisations o on o.id = p.organisation_id where p.project_id = ${place.id}
          order by through nulls first, since, account_id`.execute(own(reader))
      : await sql<{ account_id: AccountId; role: SharedRole; since: Date; through: string | null }>`
          select account_id, role, added_at as since, null as through from organisation_members
          where organisation_id = ${place.id} order by since, account_id`.execute(own(reader));
  return rows.map(({ account_id: accountId, ...rest }) => ({ accountId, ...rest }));
}

/** Accounts that own a place, each once; on a project also the owners and managers of its organisation. */
export async function listOwners(reader: Reader, place: Place): Promise<readonly AccountId[]> {
  const sharers = await listSharers(reader, place);
  return [...new Set(sharers.filter(({ role }) => role === "owner").map(({ accountId }) => accountId))];
}

/** The organisation a project is in. */
export async function organisationOf(reader: Reader, projectId: ProjectId): Promise<Place | null> {
  const row = await own(reader)
    .selectFrom("organisation_projects")
    .select("organisation_id")
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return row ? findPlace(reader, { kind: "organisation", id: row.organisation_id }) : null;
}

/** The projects of an organisation, by name. */
export async function listOrganisationProjects(reader: Reader, id: OrganisationId): Promise<readonly Place[]> {
  const rows = await own(reader)
    .selectFrom("organisation_projects")
    .innerJoin("projects", "projects.id", "organisation_projects.project_id")
    .select(["projects.id", "projects.name", "projects.name_normalized as slug"])
    .where("organisation_projects.organisation_id", "=", id)
    .orderBy("projects.name_normalized")
    .execute();
  return rows.map((row) => ({ kind: "project" as const, ...row }));
}

/** @returns false where it is not in that organisation */
export async function dropOrganisationProject(tx: Tx, id: OrganisationId, projectId: ProjectId): Promise<boolean> {
  const gone = await own(tx)
    .deleteFrom("organisation_projects")
    .where("organisation_id", "=", id)
    .where("project_id", "=", projectId)
    .executeTakeFirst();
  return gone.numDeletedRows === 1n;
}

/**
 * The right of an account on a project, kept as it is until the transaction ends: whoever takes it away waits until the
 * file is published, and after that nothing more can be.
 */
export async function lockRole(tx: Tx, projectId: ProjectId, accountId: AccountId): Promise<ProjectRole | null> {
  await sql`select from project_roles where project_id = ${projectId} and account_id = ${accountId} for key share`.execute(
    own(tx),
  );
  await sql`
    select from organisation_projects p join organisation_members m on m.organisation_id = p.organisation_id
    where p.project_id = ${projectId} and m.account_id = ${accountId} for key share of p, m`.execute(own(tx));
  return findRole(tx, projectId, accountId);
}

/** Something two accounts share, and since when both do. */
export interface SharedThing {
  readonly id: ProjectId | OrganisationId;
  readonly name: string;
  readonly since: Date;
}

/**
 * Other accounts that own a project this one has a right on, or an organisation it is in, each with those. Since when:
 * the later of the two, each by its earliest way there.
 */
export async function selectSharedWith(
  reader: Reader,
  accountId: AccountId,
): Promise<ReadonlyMap<AccountId, readonly SharedThing[]>> {
  const { rows } = await sql<{ account_id: AccountId; id: SharedThing["id"]; name: string; since: Date }>`
    with mine as materialized (
      select project_id, min(since) as since from project_access where account_id = ${accountId} group by project_id
    ), theirs as (
      -- As the view has it, but from the projects: through the view, every right of the index would be read for a join.
      select r.project_id, r.account_id, r.granted_at as since
      from mine join project_roles r on r.project_id = mine.project_id where r.role = 'owner'
      union all
      select op.project_id, om.account_id, greatest(op.added_at, om.added_at)
      from mine join organisation_projects op on op.project_id = mine.project_id
      join organisation_members om on om.organisation_id = op.organisation_id where om.role <> 'member'
    )
    select theirs.account_id, p.id, p.name, greatest(mine.since, min(theirs.since)) as since
    from mine join theirs on theirs.project_id = mine.project_id join projects p on p.id = mine.project_id
    where theirs.account_id <> ${accountId}
    group by theirs.account_id, p.id, p.name, mine.since
    union all
    select theirs.account_id, o.id, o.name, greatest(mine.added_at, theirs.added_at)
    from organisation_members mine
    join organisation_members theirs
      on theirs.organisation_id = mine.organisation_id and theirs.account_id <> mine.account_id
    join organisations o on o.id = mine.organisation_id
    where mine.account_id = ${accountId} and theirs.role = 'owner'
    order by 1, 4, 2`.execute(own(reader));
  const found = new Map<AccountId, SharedThing[]>();
  for (const { account_id: other, ...thing } of rows) found.set(other, [...(found.get(other) ?? []), thing]);
  return found;
}
