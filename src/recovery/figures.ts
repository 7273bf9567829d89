import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { replaceFigures } from "./store/figures.ts";

/** How far back figures go, the running month among them. */
export const FIGURE_MONTHS = 24;
/** The first moment of a month (UTC), counted back from the running one. Pure. */
export const firstOfMonth = (now: Date, monthsBack: number): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsBack, 1));

/** Counts the last two years anew. */
export async function makeFigures(runtime: Runtime, now: Date): Promise<void> {
  await transact(runtime.db, { now, bookkeeping: "figures are counted from what the log has" }, async (tx) => {
    await replaceFigures(tx, firstOfMonth(now, FIGURE_MONTHS - 1));
    return ok();
  });
}
