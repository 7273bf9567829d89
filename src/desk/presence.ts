import { transact } from "../kernel/db/transact.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { own } from "./store.ts";

/** Without a sign for this long somebody is taken to have gone. Open pages give one every minute. */
export const PRESENT_MS = 3 * 60_000;

export interface Present {
  readonly accountId: AccountId;
  readonly since: Date;
}

/** Notes that somebody looks at a case. After a pause they have come anew. */
export async function notePresence(runtime: Runtime, caseId: CaseId, accountId: AccountId, now: Date): Promise<void> {
  const bookkeeping = "who looks at a case at the moment is no act";
  await transact(runtime.db, { now, bookkeeping }, async (tx) => {
    const gone = new Date(now.getTime() - PRESENT_MS);
    await own(tx)
      .insertInto("desk_presence")
      .values({ case_id: caseId, account_id: accountId, since: now, seen_at: now })
      .onConflict((conflict) =>
        conflict.columns(["case_id", "account_id"]).doUpdateSet((is) => ({
          seen_at: now,
          since: is.case().when("desk_presence.seen_at", "<", gone).then(now).else(is.ref("desk_presence.since")).end(),
        })),
      )
      .execute();
    return ok();
  });
}

/** Who else looks at a case, the longest there first. */
export async function listPresent(
  reader: Reader,
  caseId: CaseId,
  except: AccountId,
  now: Date,
): Promise<readonly Present[]> {
  return own(reader)
    .selectFrom("desk_presence")
    .select(["account_id as accountId", "since"])
    .where("case_id", "=", caseId)
    .where("account_id", "!=", except)
    .where("seen_at", ">=", new Date(now.getTime() - PRESENT_MS))
    .orderBy("since")
    .execute();
}

/** Which of some cases somebody else looks at. For the queue. */
export async function listLookedAt(
  reader: Reader,
  caseIds: readonly CaseId[],
  except: AccountId,
  now: Date,
): Promise<ReadonlyMap<CaseId, AccountId>> {
  if (caseIds.length === 0) return new Map();
  const rows = await own(reader)
    .selectFrom("desk_presence")
    .select(["case_id", "account_id"])
    .where("case_id", "in", [...caseIds])
    .where("account_id", "!=", except)
    .where("seen_at", ">=", new Date(now.getTime() - PRESENT_MS))
    .orderBy("since", "desc")
    .execute();
  return new Map(rows.map((row) => [row.case_id, row.account_id]));
}
