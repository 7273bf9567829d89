import { audit, type AuditActor } from "../audit/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { clearFrozen, findAccount, setFrozen } from "./store.ts";
import type { FreezeReason } from "./types.ts";

/** Freezes an account; doing it twice changes nothing. A freeze stops sign-in, uploads and changes, and can be undone. */
export async function freezeAccount(
  tx: Tx,
  random: Random,
  freeze: {
    readonly accountId: AccountId;
    readonly because: FreezeReason;
    readonly caseId: CaseId | null;
    readonly actor: AuditActor;
  },
): Promise<void> {
  const { accountId, because, caseId, actor } = freeze;
  if ((await findAccount(tx, accountId))?.frozen !== null) return;
  if (!(await setFrozen(tx, accountId, because, caseId))) return; // somebody else was faster
  audit(tx, random, { act: "accounts/frozen", actor, accountId, caseId, facts: { because } });
}

/** Ends a freeze; an account that is not frozen stays as it is. */
export async function thawAccount(
  tx: Tx,
  random: Random,
  thaw: { readonly accountId: AccountId; readonly caseId: CaseId | null; readonly actor: AuditActor },
): Promise<void> {
  if (!(await findAccount(tx, thaw.accountId))?.frozen) return;
  if (!(await clearFrozen(tx, thaw.accountId))) return; // somebody else was faster
  audit(tx, random, { act: "accounts/thawed", actor: thaw.actor, accountId: thaw.accountId, caseId: thaw.caseId });
}
