import { type Account, findAccount, findAccountByName, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type AccountId, type ContactId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type MessageName, type MessageParams, queueMail } from "../notifications/index.ts";
import { contactRefusals } from "./refusals.ts";
import { insertContact, listContactsOf, setAccepted, setEnded } from "./store.ts";

const MOST_CONTACTS = 5;

const byOwner = (account: Account) => ({ kind: "subscriber", id: account.id }) as const;

/**
 * Names somebody as recovery contact, by username (usernames are public; addresses are not accepted here). It counts
 * once they accept. Refuses unknown names, oneself, the same person twice, and more than five.
 */
export async function inviteContact(
  runtime: Runtime,
  account: Account,
  username: string,
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const contact = username.includes("@") ? null : await findAccountByName(tx, username);
    if (!contact) return refuse(contactRefusals.unknown());
    if (contact.id === account.id) return refuse(contactRefusals.yourself());
    if ((await listContactsOf(tx, account.id)).length >= MOST_CONTACTS) return refuse(contactRefusals["too-many"]());
    const id = newId("rct", tx.now, runtime.random);
    if (!(await insertContact(tx, { id, accountId: account.id, contactId: contact.id })))
      return refuse(contactRefusals.already());
    const facts = { contact: id, who: contact.id };
    audit(tx, runtime.random, { act: "contacts/invited", actor: byOwner(account), accountId: account.id, facts });
    await tellAccount(tx, runtime, contact.id, "contact-invited", {
      username: account.username,
      answerUrl: new URL("/account/contacts", runtime.publicUrl).href,
    });
    return ok();
  });
}

/** Accepts an invitation. Refuses one that is not this person's, was answered, or was taken back. */
export async function acceptContact(
  runtime: Runtime,
  contact: Account,
  id: ContactId,
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const accepted = await setAccepted(tx, id, contact.id);
    if (!accepted) return refuse(contactRefusals["no-such-contact"]());
    const facts = { contact: id, who: contact.id };
    audit(tx, runtime.random, {
      act: "contacts/accepted",
      actor: byOwner(contact),
      accountId: accepted.accountId,
      facts,
    });
    await tellAccount(tx, runtime, accepted.accountId, "contact-answered", {
      contact: contact.username,
      answer: "accepted",
      when: now,
    });
    return ok();
  });
}

/** Ends a contact or an invitation, from either side; the owner is told if it was the contact. */
export const endContact = (runtime: Runtime, account: Account, id: ContactId, now: Date): Promise<Result<undefined>> =>
  transact(runtime.db, { now }, (tx) => dropContact(tx, runtime, account, id));

/** As `endContact`, in the caller's transaction. */
export async function dropContact(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  id: ContactId,
): Promise<Result<undefined>> {
  const ended = await setEnded(tx, id, account.id);
  if (!ended) return refuse(contactRefusals["no-such-contact"]());
  const facts = { contact: id, who: ended.contactId };
  audit(tx, runtime.random, { act: "contacts/ended", actor: byOwner(account), accountId: ended.accountId, facts });
  if (ended.contactId === account.id) {
    const answer = ended.acceptedAt ? "no longer wants to be it" : "declined";
    await tellAccount(tx, runtime, ended.accountId, "contact-answered", {
      contact: account.username,
      answer,
      when: tx.now,
    });
  }
  return ok();
}

/** Writes to the main address of an account, where it is confirmed. */
export async function tellAccount<N extends MessageName>(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  message: N,
  params: MessageParams<N>,
): Promise<void> {
  const account = await findAccount(tx, accountId);
  const primary = (await listAddresses(tx, accountId)).find((one) => one.isPrimary && one.verifiedAt);
  if (account && primary) await queueMail(tx, runtime, { to: primary.address, message, params, accountId });
}
