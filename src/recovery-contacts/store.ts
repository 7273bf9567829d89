import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, ContactId } from "../kernel/ids.ts";
import type { RecoveryContact } from "./types.ts";

interface ContactTables {
  recovery_contacts: {
    id: ContactId;
    account_id: AccountId;
    contact_id: AccountId;
    invited_at: Date;
    accepted_at: Date | null;
    ended_at: Date | null;
    ended_by: "owner" | "contact" | null;
    asked_at: Date | null;
    confirmed_at: Date | null;
    next_ask_at: Date | null;
  };
}

const own = (reader: Reader): Kysely<ContactTables> => reader.as<ContactTables>() as Kysely<ContactTables>; // a transaction writes as a database does

/** @returns false where that person is named already */
export async function insertContact(
  tx: Tx,
  row: { readonly id: ContactId; readonly accountId: AccountId; readonly contactId: AccountId },
): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("recovery_contacts")
    .values({
      id: row.id,
      account_id: row.accountId,
      contact_id: row.contactId,
      invited_at: tx.now,
      accepted_at: null,
      ended_at: null,
      ended_by: null,
      asked_at: null,
      confirmed_at: null,
      next_ask_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

/** Contacts the account has named, open invitations too, oldest first. */
export const listContactsOf = (reader: Reader, accountId: AccountId): Promise<readonly RecoveryContact[]> =>
  list(reader, "account_id", accountId);

/** Accounts that have named this person, open invitations too, oldest first. */
export const listContactFor = (reader: Reader, contactId: AccountId): Promise<readonly RecoveryContact[]> =>
  list(reader, "contact_id", contactId);

async function list(
  reader: Reader,
  side: "account_id" | "contact_id",
  id: AccountId,
): Promise<readonly RecoveryContact[]> {
  const rows = await own(reader)
    .selectFrom("recovery_contacts")
    .selectAll()
    .where(side, "=", id)
    .where("ended_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(toContact);
}

/** Accepts an open invitation to this person. @returns null where there is none */
export async function setAccepted(tx: Tx, id: ContactId, contactId: AccountId): Promise<RecoveryContact | null> {
  const row = await own(tx)
    .updateTable("recovery_contacts")
    .set({ accepted_at: tx.now, next_ask_at: afterAYear(tx.now) })
    .where("id", "=", id)
    .where("contact_id", "=", contactId)
    .where("accepted_at", "is", null)
    .where("ended_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toContact(row) : null;
}

/** Ends it from either side. @returns null where there is nothing of theirs to end */
export async function setEnded(tx: Tx, id: ContactId, by: AccountId): Promise<RecoveryContact | null> {
  const row = await own(tx)
    .updateTable("recovery_contacts")
    .set((is) => ({
      ended_at: tx.now,
      ended_by: is
        .case()
        .when("account_id", "=", by)
        .then("owner" as const)
        .else("contact" as const)
        .end(),
    }))
    .where("id", "=", id)
    .where("ended_at", "is", null)
    .where((is) => is.or([is("account_id", "=", by), is("contact_id", "=", by)]))
    .returningAll()
    .executeTakeFirst();
  return row ? toContact(row) : null;
}

/** A year, in milliseconds: how often a contact is asked whether they are still there. */
const ASK_MS = 365 * 86_400_000;
const afterAYear = (from: Date): Date => new Date(from.getTime() + ASK_MS);

/** Present contacts whose yearly question is due, the longest due first. */
export async function listToAsk(reader: Reader, now: Date, most: number): Promise<readonly RecoveryContact[]> {
  const rows = await own(reader)
    .selectFrom("recovery_contacts")
    .selectAll()
    .where("ended_at", "is", null)
    .where("accepted_at", "is not", null)
    .where("next_ask_at", "<=", now)
    .orderBy("next_ask_at")
    .limit(most)
    .execute();
  return rows.map(toContact);
}

/** Notes that a present contact is asked now; the next yearly question is a year away. @param before asked then or never */
export async function setAsked(tx: Tx, id: ContactId, before: Date): Promise<RecoveryContact | null> {
  const row = await own(tx)
    .updateTable("recovery_contacts")
    .set({ asked_at: tx.now, next_ask_at: afterAYear(tx.now) })
    .where("id", "=", id)
    .where("accepted_at", "is not", null)
    .where("ended_at", "is", null)
    .where((is) => is.or([is("asked_at", "is", null), is("asked_at", "<=", before)]))
    .returningAll()
    .executeTakeFirst();
  return row ? toContact(row) : null;
}

/** Puts the yearly question off by a year: nobody could be written to. */
export async function setAskLater(tx: Tx, id: ContactId): Promise<void> {
  await own(tx)
    .updateTable("recovery_contacts")
    .set({ next_ask_at: afterAYear(tx.now) })
    .where("id", "=", id)
    .execute();
}

/** Notes that a present contact has said that they are still there. @returns null where they are none any more */
export async function setConfirmed(tx: Tx, id: ContactId): Promise<RecoveryContact | null> {
  const row = await own(tx)
    .updateTable("recovery_contacts")
    .set({ confirmed_at: tx.now, next_ask_at: afterAYear(tx.now) })
    .where("id", "=", id)
    .where("accepted_at", "is not", null)
    .where("ended_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toContact(row) : null;
}

/** One present contact. */
export async function findContact(reader: Reader, id: ContactId): Promise<RecoveryContact | null> {
  const row = await own(reader)
    .selectFrom("recovery_contacts")
    .selectAll()
    .where("id", "=", id)
    .where("accepted_at", "is not", null)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row ? toContact(row) : null;
}

const toContact = (row: ContactTables["recovery_contacts"]): RecoveryContact => ({
  id: row.id,
  accountId: row.account_id,
  contactId: row.contact_id,
  invitedAt: row.invited_at,
  acceptedAt: row.accepted_at,
  askedAt: row.asked_at,
  confirmedAt: row.confirmed_at,
});
