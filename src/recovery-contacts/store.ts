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
    .set({ accepted_at: tx.now })
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

const toContact = (row: ContactTables["recovery_contacts"]): RecoveryContact => ({
  id: row.id,
  accountId: row.account_id,
  contactId: row.contact_id,
  invitedAt: row.invited_at,
  acceptedAt: row.accepted_at,
});
