import {
  type Account,
  findAccount,
  findAccountByName,
  hasStanding,
  listAddresses,
  parseAddress,
} from "../../accounts/index.ts";
import { audit } from "../../audit/index.ts";
import type { Reader } from "../../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../../kernel/db/transact.ts";
import { type AccountId, type InvitationId, newId } from "../../kernel/ids.ts";
import type { Random } from "../../kernel/random.ts";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { queueMail } from "../../notifications/index.ts";
import { requireNoHold } from "../holds.ts";
import { registryRefusals } from "../refusals.ts";
import {
  countSentSince,
  endAllOf,
  endExpired,
  endInvitation,
  findInvitation,
  hasDeclinedSince,
  insertInvitation,
  type Invitee,
  listOpenInvitations,
  selectInvitationsTo,
} from "../store/invitations.ts";
import { listSharers, lockPlace, ownRoleIn, putRole, roleIn } from "../store/people.ts";
import type { Invitation, Place, SharedRole } from "../types.ts";
import { openPlace, type PlaceName } from "./places.ts";
import {
  DAY_MS,
  INVITATION_DAYS,
  LIMITS,
  mayChange,
  PEACE_DAYS,
  placeInWords,
  powerFor,
  roleInWords,
} from "./rules.ts";
import { mailTo, nameOf, traceChange } from "./tell.ts";

/*
 * An invitation means nothing until it is accepted, and is worth no more than the right of who sent it: if that is gone,
 * frozen or held when it is accepted, it is void. It carries no secret; whoever it is for answers it signed in.
 */

/** Open invitations to an account: by its name, or to an address that it has confirmed and that mail reaches. */
export async function listInvitationsTo(
  reader: Reader,
  accountId: AccountId,
  now: Date,
): Promise<readonly Invitation[]> {
  const addresses = (await listAddresses(reader, accountId)).filter(hasStanding);
  return selectInvitationsTo(reader, { accountId, folded: addresses.map((one) => one.folded) }, now);
}

export interface Inviting {
  readonly place: PlaceName;
  /** A username or a mail address, as typed. */
  readonly who: string;
  readonly role: SharedRole;
}

/**
 * Asks somebody to share a project or an organisation. Whether an address belongs to an account is not told: the mail
 * goes there in any case. Refuses: who may not give that role, a hold, unknown names, oneself, who shares or is asked
 * already or declined within a week, and one too many.
 */
export function invite(runtime: Runtime, by: Account, inviting: Inviting, now: Date): Promise<Result<undefined>> {
  const { role } = inviting;
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const place = await openPlace(tx, inviting.place, by, { role, power: powerFor(role) });
    if (!place.ok) return place;
    const to = await readInvitee(tx, inviting.who, by);
    if (!to.ok) return to;
    const free = await requireRoom(tx, place.value, by, to.value, role);
    if (!free.ok) return free;
    const id = newId("inv", tx.now, runtime.random);
    const expiresAt = new Date(tx.now.getTime() + INVITATION_DAYS * DAY_MS);
    const isNew = await insertInvitation(tx, {
      id,
      place: place.value,
      role,
      invitedBy: by.id,
      to: to.value,
      expiresAt,
    });
    if (!isNew) return refuse(registryRefusals["invited-already"]());
    await sendInvitation(tx, runtime, { by, place: place.value, role, to: to.value, expiresAt });
    const whom = "accountId" in to.value ? await nameOf(tx, to.value.accountId) : "somebody, by a mail address,";
    await traceChange(tx, runtime, {
      by,
      place: place.value,
      what: `${by.username} invited ${whom} to become ${roleInWords(role)}.`,
      act: "registry/invited",
      facts: { role, invitation: id },
      isForOwners: powerFor(role) === "ownership",
    });
    return ok();
  });
}

async function readInvitee(tx: Tx, typed: string, by: Account): Promise<Result<Invitee>> {
  if (typed.includes("@")) {
    const parsed = parseAddress(typed);
    if (!parsed.ok) return parsed;
    const own = await listAddresses(tx, by.id);
    if (own.some(({ folded }) => folded === parsed.value.folded)) return refuse(registryRefusals["invite-yourself"]());
    return ok({ address: parsed.value });
  }
  const account = await findAccountByName(tx, typed);
  if (!account) return refuse(registryRefusals["invite-nobody"]());
  return account.id === by.id ? refuse(registryRefusals["invite-yourself"]()) : ok({ accountId: account.id });
}

/** Runs under the lock of the place; what one account sends in a day is counted under a lock of its own. */
async function requireRoom(
  tx: Tx,
  place: Place,
  by: Account,
  to: Invitee,
  role: SharedRole,
): Promise<Result<undefined>> {
  await endExpired(tx);
  if ("accountId" in to) {
    if (await ownRoleIn(tx, place, to.accountId)) return refuse(registryRefusals["shares-already"]());
    const since = new Date(tx.now.getTime() - PEACE_DAYS * DAY_MS);
    if (await hasDeclinedSince(tx, place, to.accountId, since)) return refuse(registryRefusals["declined-lately"]());
  }
  const sharers = (await listSharers(tx, place)).filter(({ through }) => through === null);
  const open = await listOpenInvitations(tx, place, tx.now);
  const all = [...sharers, ...open];
  const isFull = all.length >= LIMITS[place.kind];
  const owners = all.filter((one) => one.role === "owner").length;
  if (isFull || (role === "owner" && owners >= LIMITS.owners)) return refuse(registryRefusals["too-many-sharers"]());
  await lockName(tx.as<unknown>(), `invitations ${by.id}`);
  const sent = await countSentSince(tx, by.id, new Date(tx.now.getTime() - DAY_MS));
  return sent >= LIMITS.invitationsADay ? refuse(registryRefusals["too-many-invitations"]()) : ok();
}

interface Sending {
  readonly by: Account;
  readonly place: Place;
  readonly role: SharedRole;
  readonly to: Invitee;
  readonly expiresAt: Date;
}

async function sendInvitation(tx: Tx, runtime: Runtime, { by, place, role, to, expiresAt }: Sending): Promise<void> {
  const answerUrl = new URL("/account/invitations", runtime.publicUrl).href;
  const params = { inviter: by.username, where: placeInWords(place), role: roleInWords(role), answerUrl, expiresAt };
  if ("accountId" in to) await mailTo(tx, runtime, to.accountId, "sharing-invited", params);
  else await queueMail(tx, runtime, { to: to.address.address, message: "sharing-invited", params, accountId: null });
}

/** The invitation, if it is this account's to answer. */
async function requireOwn(tx: Tx, id: InvitationId, who: Account): Promise<Result<Invitation>> {
  const mine = await listInvitationsTo(tx, who.id, tx.now);
  const invitation = mine.find((one) => one.id === id);
  return invitation ? ok(invitation) : refuse(registryRefusals["no-such-invitation"]());
}

/**
 * Accepts an invitation. Refuses one that is not this account's, was answered or taken back, whose sender could not give
 * that role any more, and a hold on the account.
 */
export function acceptInvitation(runtime: Runtime, who: Account, id: InvitationId, now: Date): Promise<Result<Place>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<Place>> => {
    const found = await requireOwn(tx, id, who);
    if (!found.ok) return found;
    const { role, invitedBy } = found.value;
    const place = await lockPlace(tx, found.value.place);
    if (!place || !(await isSenderEntitled(tx, found.value))) return refuse(registryRefusals["no-such-invitation"]());
    const free = await requireNoHold(tx, who.id, powerFor(role), tx.now);
    if (!free.ok) return free;
    if (!(await endInvitation(tx, id, "accepted"))) return refuse(registryRefusals["no-such-invitation"]());
    if (await ownRoleIn(tx, place, who.id)) return refuse(registryRefusals["shares-already"]());
    await putRole(tx, place, who.id, role);
    await traceChange(tx, runtime, {
      by: who,
      place,
      what: `${who.username} is now ${roleInWords(role)}, invited by ${await nameOf(tx, invitedBy)}.`,
      act: "registry/invitation-accepted",
      facts: { role, invitation: id, invitedBy },
      isForOwners: true,
    });
    return ok(place);
  });
}

/** What a thief sent from an account is void once that account is locked, given back, or has lost its role. */
async function isSenderEntitled(tx: Tx, { place, role, invitedBy }: Invitation): Promise<boolean> {
  const sender = await findAccount(tx, invitedBy);
  if (!sender || sender.frozen) return false;
  const isHeld = !(await requireNoHold(tx, invitedBy, powerFor(role), tx.now)).ok;
  return !isHeld && mayChange(place.kind, await roleIn(tx, place, invitedBy), role);
}

/** Declines an invitation; its sender is told. Refuses as `acceptInvitation`. */
export function declineInvitation(
  runtime: Runtime,
  who: Account,
  id: InvitationId,
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const found = await requireOwn(tx, id, who);
    if (!found.ok) return found;
    const { place, role, invitedBy, accountId } = found.value;
    if (!(await endInvitation(tx, id, "declined"))) return refuse(registryRefusals["no-such-invitation"]());
    const actor = { kind: "subscriber", id: who.id } as const;
    const facts = { [place.kind]: place.slug, role, invitation: id };
    audit(tx, runtime.random, { act: "registry/invitation-declined", actor, accountId: who.id, facts });
    // Who holds an address is not told to whoever wrote to it.
    const name = accountId ? who.username : "Whoever you wrote to";
    const pageUrl = new URL(`/account/${place.kind}s/${place.slug}`, runtime.publicUrl).href;
    const what = `${name} does not want to become ${roleInWords(role)}.`;
    await mailTo(tx, runtime, invitedBy, "sharing-changed", { where: placeInWords(place), what, when: now, pageUrl });
    return ok();
  });
}

/** Takes an invitation back. Refuses one that is not open, and who could not have sent it. */
export function withdrawInvitation(
  runtime: Runtime,
  by: Account,
  which: { readonly place: PlaceName; readonly id: InvitationId },
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const found = await findInvitation(tx, which.id);
    if (!found || found.place.slug !== which.place.slug || found.place.kind !== which.place.kind)
      return refuse(registryRefusals["no-such-invitation"]());
    const place = await openPlace(tx, which.place, by, { role: found.role, power: powerFor(found.role) });
    if (!place.ok) return place;
    if (!(await endInvitation(tx, which.id, "withdrawn"))) return refuse(registryRefusals["no-such-invitation"]());
    const facts = { [found.place.kind]: found.place.slug, role: found.role, invitation: which.id };
    const actor = { kind: "subscriber", id: by.id } as const;
    audit(tx, runtime.random, { act: "registry/invitation-withdrawn", actor, accountId: by.id, facts });
    return ok();
  });
}

/** Ends every open invitation an account sent or got by name, when it is given back to its owner. @returns how many */
export async function voidInvitationsOf(tx: Tx, random: Random, accountId: AccountId): Promise<number> {
  const count = await endAllOf(tx, accountId);
  const actor = { kind: "clock" } as const;
  if (count > 0) audit(tx, random, { act: "registry/invitations-voided", actor, accountId, facts: { count } });
  return count;
}

/** Ends invitations that nobody answered in time, so that no address is kept for nothing. @returns how many */
export async function expireInvitations(runtime: Runtime, now: Date): Promise<number> {
  let count = 0;
  await transact(runtime.db, { now, bookkeeping: "invitations whose time is over" }, async (tx) => {
    count = await endExpired(tx);
    return ok();
  });
  return count;
}
