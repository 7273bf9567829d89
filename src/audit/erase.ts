import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import type { PersonalFacts, StoredAuditEvent } from "./types.ts";

interface ErasureTables {
  audit_events: {
    actor_id: string | null;
    account_id: AccountId | null;
    case_id: CaseId | null;
    personal: PersonalFacts | null;
    personal_salt: Buffer;
  };
}

/**
 * Erases the personal data, and the salts, of every event about an account, by it, or about one of the cases. What happened, when and
 * under which id stays, and the chain still verifies: it covers only the commitments. Returns how many events.
 */
export async function erasePersonalOf(
  tx: Tx,
  whose: { readonly accountId: AccountId; readonly caseIds: readonly CaseId[] },
): Promise<number> {
  const result = await tx
    .as<ErasureTables>()
    .updateTable("audit_events")
    .set({ personal: null, personal_salt: Buffer.alloc(0) })
    .where("personal", "is not", null)
    .where((is) =>
      is.or([
        is("account_id", "=", whose.accountId),
        is("actor_id", "=", whose.accountId),
        ...(whose.caseIds.length > 0 ? [is("case_id", "in", [...whose.caseIds])] : []),
      ]),
    )
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/**
 * An event as the owner of its account may see it. Of what others did, only where it came from is theirs to know:
 * not the contact address of a claimant, and of the desk's people neither name nor network.
 */
export function asOwnerSees(event: StoredAuditEvent): StoredAuditEvent {
  if (event.actorKind === "subscriber" && event.actorId === event.accountId) return event;
  const isStaff = event.actorKind === "staff";
  const where = Object.entries(event.personal ?? {}).filter(
    ([name]) => !isStaff && (name === "ip" || name === "userAgent"),
  );
  return {
    ...event,
    actorId: isStaff ? null : event.actorId,
    personal: where.length === 0 ? null : Object.fromEntries(where),
  };
}
