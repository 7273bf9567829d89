import { lockName, transact } from "../kernel/db/transact.ts";
import type { Reader } from "../kernel/db/database.ts";
import { type AccountId, type DeskViewId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { deskRefusals } from "./refusals.ts";
import { own } from "./store.ts";

const MOST_VIEWS = 30;
const BOOKKEEPING = "views of the queue are settings of one person's own screen";

/** Filters of the queue under a name. */
export interface DeskView {
  readonly id: DeskViewId;
  readonly name: string;
  /** As in the queue's address, without the question mark. */
  readonly query: string;
}

/** A person's own views, by name. */
export async function listViews(reader: Reader, accountId: AccountId): Promise<readonly DeskView[]> {
  return own(reader)
    .selectFrom("desk_views")
    .select(["id", "name", "query"])
    .where("account_id", "=", accountId)
    .orderBy("name")
    .execute();
}

/** Keeps a view. Refuses a name the person uses already, and more than thirty. */
export function keepView(
  runtime: Runtime,
  accountId: AccountId,
  view: Omit<DeskView, "id">,
  now: Date,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now, bookkeeping: BOOKKEEPING }, async (tx): Promise<Result<undefined>> => {
    await lockName(tx.as<unknown>(), `views of ${accountId}`);
    const before = await listViews(tx, accountId);
    if (before.length >= MOST_VIEWS) return refuse(deskRefusals["too-many-views"]());
    if (before.some(({ name }) => name === view.name)) return refuse(deskRefusals["view-named-so"]());
    await own(tx)
      .insertInto("desk_views")
      .values({ id: newId("view", now, runtime.random), account_id: accountId, created_at: now, ...view })
      .execute();
    return ok();
  });
}

/** Removes a person's own view; twice is as once. */
export function removeView(runtime: Runtime, accountId: AccountId, id: string, now: Date): Promise<Result<undefined>> {
  return transact(runtime.db, { now, bookkeeping: BOOKKEEPING }, async (tx) => {
    await own(tx)
      .deleteFrom("desk_views")
      .where("id", "=", id as DeskViewId) // compared with what is stored, nothing more
      .where("account_id", "=", accountId)
      .execute();
    return ok();
  });
}
