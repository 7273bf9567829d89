import type { Account } from "../../accounts/index.ts";
import { transact, type Tx } from "../../kernel/db/transact.ts";
import type { AccountId } from "../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { requireNoHold } from "../holds.ts";
import { registryRefusals } from "../refusals.ts";
import { createOrganisation } from "../roles.ts";
import { selectOrganisations, upsertOrganisationProject } from "../store/access.ts";
import {
  dropOrganisationProject,
  dropRole,
  findPlace,
  listOwners,
  listSharers,
  lockPlace,
  organisationOf,
  ownRoleIn,
  putRole,
  roleIn,
} from "../store/people.ts";
import type { Place, SharedRole } from "../types.ts";
import { openPlace, type PlaceName } from "./places.ts";
import { LIMITS, mayChange, placeInWords, powerFor, roleInWords, rolesOf } from "./rules.ts";
import { nameOf, traceChange } from "./tell.ts";

/*
 * Changes of who shares what. Each locks the place first, so that of two last owners who leave at the same moment one
 * finds that they are the last.
 */

/** No place is ever without an owner. Runs after the change, under the lock. */
export const requireOwnerLeft = async (tx: Tx, place: Place): Promise<Result<undefined>> =>
  (await listOwners(tx, place)).length > 0 ? ok() : refuse(registryRefusals["last-owner"]());

export interface RoleChanging {
  readonly place: PlaceName;
  /** Whose role. */
  readonly accountId: AccountId;
  readonly role: SharedRole;
}

/**
 * Gives somebody who shares a place another role there. Refuses: a role that is none there, who may not give or take
 * both roles, a hold, somebody without a role of their own, one owner too many, and the last owner's.
 */
export function changeRole(runtime: Runtime, by: Account, change: RoleChanging, now: Date): Promise<Result<undefined>> {
  const { role, accountId } = change;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    if (!rolesOf(change.place.kind).includes(role)) return refuse(registryRefusals["not-a-role"]());
    const place = await openPlace(tx, change.place, by, { role, power: powerFor(role) });
    if (!place.ok) return place;
    const before = await ownRoleIn(tx, place.value, accountId);
    if (!before) return refuse(registryRefusals["no-such-sharer"]());
    const allowed = await openPlace(tx, change.place, by, { role: before, power: powerFor(before, role) });
    if (!allowed.ok) return allowed;
    if (before === role) return ok();
    const owners = (await listSharers(tx, place.value)).filter((one) => one.role === "owner" && !one.through).length;
    if (role === "owner" && owners >= LIMITS.owners) return refuse(registryRefusals["too-many-sharers"]());
    await putRole(tx, place.value, accountId, role);
    const left = await requireOwnerLeft(tx, place.value);
    if (!left.ok) return left;
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} made ${await nameOf(tx, accountId)} ${roleInWords(role)}; before that they were ${roleInWords(before)}.`,
      act: "registry/role-changed",
      facts: { role, before },
      about: accountId,
      isForOwners: true,
    });
    return ok();
  });
}

/**
 * Takes somebody's role away. They can publish nothing more there from the moment this returns. Refuses who may not, a
 * hold, somebody without a role of their own there (through an organisation, it is ended there), and the last owner.
 */
export function removeSharer(
  runtime: Runtime,
  by: Account,
  which: { readonly place: PlaceName; readonly accountId: AccountId },
  now: Date,
): Promise<Result<undefined>> {
  const { accountId } = which;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const found = await lockPlace(tx, which.place);
    const before = found && (await ownRoleIn(tx, found, accountId));
    const weakest = rolesOf(which.place.kind).at(-1) ?? "member";
    const place = await openPlace(tx, which.place, by, { role: before ?? weakest, power: powerFor(before ?? weakest) });
    if (!place.ok) return place;
    if (!before || !(await dropRole(tx, place.value, accountId))) return refuse(registryRefusals["no-such-sharer"]());
    const left = await requireOwnerLeft(tx, place.value);
    if (!left.ok) return left;
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} removed ${await nameOf(tx, accountId)}, who was ${roleInWords(before)}.`,
      act: "registry/role-removed",
      facts: { before },
      about: accountId,
      isForOwners: true,
    });
    return ok();
  });
}

/** Gives one's own role back. Refuses who has none of their own there, a hold, and the last owner. */
export function leavePlace(runtime: Runtime, who: Account, name: PlaceName, now: Date): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const place = await lockPlace(tx, name);
    const before = place && (await ownRoleIn(tx, place, who.id));
    if (!place || !before) return refuse(registryRefusals["no-such-sharer"]());
    const free = await requireNoHold(tx, who.id, powerFor(before), tx.now);
    if (!free.ok) return free;
    await dropRole(tx, place, who.id);
    const left = await requireOwnerLeft(tx, place);
    if (!left.ok) return left;
    await traceChange(tx, runtime, {
      by: who,
      place,
      what: `${who.username}, who was ${roleInWords(before)}, has left.`,
      act: "registry/role-left",
      facts: { before },
      isForOwners: true,
    });
    return ok();
  });
}

/** Makes an organisation. Refuses a name that is taken or is none, a hold, and one organisation too many. */
export function foundOrganisation(runtime: Runtime, by: Account, name: string, now: Date): Promise<Result<Place>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<Place>> => {
    const free = await requireNoHold(tx, by.id, "ownership", tx.now);
    if (!free.ok) return free;
    const owned = (await selectOrganisations(tx, by.id)).filter(({ role }) => role === "owner").length;
    if (owned >= LIMITS.organisations) return refuse(registryRefusals["too-many-organisations"]());
    const actor = { kind: "subscriber", id: by.id } as const;
    const made = await createOrganisation(tx, runtime.random, { name, ownerId: by.id, actor });
    if (!made.ok) return made;
    const place = await findPlace(tx, { kind: "organisation", id: made.value });
    if (!place) throw new Error("The organisation that was just made is not there.");
    return ok(place);
  });
}

interface ProjectMove {
  readonly organisation: string;
  readonly project: string;
}

/** Both places, locked in one order, for somebody who owns the project and owns or manages the organisation. */
async function openMove(tx: Tx, { organisation, project }: ProjectMove, by: Account) {
  const where = await lockPlace(tx, { kind: "organisation", slug: organisation });
  const role = where && (await roleIn(tx, where, by.id));
  if (!where || where.kind !== "organisation" || !role) return refuse(registryRefusals["no-such-organisation"]());
  if (!mayChange("organisation", role, "member")) return refuse(registryRefusals["not-yours-to-change"]());
  const what = await openPlace(tx, { kind: "project", slug: project }, by, { role: "owner", power: "ownership" });
  if (!what.ok) return what;
  if (what.value.kind !== "project") throw new Error("A project was asked for.");
  return ok({ organisation: where, project: what.value });
}

/**
 * Puts a project into an organisation: its owners and managers own it then, its members maintain it. Refuses who does not
 * own both, a hold, and a project that is in an organisation.
 */
export function moveIn(runtime: Runtime, by: Account, move: ProjectMove, now: Date): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const places = await openMove(tx, move, by);
    if (!places.ok) return places;
    const { organisation, project } = places.value;
    const present = await organisationOf(tx, project.id);
    if (present) return present.id === organisation.id ? ok() : refuse(registryRefusals["in-an-organisation"]());
    await upsertOrganisationProject(tx, organisation.id, project.id);
    await traceChange(tx, runtime, {
      by,
      place: project,
      what: `${by.username} put it into ${placeInWords(organisation)}: its owners and managers own it now.`,
      act: "registry/project-assigned",
      facts: { organisation: organisation.id },
      isForOwners: true,
    });
    return ok();
  });
}

/** Takes a project out of an organisation. Refuses as `moveIn`, and where nobody would own it any more. */
export function takeOut(runtime: Runtime, by: Account, move: ProjectMove, now: Date): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const places = await openMove(tx, move, by);
    if (!places.ok) return places;
    const { organisation, project } = places.value;
    const told = await listOwners(tx, project);
    if (!(await dropOrganisationProject(tx, organisation.id, project.id)))
      return refuse(registryRefusals["no-such-project"]());
    const left = await requireOwnerLeft(tx, project);
    if (!left.ok) return left;
    await traceChange(tx, runtime, {
      by,
      place: project,
      what: `${by.username} took it out of ${placeInWords(organisation)}.`,
      act: "registry/project-unassigned",
      facts: { organisation: organisation.id },
      alsoTell: told,
      isForOwners: true,
    });
    return ok();
  });
}
