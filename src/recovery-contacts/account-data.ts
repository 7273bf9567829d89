import type { Kysely } from "kysely";
import { type Account, findAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, ContactId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { tellAccount } from "./contacts.ts";
import { listContactFor } from "./store.ts";

interface AccountDataTables {
  recovery_contacts: {
    id: ContactId;
    account_id: AccountId;
    contact_id: AccountId;
    invited_at: Date;
    accepted_at: Date | null;
    ended_at: Date | null;
    ended_by: string | null;
    asked_at: Date | null;
    confirmed_at: Date | null;
  };
}

const own = (reader: Reader): Kysely<AccountDataTables> => reader.as<AccountDataTables>();

/** Whom an account named and who named it, ended ones too, by public username. For its owner. */
export async function contactData(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("recovery_contacts")
    .select(["account_id as accountId", "contact_id as contactId", "invited_at as invitedAt"])
    .select(["accepted_at as acceptedAt", "ended_at as endedAt", "ended_by as endedBy"])
    .select(["asked_at as askedAt", "confirmed_at as confirmedAt"])
    .where((is) => is.or([is("account_id", "=", accountId), is("contact_id", "=", accountId)]))
    .orderBy("id")
    .execute();
  return Promise.all(
    rows.map(async ({ accountId: owner, contactId, ...dates }) => {
      const isOwner = owner === accountId;
      const other = await findAccount(reader, isOwner ? contactId : owner);
      return { [isOwner ? "contact" : "contactOf"]: other?.username ?? null, ...dates };
    }),
  );
}

/**
 * Deletes whom an account named and who named it. Owners who counted on it as a contact are told.
 * @returns the ids of what is gone, by which secrets are kept
 */
export async function eraseContacts(tx: Tx, runtime: Runtime, account: Account): Promise<readonly ContactId[]> {
  for (const { id, accountId, acceptedAt } of await listContactFor(tx, account.id)) {
    const facts = { contact: id, who: account.id };
    audit(tx, runtime.random, { act: "contacts/ended", actor: { kind: "clock" }, accountId, facts });
    const params = { contact: account.username, answer: "no longer has an account here", when: tx.now } as const;
    if (acceptedAt) await tellAccount(tx, runtime, accountId, "contact-answered", params);
  }
  const gone = await own(tx)
    .deleteFrom("recovery_contacts")
    .where((is) => is.or([is("account_id", "=", account.id), is("contact_id", "=", account.id)]))
    .returning("id")
    .execute();
  return gone.map((row) => row.id);
}
