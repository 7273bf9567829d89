import { findAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { type AccountId, newId, type OrganisationId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { requireNoHold } from "./holds.ts";
import { isProjectName, normalizeName } from "./names.ts";
import { registryRefusals } from "./refusals.ts";
import {
  findRole,
  insertOrganisation,
  type ProjectOf,
  selectCoOwners,
  selectOrganisations,
  selectProjectsOf,
  selectSharePlace,
  upsertMember,
  upsertOrganisationProject,
  upsertRole,
} from "./store/access.ts";
import { findProject, setYanked } from "./store/projects.ts";
import type { Organisation, OrganisationRole, Power, Project, ProjectRole } from "./types.ts";

/** The projects an account has a right on, its own or through an organisation, by name. */
export const listProjectsOf = (reader: Reader, accountId: AccountId): Promise<readonly ProjectOf[]> =>
  selectProjectsOf(reader, accountId);

/** Other accounts that own a project this account has a right on, each with the names of those projects. */
export const listCoOwners = (
  reader: Reader,
  accountId: AccountId,
): Promise<readonly { readonly accountId: AccountId; readonly projects: readonly string[] }[]> =>
  selectCoOwners(reader, accountId);

/** Whether two accounts share a project, in whatever role, or an organisation. */
export const sharePlace = (reader: Reader, one: AccountId, other: AccountId): Promise<boolean> =>
  selectSharePlace(reader, one, other);

/** The organisations an account belongs to, by name. */
export const listOrganisationsOf = (reader: Reader, accountId: AccountId): Promise<readonly Organisation[]> =>
  selectOrganisations(reader, accountId);

export interface RoleChange {
  readonly project: string;
  /** Whose role it is. */
  readonly accountId: AccountId;
  readonly role: ProjectRole;
  /** The owner of the project who gives it. */
  readonly by: AccountId;
}

/**
 * Gives an account a role on a project. Refuses: no such project or account, `by` not an owner, and a hold on `by`
 * (owners: power `ownership`; maintainers: `collaborators`).
 */
export async function grantRole(tx: Tx, random: Random, change: RoleChange): Promise<Result<undefined>> {
  const power = change.role === "owner" ? "ownership" : "collaborators";
  const project = await requireOwner(tx, change.project, change.by, power);
  if (!project.ok) return project;
  if (!(await findAccount(tx, change.accountId))) return refuse(registryRefusals["no-such-account"]());
  await upsertRole(tx, project.value.id, change.accountId, change.role);
  audit(tx, random, {
    act: "registry/role-granted",
    actor: { kind: "subscriber", id: change.by },
    accountId: change.accountId,
    facts: { project: project.value.normalizedName, role: change.role },
  });
  return ok();
}

export interface Yanking {
  readonly project: string;
  readonly version: string;
  /** Shown by pip; null to take the yank back. */
  readonly because: string | null;
  readonly by: AccountId;
}

/** Yanks a release, or takes that back (PEP 592). Refuses as `grantRole` does (power `deletion`), and an unknown version. */
export async function yankRelease(tx: Tx, random: Random, yanking: Yanking): Promise<Result<undefined>> {
  const project = await requireOwner(tx, yanking.project, yanking.by, "deletion");
  if (!project.ok) return project;
  const { id, normalizedName } = project.value;
  if (!(await setYanked(tx, id, yanking.version, yanking.because)))
    return refuse(registryRefusals["no-such-release"]());
  audit(tx, random, {
    act: yanking.because === null ? "registry/release-restored" : "registry/release-yanked",
    actor: { kind: "subscriber", id: yanking.by },
    accountId: yanking.by,
    facts: { project: normalizedName, version: yanking.version },
  });
  return ok();
}

async function requireOwner(tx: Tx, name: string, accountId: AccountId, power: Power): Promise<Result<Project>> {
  const project = await findProject(tx, normalizeName(name));
  if (!project) return refuse(registryRefusals["no-such-project"]());
  if ((await findRole(tx, project.id, accountId)) !== "owner") return refuse(registryRefusals["not-owner"]());
  const free = await requireNoHold(tx, accountId, power, tx.now);
  return free.ok ? ok(project) : free;
}

/** Makes an organisation with its first owner. Refuses a name that is taken or is none. */
export async function createOrganisation(
  tx: Tx,
  random: Random,
  input: { readonly name: string; readonly ownerId: AccountId; readonly actor: AuditActor },
): Promise<Result<OrganisationId>> {
  if (!isProjectName(input.name)) return refuse(registryRefusals["organisation-taken"]());
  const row = { id: newId("org", tx.now, random), name: input.name, normalized: normalizeName(input.name) };
  const id = await insertOrganisation(tx, row);
  if (!id) return refuse(registryRefusals["organisation-taken"]());
  await upsertMember(tx, id, input.ownerId, "owner");
  audit(tx, random, {
    act: "registry/organisation-created",
    actor: input.actor,
    accountId: input.ownerId,
    facts: { organisation: id },
  });
  return ok(id);
}

/** Puts an account into an organisation, or changes its role there. The caller has checked that the actor may. */
export async function addOrganisationMember(
  tx: Tx,
  random: Random,
  input: {
    readonly organisationId: OrganisationId;
    readonly accountId: AccountId;
    readonly role: OrganisationRole;
    readonly actor: AuditActor;
  },
): Promise<void> {
  const { organisationId, accountId, role, actor } = input;
  await upsertMember(tx, organisationId, accountId, role);
  audit(tx, random, { act: "registry/member-added", actor, accountId, facts: { organisation: organisationId, role } });
}

/** Gives a project to an organisation: its owners and managers own it, its members maintain it. Refuses as `grantRole`. */
export async function assignProject(
  tx: Tx,
  random: Random,
  input: { readonly organisationId: OrganisationId; readonly project: string; readonly by: AccountId },
): Promise<Result<undefined>> {
  const project = await requireOwner(tx, input.project, input.by, "ownership");
  if (!project.ok) return project;
  const isTheirs = (await selectOrganisations(tx, input.by)).some(
    ({ id, role }) => id === input.organisationId && role !== "member",
  );
  if (!isTheirs) return refuse(registryRefusals["not-owner"]());
  await upsertOrganisationProject(tx, input.organisationId, project.value.id);
  audit(tx, random, {
    act: "registry/project-assigned",
    actor: { kind: "subscriber", id: input.by },
    accountId: input.by,
    facts: { project: project.value.normalizedName, organisation: input.organisationId },
  });
  return ok();
}
