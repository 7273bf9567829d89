import { findAccount } from "../../accounts/index.ts";
import { listEvents, type StoredAuditEvent } from "../../audit/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import type { AccountId } from "../../kernel/ids.ts";
import {
  mayChange,
  placeInWords,
  type PlaceName,
  type PlaceNow,
  placeNow,
  putSharerBack,
  roleInWords,
  type SharedRole,
} from "../../registry/index.ts";
import { factOf, isBy, isOwnAct, placeOf, type Scope, subjectOf, type UndoKind } from "../kind.ts";
import type { Change } from "../types.ts";
import { type Deed, runOf } from "../window.ts";

/*
 * Who shares the account's projects and organisations. What was done to somebody stands in their own history, so that is
 * read for everybody who came, was changed or went: only so is it seen when a co-owner has decided about them since.
 */

const ROLE_ACTS = [
  "registry/invitation-accepted",
  "registry/role-changed",
  "registry/role-granted",
  "registry/role-left",
  "registry/role-removed",
];
const MOST_EVENTS = 500;

type Role = SharedRole | null;
const roleOf = (event: StoredAuditEvent, fact: "role" | "before"): Role => (factOf(event, fact) || null) as Role; // written by the registry

/** What was done to somebody in a place, in order. An invitation counts from when it was sent. */
function deedsOf(events: readonly StoredAuditEvent[], { account, events: own }: Scope): readonly Deed<Role>[] {
  const sent = new Map(
    own.flatMap((one) => (one.act === "registry/invited" ? [[factOf(one, "invitation"), one.at]] : [])),
  );
  return events.map((event) => {
    const invitedAt = event.act === "registry/invitation-accepted" ? sent.get(factOf(event, "invitation")) : undefined;
    const isGone = event.act === "registry/role-left" || event.act === "registry/role-removed";
    return {
      at: invitedAt ?? event.at,
      isOurs: event.act === "registry/invitation-accepted" ? invitedAt !== undefined : isBy(event, account.id),
      before: roleOf(event, "before"),
      after: isGone ? null : roleOf(event, "role"),
    };
  });
}

const keyOf = ({ kind, slug }: PlaceName, who: AccountId): string => `person:${kind}:${slug}:${who}`;

/** Pairs of place and person about whom there may be something to say, in the places where the account did something. */
async function candidates(reader: Reader, scope: Scope): Promise<ReadonlyMap<string, readonly [PlaceNow, AccountId]>> {
  const { account, window } = scope;
  // Later ones too: whom the account has removed again since is found by that.
  const acts = scope.events.filter((event) => people.acts.includes(event.act) && isBy(event, account.id));
  const places = Map.groupBy(acts, (event) => {
    const place = placeOf(event);
    return place ? `${place.kind}:${place.slug}` : "";
  });
  const found = new Map<string, readonly [PlaceNow, AccountId]>();
  for (const events of places.values()) {
    const first = events.find((event) => isOwnAct(event, scope));
    const name = first && placeOf(first);
    const now = name && (await placeNow(reader, name, account.id));
    if (!now) continue;
    const about = events.flatMap((event) => (factOf(event, "about") as AccountId | "") || []); // written by the registry
    const recent = [...now.roles].flatMap(([id, { since }]) => (since >= window.from ? [id] : []));
    for (const id of [...about, ...recent]) if (id !== account.id) found.set(keyOf(name, id), [now, id]);
  }
  return found;
}

async function changeOf(
  reader: Reader,
  scope: Scope,
  [now, id]: readonly [PlaceNow, AccountId],
): Promise<readonly Change[]> {
  const { place } = now;
  const theirs = (await listEvents(reader, { accountId: id, acts: ROLE_ACTS, limit: MOST_EVENTS })).toReversed();
  const here = theirs.filter((event) => {
    const about = placeOf(event);
    return about?.kind === place.kind && about.slug === place.slug;
  });
  const run = runOf(deedsOf(here, scope), scope.window);
  const who = run && (await findAccount(reader, id));
  if (!run || !who) return [];
  const present = now.roles.get(id)?.role ?? null;
  const name = who.username;
  const where = placeInWords(place);
  const mayI = (role: Role) => role === null || mayChange(place.kind, now.role, role);
  const over =
    run.isTouchedSince || present !== run.after
      ? "It was changed again since."
      : mayI(run.before) && mayI(run.after)
        ? null
        : "You may not change that any more. Please ask one of the owners.";
  const what =
    run.after === null
      ? `${name}, who was ${roleInWords(run.before ?? "member")} of ${where}, was removed.`
      : run.before === null
        ? `${name} became ${roleInWords(run.after)} of ${where}.`
        : `${name} became ${roleInWords(run.after)} of ${where}, and was ${roleInWords(run.before)} before.`;
  const undo = run.before === null ? `Remove ${name}` : `Make ${name} ${roleInWords(run.before)} again`;
  return [{ key: keyOf(place, id), at: run.at, what, undo, over, before: run.before }];
}

export const people: UndoKind = {
  id: "person",
  title: "People who share your projects",
  acts: ["registry/people-changed", "registry/invited"],
  list: async (reader, scope) => {
    const changes: Change[] = [];
    for (const pair of (await candidates(reader, scope)).values())
      changes.push(...(await changeOf(reader, scope, pair)));
    return changes;
  },
  undo: async (tx, runtime, self, { key, before }) => {
    const [kind, slug = "", id = ""] = subjectOf(key).split(":");
    const place = { kind: kind === "organisation" ? "organisation" : "project", slug } as const;
    // Both were written by changeOf.
    return putSharerBack(tx, runtime, self.account, { place, accountId: id as AccountId, role: before as Role });
  },
};
