import { listAddresses, parseAddress } from "../accounts/index.ts";
import { listAskedIn } from "../evidence/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { sharePlace } from "../registry/index.ts";
import { listContactsOf } from "../recovery-contacts/index.ts";
import { recoveryRefusals } from "./refusals.ts";
import type { RecoveryCase } from "./types.ts";

/** What ties somebody of the desk to a case, in words for them. Whoever has a tie does not decide: favours, pressure, bribes. */
export const TIES = {
  self: "It is your own account.",
  initiator: "The claimant writes from an address of yours.",
  sharer: "You share a project or an organisation with this account.",
  contact: "One of you is the other's recovery contact.",
  voucher: "You were asked to speak for the claimant.",
} as const;

export type Tie = keyof typeof TIES;

/** The first tie that a person has to a case; null for none. A case that is matched to no account can have one as well. */
export async function tieOf(reader: Reader, recoveryCase: RecoveryCase, person: AccountId): Promise<Tie | null> {
  const { accountId } = recoveryCase;
  if (accountId === person) return "self";
  const contact = parseAddress(recoveryCase.contactAddress);
  const own = await listAddresses(reader, person);
  if (contact.ok && own.some(({ folded }) => folded === contact.value.folded)) return "initiator";
  const asked = [
    ...(await listAskedIn(reader, recoveryCase.id, "vouch")),
    ...(await listAskedIn(reader, recoveryCase.id, "recovery-contact")),
  ];
  if (asked.some(({ personId }) => personId === person)) return "voucher";
  if (!accountId) return null;
  if (await sharePlace(reader, accountId, person)) return "sharer";
  const named = [
    ...(await listContactsOf(reader, accountId)).map(({ contactId }) => contactId === person),
    ...(await listContactsOf(reader, person)).map(({ contactId }) => contactId === accountId),
  ];
  return named.includes(true) ? "contact" : null;
}

/** Refuses, saying why, whoever has a tie to the case. */
export async function refuseTie(
  reader: Reader,
  recoveryCase: RecoveryCase,
  person: { readonly accountId: AccountId },
): Promise<Result<undefined>> {
  const tie = await tieOf(reader, recoveryCase, person.accountId);
  return tie === null ? ok() : refuse(recoveryRefusals["own-case"]({ detail: TIES[tie] }));
}
