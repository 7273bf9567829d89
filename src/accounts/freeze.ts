import { audit, type AuditActor } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { clearFrozen, listAddresses, listThawsDue, lockAccount, setFrozen } from "./store.ts";
import { type FreezeReason, mergeFreeze } from "./types.ts";

/**
 * Freezes an account: stops sign-in, uploads and changes, and can be undone. An account that is frozen already keeps its
 * freeze, tightened where this reason is stronger or lasts longer; doing it twice changes nothing.
 * @returns whether anything changed: frozen now and not before, or for another reason
 */
export async function freezeAccount(
  tx: Tx,
  random: Random,
  freeze: {
    readonly accountId: AccountId;
    readonly because: FreezeReason;
    readonly caseId: CaseId | null;
    readonly actor: AuditActor;
    /** When it ends by itself; without it somebody has to end it. */
    readonly until?: Date;
  },
): Promise<boolean> {
  const { accountId, because, caseId, actor } = freeze;
  const account = await lockAccount(tx, accountId);
  if (!account) return false;
  const before = account.frozen;
  const after = mergeFreeze(before, { at: tx.now, because, caseId, until: freeze.until ?? null });
  const isSame =
    before?.because === after.because && before.caseId === after.caseId && +(before.until ?? 0) === +(after.until ?? 0);
  if (isSame) return false;
  await setFrozen(tx, accountId, after);
  const facts = { because: after.because, until: after.until?.toISOString() ?? null };
  audit(tx, random, { act: "accounts/frozen", actor, accountId, caseId, facts });
  return true;
}

/** Ends a freeze; an account that is not frozen stays as it is. */
export async function thawAccount(
  tx: Tx,
  random: Random,
  thaw: { readonly accountId: AccountId; readonly caseId: CaseId | null; readonly actor: AuditActor },
): Promise<void> {
  if (!(await lockAccount(tx, thaw.accountId))?.frozen) return;
  if (!(await clearFrozen(tx, thaw.accountId))) return;
  audit(tx, random, { act: "accounts/thawed", actor: thaw.actor, accountId: thaw.accountId, caseId: thaw.caseId });
}

const AT_ONCE = 100;

/**
 * Ends every freeze whose time is over, and tells the owner. Each in a transaction of its own that looks again, so that
 * any number of sweeps may run at once, and a freeze that was tightened meanwhile stays. @returns how many ended
 */
export async function thawDue(runtime: Runtime, now: Date): Promise<number> {
  let thawed = 0;
  for (;;) {
    const due = await listThawsDue(runtime.db, now, AT_ONCE);
    const before = thawed;
    for (const id of due) if (await thawOne(runtime, id, now)) thawed += 1;
    if (due.length < AT_ONCE || thawed === before) return thawed;
  }
}

async function thawOne(runtime: Runtime, accountId: AccountId, now: Date): Promise<boolean> {
  let isMine = false;
  await transact(runtime.db, { now }, async (tx) => {
    const account = await lockAccount(tx, accountId);
    isMine = account?.frozen?.until != null && account.frozen.until <= now;
    if (!account || !isMine) return ok();
    await thawAccount(tx, runtime.random, {
      accountId,
      caseId: account.frozen?.caseId ?? null,
      actor: { kind: "clock" },
    });
    for (const { address, verifiedAt } of await listAddresses(tx, accountId)) {
      if (!verifiedAt) continue;
      const params = { username: account.username, when: now, how: "time" } as const;
      await queueMail(tx, runtime, { to: address, message: "account-unlocked", params, accountId });
    }
    return ok();
  });
  return isMine;
}
