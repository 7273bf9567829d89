import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, InvitationId } from "../../kernel/ids.ts";
import type { Invitation, InvitationEnd, Place, SharedRole } from "../types.ts";
import { own } from "./tables.ts";

export interface NewInvitation {
  readonly id: InvitationId;
  readonly place: Place;
  readonly role: SharedRole;
  readonly invitedBy: AccountId;
  readonly to: Invitee;
  readonly expiresAt: Date;
}

/** Who is asked: an account by its name, or whoever holds an address. */
export type Invitee =
  | { readonly accountId: AccountId }
  | { readonly address: { readonly address: string; readonly folded: string } };

/** @returns false where they are asked already */
export async function insertInvitation(tx: Tx, row: NewInvitation): Promise<boolean> {
  const { id, place, role, invitedBy, to, expiresAt } = row;
  const inserted = await own(tx)
    .insertInto("invitations")
    .values({
      id,
      project_id: place.kind === "project" ? place.id : null,
      organisation_id: place.kind === "organisation" ? place.id : null,
      role,
      invited_by: invitedBy,
      account_id: "accountId" in to ? to.accountId : null,
      address: "address" in to ? to.address.address : null,
      address_folded: "address" in to ? to.address.folded : null,
      invited_at: tx.now,
      expires_at: expiresAt,
      ended_at: null,
      ended_as: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

const withPlaces = (reader: Reader) =>
  own(reader)
    .selectFrom("invitations as i")
    .leftJoin("projects as p", "p.id", "i.project_id")
    .leftJoin("organisations as o", "o.id", "i.organisation_id")
    .select(["i.id", "i.role", "i.invited_by", "i.account_id", "i.address", "i.invited_at", "i.expires_at"])
    .select(["i.project_id", "p.name as p_name", "p.name_normalized as p_slug"])
    .select(["i.organisation_id", "o.name as o_name", "o.name_normalized as o_slug"])
    .where("i.ended_at", "is", null)
    .orderBy("i.id");

type Row = Awaited<ReturnType<ReturnType<typeof withPlaces>["execute"]>>[number];

function toInvitation(row: Row): Invitation {
  const { project_id: projectId, organisation_id: organisationId } = row;
  const place: Place = projectId
    ? { kind: "project", id: projectId, name: row.p_name ?? "", slug: row.p_slug ?? "" }
    : { kind: "organisation", id: organisationId!, name: row.o_name ?? "", slug: row.o_slug ?? "" }; // one of both is set, by the table's check
  return {
    id: row.id,
    place,
    role: row.role,
    invitedBy: row.invited_by,
    accountId: row.account_id,
    address: row.address,
    invitedAt: row.invited_at,
    expiresAt: row.expires_at,
  };
}

/** Open invitations to a place, the oldest first. */
export async function listOpenInvitations(reader: Reader, place: Place, now: Date): Promise<readonly Invitation[]> {
  const rows = await withPlaces(reader)
    .where(place.kind === "project" ? "i.project_id" : "i.organisation_id", "=", place.id)
    .where("i.expires_at", ">", now)
    .execute();
  return rows.map(toInvitation);
}

/** Open invitations to an account, by its name or by one of these folded addresses. */
export async function selectInvitationsTo(
  reader: Reader,
  who: { readonly accountId: AccountId; readonly folded: readonly string[] },
  now: Date,
): Promise<readonly Invitation[]> {
  const rows = await withPlaces(reader)
    .where((is) =>
      is.or([
        is("i.account_id", "=", who.accountId),
        ...(who.folded.length > 0 ? [is("i.address_folded", "in", [...who.folded])] : []),
      ]),
    )
    .where("i.expires_at", ">", now)
    .execute();
  return rows.map(toInvitation);
}

/** An open invitation by its id, also one whose time is over. */
export async function findInvitation(reader: Reader, id: InvitationId): Promise<Invitation | null> {
  const row = await withPlaces(reader).where("i.id", "=", id).executeTakeFirst();
  return row ? toInvitation(row) : null;
}

/** Ends an open invitation; its address goes. @returns false where somebody was quicker, or its time is over */
export async function endInvitation(tx: Tx, id: InvitationId, as: InvitationEnd): Promise<boolean> {
  const ended = await own(tx)
    .updateTable("invitations")
    .set({ ended_at: tx.now, ended_as: as, address: null, address_folded: null })
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .where("expires_at", ">", tx.now)
    .executeTakeFirst();
  return ended.numUpdatedRows === 1n;
}

/** Ends every open invitation whose time is over. @returns how many */
export async function endExpired(tx: Tx): Promise<number> {
  const ended = await own(tx)
    .updateTable("invitations")
    .set({ ended_at: tx.now, ended_as: "expired", address: null, address_folded: null })
    .where("ended_at", "is", null)
    .where("expires_at", "<=", tx.now)
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

/** Ends every open invitation that an account sent or was sent by name. @returns how many */
export async function endAllOf(tx: Tx, accountId: AccountId): Promise<number> {
  const ended = await own(tx)
    .updateTable("invitations")
    .set({ ended_at: tx.now, ended_as: "withdrawn", address: null, address_folded: null })
    .where((is) => is.or([is("invited_by", "=", accountId), is("account_id", "=", accountId)]))
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
}

/** Invitations an account has sent since a moment, ended ones too. */
export async function countSentSince(reader: Reader, accountId: AccountId, since: Date): Promise<number> {
  const row = await own(reader)
    .selectFrom("invitations")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("invited_by", "=", accountId)
    .where("invited_at", ">", since)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** Whether an account declined an invitation to a place since a moment. */
export async function hasDeclinedSince(
  reader: Reader,
  place: Place,
  accountId: AccountId,
  since: Date,
): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("invitations")
    .select("id")
    .where(place.kind === "project" ? "project_id" : "organisation_id", "=", place.id)
    .where("account_id", "=", accountId)
    .where("ended_as", "=", "declined")
    .where("ended_at", ">", since)
    .executeTakeFirst();
  return row !== undefined;
}
