import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { audit } from "./append.ts";
import { erasePersonal } from "./store.ts";

const AT_ONCE = 5_000;

/**
 * Erases the personal data (networks, browsers, addresses, names) of events older than so many days, with its salts. The
 * events stay, and so does the chain: it covers only a commitment. Returns how many were erased.
 */
export async function erasePersonalData(runtime: Runtime, now: Date, days: number): Promise<number> {
  const before = new Date(now.getTime() - days * 24 * 3600_000);
  let erased = 0;
  for (;;) {
    let count = 0;
    await transact(runtime.db, { now, bookkeeping: "nothing was old enough to erase" }, async (tx) => {
      count = await erasePersonal(tx, before, AT_ONCE);
      const facts = { count, before: before.toISOString() };
      if (count > 0) audit(tx, runtime.random, { act: "audit/personal-data-erased", actor: { kind: "clock" }, facts });
      return ok();
    });
    erased += count;
    if (count < AT_ONCE) return erased;
  }
}
