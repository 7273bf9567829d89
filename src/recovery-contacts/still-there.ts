import { type Account, findAccount, listAddresses } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { ContactId } from "../kernel/ids.ts";
import { digestToken, issueToken, oneTimeRefusals, peekUsable, revokeSecrets, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { contactRefusals } from "./refusals.ts";
import { findContact, listContactsOf, listToAsk, setAsked, setAskLater, setConfirmed } from "./store.ts";
import type { RecoveryContact } from "./types.ts";

/*
 * A contact who has changed their address or forgotten about it is none. Once a year each is asked by mail whether they
 * are still there; the owner may ask in between. The answer is a link that is spent by its button.
 */

const PURPOSE = "contact-still-there";
const LINK_MS = 60 * 86_400_000;
/** At most one such mail a week to one person about one account. */
const ASK_AGAIN_MS = 7 * 86_400_000;
const AT_ONCE = 500;

/**
 * Asks a contact of the account, by mail, whether they are still there. Refuses one that is not the account's or has not
 * accepted, one who was asked in the last seven days, and one without a confirmed address.
 */
export async function askContact(
  runtime: Runtime,
  account: Account,
  id: ContactId,
  now: Date,
): Promise<Result<undefined>> {
  const contact = (await listContactsOf(runtime.db, account.id)).find((one) => one.id === id);
  if (!contact?.acceptedAt) return refuse(contactRefusals["no-such-contact"]());
  return ask(runtime, contact, { kind: "subscriber", id: account.id }, now);
}

/** Asks everybody whose yearly question is due, at most 500. @returns how many mails were written */
export async function askContactsDue(runtime: Runtime, now: Date): Promise<number> {
  let asked = 0;
  for (const contact of await listToAsk(runtime.db, now, AT_ONCE)) {
    const done = await ask(runtime, contact, { kind: "clock" }, now);
    if (done.ok) asked += 1;
    else if (done.refusal.code === "recovery-contacts/unreachable") await passOver(runtime, contact, now);
  }
  return asked;
}

/** Nobody can be written to: looked at again in a year, so that they do not stand before others for ever. */
const passOver = (runtime: Runtime, { id }: RecoveryContact, now: Date): Promise<Result<undefined>> =>
  transact(runtime.db, { now, bookkeeping: "a contact who cannot be written to" }, async (tx) => {
    await setAskLater(tx, id);
    return ok();
  });

function ask(runtime: Runtime, contact: RecoveryContact, actor: AuditActor, now: Date): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<undefined>> => {
    const { id, accountId, contactId } = contact;
    const owner = await findAccount(tx, accountId);
    const to = (await listAddresses(tx, contactId)).find((one) => one.isPrimary && one.verifiedAt);
    if (!owner || !to) return refuse(contactRefusals.unreachable());
    if (!(await setAsked(tx, id, new Date(now.getTime() - ASK_AGAIN_MS))))
      return refuse(contactRefusals["asked-lately"]());
    const params = {
      username: owner.username,
      answerUrl: await linkFor(tx, runtime, id),
      host: runtime.publicUrl.host,
    };
    await queueMail(tx, runtime, { to: to.address, message: "contact-still-there", params, accountId: contactId });
    audit(tx, runtime.random, { act: "contacts/asked", actor, accountId, facts: { contact: id, who: contactId } });
    return ok();
  });
}

async function linkFor(tx: Tx, runtime: Runtime, id: ContactId): Promise<string> {
  await revokeSecrets(tx, PURPOSE, id, "a newer link was sent");
  const { token } = await issueToken(tx, runtime.random, {
    purpose: PURPOSE,
    subject: id,
    expiresAt: new Date(tx.now.getTime() + LINK_MS),
  });
  return new URL(`/still-there/${token.reveal()}`, runtime.publicUrl).href;
}

/** Whose contact the holder of a link is. Looking changes nothing. */
export async function peekStillThere(
  runtime: Runtime,
  token: string,
  now: Date,
): Promise<Result<{ readonly username: string }>> {
  const found = await peekUsable(runtime.db, { purpose: PURPOSE, digests: [digestToken(token)] }, now);
  if (!found.ok) return found;
  const contact = await findContact(runtime.db, found.value.subject as ContactId); // written by linkFor
  const owner = contact && (await findAccount(runtime.db, contact.accountId));
  return owner ? ok({ username: owner.username }) : refuse(oneTimeRefusals.revoked());
}

/** The contact is still there. Refuses used and old links, and one of a contact that has ended. */
export async function confirmStillThere(
  runtime: Runtime,
  token: string,
  now: Date,
): Promise<Result<{ readonly username: string }>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<{ readonly username: string }>> => {
    const spent = await spend(tx, { purpose: PURPOSE, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const contact = await setConfirmed(tx, spent.value.subject as ContactId); // written by linkFor
    const owner = contact && (await findAccount(tx, contact.accountId));
    if (!owner) return refuse(oneTimeRefusals.revoked());
    audit(tx, runtime.random, {
      act: "contacts/confirmed",
      actor: { kind: "anyone" },
      accountId: owner.id,
      facts: { contact: contact.id, who: contact.contactId },
    });
    return ok({ username: owner.username });
  });
}
