import type { Account } from "../../accounts/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { requireNoHold } from "../holds.ts";
import type { Publisher } from "../publishers/types.ts";
import { registryRefusals } from "../refusals.ts";
import { listOpenInvitations } from "../store/invitations.ts";
import {
  findPlace,
  listOrganisationProjects,
  listSharers,
  lockPlace,
  organisationOf,
  ownRoleIn,
  roleIn,
} from "../store/people.ts";
import { listProjectUrls } from "../store/project-urls.ts";
import { listPublishers } from "../store/publishers.ts";
import type { Invitation, Place, Power, ProjectUrl, Sharer, SharedRole } from "../types.ts";
import { mayChange } from "./rules.ts";

/** A place as a path names it: by normalised name. */
export interface PlaceName {
  readonly kind: Place["kind"];
  readonly slug: string;
}

const NO_SUCH = { project: "no-such-project", organisation: "no-such-organisation" } as const;

/**
 * The place, locked until the end of the transaction, for somebody who may give and take a role there. To who has no role
 * in it, an organisation is not there. Refuses too little a role, and a hold on the power.
 */
export async function openPlace(
  tx: Tx,
  name: PlaceName,
  by: Account,
  needs: { readonly role: SharedRole; readonly power: Power },
): Promise<Result<Place>> {
  const place = await lockPlace(tx, name);
  const own = place && (await roleIn(tx, place, by.id));
  if (!place || !own) return refuse(registryRefusals[NO_SUCH[name.kind]]());
  if (!mayChange(place.kind, own, needs.role)) return refuse(registryRefusals["not-yours-to-change"]());
  const free = await requireNoHold(tx, by.id, needs.power, tx.now);
  return free.ok ? ok(place) : free;
}

/** A place with everything that who shares it may see. */
export interface PlaceView {
  readonly place: Place;
  /** What the asking account may do there. */
  readonly role: SharedRole;
  /** Its own role there, not through an organisation. */
  readonly ownRole: SharedRole | null;
  readonly sharers: readonly Sharer[];
  readonly invitations: readonly Invitation[];
  /** The projects of an organisation. */
  readonly projects: readonly Place[];
  /** The organisation of a project. */
  readonly organisation: Place | null;
  readonly urls: readonly ProjectUrl[];
  readonly publishers: readonly Publisher[];
}

/** A place for somebody with a role there; refused as if it were not there to anybody else. */
export async function viewPlace(reader: Reader, name: PlaceName, by: Account, now: Date): Promise<Result<PlaceView>> {
  const place = await findPlace(reader, name);
  const role = place && (await roleIn(reader, place, by.id));
  if (!place || !role) return refuse(registryRefusals[NO_SUCH[name.kind]]());
  const isProject = place.kind === "project";
  return ok({
    place,
    role,
    ownRole: await ownRoleIn(reader, place, by.id),
    sharers: await listSharers(reader, place),
    invitations: await listOpenInvitations(reader, place, now),
    projects: isProject ? [] : await listOrganisationProjects(reader, place.id),
    organisation: isProject ? await organisationOf(reader, place.id) : null,
    urls: isProject ? await listProjectUrls(reader, place.id) : [],
    publishers: isProject ? await listPublishers(reader, place.id) : [],
  });
}
