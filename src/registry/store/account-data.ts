import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, FileId } from "../../kernel/ids.ts";
import { listPublishersBy, removePublishersBy } from "./publishers.ts";
import { own } from "./tables.ts";

/* What the registry holds about one account, for its owner, and what of it goes when the account is deleted. */

/** What nobody could change any more if this account were gone. Names, sorted. */
export interface SoleOwnerships {
  readonly projects: readonly string[];
  /** Organisations that have other members or projects. */
  readonly organisations: readonly string[];
}

/** Projects and organisations of which no other account is an owner. */
export async function listSoleOwnerships(reader: Reader, accountId: AccountId): Promise<SoleOwnerships> {
  const { rows: projects } = await sql<{ name: string }>`
    select distinct p.name from project_access mine join projects p on p.id = mine.project_id
    where mine.account_id = ${accountId} and mine.role = 'owner' and not exists (
      select from project_access other
      where other.project_id = mine.project_id and other.role = 'owner' and other.account_id <> mine.account_id)
    order by p.name`.execute(own(reader));
  const { rows: organisations } = await sql<{ name: string }>`
    select o.name from organisation_members mine join organisations o on o.id = mine.organisation_id
    where mine.account_id = ${accountId} and mine.role = 'owner'
      and not exists (select from organisation_members other
        where other.organisation_id = o.id and other.role = 'owner' and other.account_id <> mine.account_id)
      and (exists (select from organisation_members other
             where other.organisation_id = o.id and other.account_id <> mine.account_id)
        or exists (select from organisation_projects p where p.organisation_id = o.id))
    order by o.name`.execute(own(reader));
  return { projects: projects.map((row) => row.name), organisations: organisations.map((row) => row.name) };
}

/** Roles of an account on projects and in organisations, with their dates. */
export async function listRoleDates(reader: Reader, accountId: AccountId) {
  const projects = await own(reader)
    .selectFrom("project_roles")
    .innerJoin("projects", "projects.id", "project_roles.project_id")
    .select(["projects.name", "project_roles.role", "project_roles.granted_at as grantedAt"])
    .where("project_roles.account_id", "=", accountId)
    .orderBy("projects.name_normalized")
    .execute();
  const organisations = await own(reader)
    .selectFrom("organisation_members")
    .innerJoin("organisations", "organisations.id", "organisation_members.organisation_id")
    .select(["organisations.name", "organisation_members.role", "organisation_members.added_at as addedAt"])
    .where("organisation_members.account_id", "=", accountId)
    .orderBy("organisations.name_normalized")
    .execute();
  return { projects, organisations };
}

/** Invitations an account sent, or was sent by name, with the verified pages and publishers it brought in. The oldest first. */
export async function listSharingData(reader: Reader, accountId: AccountId) {
  const invitations = await own(reader)
    .selectFrom("invitations as i")
    .leftJoin("projects as p", "p.id", "i.project_id")
    .leftJoin("organisations as o", "o.id", "i.organisation_id")
    .select(["p.name as project", "o.name as organisation", "i.role", "i.invited_at as invitedAt"])
    .select(["i.ended_at as endedAt", "i.ended_as as endedAs"])
    .select((is) => is("i.invited_by", "=", accountId).as("isSent"))
    .where((is) => is.or([is("i.invited_by", "=", accountId), is("i.account_id", "=", accountId)]))
    .orderBy("i.id")
    .execute();
  const pages = await own(reader)
    .selectFrom("project_urls")
    .select(["url", "bound_at as boundAt", "removed_at as removedAt"])
    .where("bound_by", "=", accountId)
    .orderBy("id")
    .execute();
  return { invitations, pages, publishers: await listPublishersBy(reader, accountId) };
}

/** Every hold ever placed on an account, the oldest first. */
export function listEveryHold(reader: Reader, accountId: AccountId) {
  return own(reader)
    .selectFrom("holds")
    .select(["id", "powers", "placed_at as placedAt", "until", "because"])
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
}

/** Files an account uploaded, in pages: at most `limit` after an id, the oldest first. */
export function pageUploads(reader: Reader, accountId: AccountId, after: FileId | null, limit: number) {
  let query = own(reader)
    .selectFrom("files")
    .select(["id", "filename", "sha256", "uploaded_at as uploadedAt", "uploaded_with as uploadedWith"])
    .where("uploaded_by", "=", accountId);
  if (after !== null) query = query.where("id", ">", after);
  return query.orderBy("id").limit(limit).execute();
}

/** Takes an account's rights, tokens and holds away. Published files stay. An organisation left empty goes too. */
export async function eraseAccountData(tx: Tx, accountId: AccountId): Promise<{ readonly tokens: number }> {
  const tokens = await own(tx).deleteFrom("api_tokens").where("account_id", "=", accountId).executeTakeFirst();
  await own(tx).deleteFrom("project_roles").where("account_id", "=", accountId).execute();
  const left = await own(tx)
    .deleteFrom("organisation_members")
    .where("account_id", "=", accountId)
    .returning("organisation_id")
    .execute();
  for (const { organisation_id: id } of left) {
    await sql`delete from organisations o where id = ${id}
      and not exists (select from organisation_members m where m.organisation_id = o.id)
      and not exists (select from organisation_projects p where p.organisation_id = o.id)`.execute(own(tx));
  }
  await own(tx)
    .deleteFrom("invitations")
    .where((is) => is.or([is("invited_by", "=", accountId), is("account_id", "=", accountId)]))
    .execute();
  await removePublishersBy(tx, accountId);
  await own(tx).deleteFrom("holds").where("account_id", "=", accountId).execute();
  return { tokens: Number(tokens.numDeletedRows) };
}
