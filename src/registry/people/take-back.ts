import { type Account, findAccount } from "../../accounts/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, InvitationId, OrganisationId, ProjectUrlId, PublisherId } from "../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { publisherInWords } from "../publishers/services.ts";
import { registryRefusals } from "../refusals.ts";
import { upsertOrganisationProject } from "../store/access.ts";
import { endInvitation, findInvitation } from "../store/invitations.ts";
import {
  dropOrganisationProject,
  dropRole,
  findPlace,
  listSharers,
  lockPlace,
  organisationOf,
  ownRoleIn,
  putRole,
  roleIn,
} from "../store/people.ts";
import { listProjectUrls, setUrlRemoved } from "../store/project-urls.ts";
import { listPublishers, setPublisherRemoved } from "../store/publishers.ts";
import { findReleaseMark, setYanked } from "../store/projects.ts";
import type { Publisher } from "../publishers/types.ts";
import type { Place, ProjectUrl, SharedRole } from "../types.ts";
import type { PlaceName } from "./places.ts";
import { requireOwnerLeft } from "./roles.ts";
import { mayChange, placeInWords, roleInWords } from "./rules.ts";
import { nameOf, traceChange } from "./tell.ts";

/*
 * Taking back what was done in the name of an account while somebody else was in it. Each runs in the caller's transaction,
 * leaves its trace and its mails like the act it takes back, and finds that there is nothing left to do where it was done
 * before. Holds do not stop it: they keep a thief from going on, and this is how the owner ends what the thief began. The
 * caller has made sure that it was done in that time and by that account (undo/).
 */

/** The place, locked, for somebody who may give and take these roles there. To others it is not there. */
async function openFor(tx: Tx, name: PlaceName, by: Account, ...roles: readonly SharedRole[]): Promise<Result<Place>> {
  const place = await lockPlace(tx, name);
  const own = place && (await roleIn(tx, place, by.id));
  if (!place || !own)
    return refuse(registryRefusals[name.kind === "project" ? "no-such-project" : "no-such-organisation"]());
  const isAllowed = roles.every((role) => mayChange(place.kind, own, role));
  return isAllowed ? ok(place) : refuse(registryRefusals["not-yours-to-change"]());
}

export interface SharerBefore {
  readonly place: PlaceName;
  /** Whose role. */
  readonly accountId: AccountId;
  /** As it was before; null for none. */
  readonly role: SharedRole | null;
}

/**
 * Gives somebody the role back that they had, or takes away the one that they were given. Who is put back is asked
 * nothing: they had accepted it before. Refuses who may not change those roles, an account that is gone, the last owner.
 */
export async function putSharerBack(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  { place: name, accountId, role }: SharerBefore,
): Promise<Result<undefined>> {
  const found = await lockPlace(tx, name);
  const now = found && (await ownRoleIn(tx, found, accountId));
  const place = await openFor(tx, name, by, ...[now, role].filter((one) => one !== null));
  if (!place.ok) return place;
  if (now === role) return ok();
  const who = await findAccount(tx, accountId);
  if (!who) return refuse(registryRefusals["no-such-account"]());
  if (role === null) await dropRole(tx, place.value, accountId);
  else await putRole(tx, place.value, accountId, role);
  const left = await requireOwnerLeft(tx, place.value);
  if (!left.ok) return left;
  const words =
    role === null
      ? `${by.username} removed ${who.username}, who had been made ${roleInWords(now ?? "member")} while somebody else was in the account ${by.username}.`
      : `${by.username} made ${who.username} ${roleInWords(role)} again, as before somebody else was in the account ${by.username}.`;
  await traceChange(tx, runtime, {
    by,
    place: place.value,
    what: words,
    act: role === null ? "registry/role-removed" : now === null ? "registry/role-granted" : "registry/role-changed",
    facts: { ...(role === null ? {} : { role }), ...(now === null ? {} : { before: now }) },
    about: accountId,
    isForOwners: true,
  });
  return ok();
}

/** Withdraws an invitation that an account sent; one that was answered stays as it is. Refuses somebody else's. */
export async function withdrawSent(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  id: InvitationId,
): Promise<Result<undefined>> {
  const found = await findInvitation(tx, id);
  if (!found) return ok();
  if (found.invitedBy !== by.id) return refuse(registryRefusals["no-such-invitation"]());
  if (!(await endInvitation(tx, id, "withdrawn"))) return ok();
  const whom = found.accountId ? await nameOf(tx, found.accountId) : "somebody, by a mail address,";
  await traceChange(tx, runtime, {
    by,
    place: found.place,
    what: `${by.username} took the invitation back by which ${whom} was to become ${roleInWords(found.role)}.`,
    act: "registry/invitation-withdrawn",
    facts: { role: found.role, invitation: id },
    isForOwners: true,
  });
  return ok();
}

export interface ReleaseBefore {
  readonly project: string;
  readonly version: string;
  /** Why it is yanked, shown by pip; null to take a yank back. */
  readonly because: string | null;
}

/**
 * Yanks a release (PEP 592), or takes a yank back; its files stay. A release that the account made itself may be yanked
 * with any role there; everything else is for owners. Refuses others, and an unknown release.
 */
export async function markRelease(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  { project, version, because }: ReleaseBefore,
): Promise<Result<undefined>> {
  const name = { kind: "project", slug: project } as const;
  const place = await lockPlace(tx, name);
  if (!place || place.kind !== "project") return refuse(registryRefusals["no-such-project"]());
  const mark = await findReleaseMark(tx, place.id, version);
  if (!mark) return refuse(registryRefusals["no-such-release"]());
  const role = await roleIn(tx, place, by.id);
  const isAllowed = role === "owner" || (role !== null && because !== null && mark.createdBy === by.id);
  if (!isAllowed) return refuse(registryRefusals["not-owner"]());
  if (mark.isYanked === (because !== null)) return ok();
  await setYanked(tx, place.id, version, because);
  await traceChange(tx, runtime, {
    by,
    place,
    what:
      because === null
        ? `${by.username} took the yank of version ${version} back: installers choose it again.`
        : `${by.username} yanked version ${version}: installers pass it over. Reason given: ${because}`,
    act: because === null ? "registry/release-restored" : "registry/release-yanked",
    facts: { version },
    isForOwners: true,
  });
  return ok();
}

/** Takes a verified page away again; one that is gone stays gone. Refuses who does not own the project. */
export async function takePageBack(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  { project, id }: { readonly project: string; readonly id: ProjectUrlId },
): Promise<Result<undefined>> {
  const place = await openFor(tx, { kind: "project", slug: project }, by, "owner");
  if (!place.ok) return place;
  if (place.value.kind !== "project") throw new Error("A project was asked for.");
  const gone = await setUrlRemoved(tx, place.value.id, id);
  if (!gone) return ok();
  await traceChange(tx, runtime, {
    by,
    place: place.value,
    what: `${by.username} removed the verified page ${gone.url}.`,
    act: "registry/url-removed",
    facts: { url: gone.url },
    isForOwners: true,
  });
  return ok();
}

/** Takes a trusted publisher away again; one that is gone stays gone. Refuses who does not own the project. */
export async function takePublisherBack(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  { project, id }: { readonly project: string; readonly id: PublisherId },
): Promise<Result<undefined>> {
  const place = await openFor(tx, { kind: "project", slug: project }, by, "owner");
  if (!place.ok) return place;
  if (place.value.kind !== "project") throw new Error("A project was asked for.");
  const gone = await setPublisherRemoved(tx, place.value.id, id);
  if (!gone) return ok();
  const publisher = publisherInWords(gone);
  await traceChange(tx, runtime, {
    by,
    place: place.value,
    what: `${by.username} removed the trusted publisher ${publisher}.`,
    act: "registry/publisher-removed",
    facts: { publisher, id: gone.id },
    isForOwners: true,
  });
  return ok();
}

/**
 * Takes a project out of an organisation it was put into, or puts it back. Refuses who does not own the project or does
 * not own or manage the organisation, and a project that nobody would own.
 */
export async function moveBack(
  tx: Tx,
  runtime: Runtime,
  by: Account,
  {
    project,
    organisation,
    isIn,
  }: { readonly project: string; readonly organisation: OrganisationId; readonly isIn: boolean },
): Promise<Result<undefined>> {
  const found = await findPlace(tx, { kind: "organisation", id: organisation });
  if (!found || found.kind !== "organisation") return refuse(registryRefusals["no-such-organisation"]());
  const where = await openFor(tx, { kind: "organisation", slug: found.slug }, by, "member");
  if (!where.ok) return where;
  const what = await openFor(tx, { kind: "project", slug: project }, by, "owner");
  if (!what.ok) return what;
  if (what.value.kind !== "project") throw new Error("A project was asked for.");
  const present = await organisationOf(tx, what.value.id);
  if ((present?.id === organisation) === isIn) return ok();
  if (isIn && present) return refuse(registryRefusals["in-an-organisation"]());
  if (isIn) await upsertOrganisationProject(tx, organisation, what.value.id);
  else await dropOrganisationProject(tx, organisation, what.value.id);
  const left = await requireOwnerLeft(tx, what.value);
  if (!left.ok) return left;
  await traceChange(tx, runtime, {
    by,
    place: what.value,
    what: isIn
      ? `${by.username} put it back into ${placeInWords(found)}: its owners and managers own it again.`
      : `${by.username} took it out of ${placeInWords(found)} again.`,
    act: isIn ? "registry/project-assigned" : "registry/project-unassigned",
    facts: { organisation },
    isForOwners: true,
  });
  return ok();
}

/** How a place stands now, for who asks what to take back in it. */
export interface PlaceNow {
  readonly place: Place;
  /** What the asking account may do there, through an organisation too. */
  readonly role: SharedRole | null;
  /** Roles of their own. */
  readonly roles: ReadonlyMap<AccountId, { readonly role: SharedRole; readonly since: Date }>;
  /** The organisation of a project. */
  readonly organisation: Place | null;
  readonly urls: readonly ProjectUrl[];
  readonly publishers: readonly Publisher[];
}

/** Null where there is no such place. */
export async function placeNow(reader: Reader, name: PlaceName, accountId: AccountId): Promise<PlaceNow | null> {
  const place = await findPlace(reader, name);
  if (!place) return null;
  const sharers = (await listSharers(reader, place)).filter(({ through }) => through === null);
  return {
    place,
    role: await roleIn(reader, place, accountId),
    roles: new Map(sharers.map(({ accountId: id, role, since }) => [id, { role, since }])),
    organisation: place.kind === "project" ? await organisationOf(reader, place.id) : null,
    urls: place.kind === "project" ? await listProjectUrls(reader, place.id) : [],
    publishers: place.kind === "project" ? await listPublishers(reader, place.id) : [],
  };
}

/** How a release stands now, and whether the account could yank it; null where there is no such release. */
export async function releaseNow(
  reader: Reader,
  { project, version }: { readonly project: string; readonly version: string },
  accountId: AccountId,
): Promise<{
  readonly isYanked: boolean;
  readonly createdAt: Date;
  readonly mayYank: boolean;
  readonly mayRestore: boolean;
} | null> {
  const place = await findPlace(reader, { kind: "project", slug: project });
  const mark = place?.kind === "project" ? await findReleaseMark(reader, place.id, version) : null;
  if (!place || !mark) return null;
  const role = await roleIn(reader, place, accountId);
  const isOwner = role === "owner";
  return {
    isYanked: mark.isYanked,
    createdAt: mark.createdAt,
    mayYank: isOwner || (role !== null && mark.createdBy === accountId),
    mayRestore: isOwner,
  };
}
