import { deleteRemovedAddresses, listAbandonedRegistrations, lockAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { eraseEndedSecrets } from "../authenticators/index.ts";
import { deleteOldDesk } from "../desk/index.ts";
import { deleteOldChallenges } from "../drill/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { deleteOldSecrets, eraseSecrets } from "../kernel/one-time.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { deleteOldMails } from "../notifications/index.ts";
import {
  deleteOldBatches,
  deleteOldCasePages,
  eraseCases,
  findOpenCaseOf,
  listCasesToErase,
} from "../recovery/index.ts";
import { eraseInbound } from "../mail-in/index.ts";
import { deleteEndedSessions } from "../sessions/index.ts";
import { eraseEverything } from "./erase.ts";
import { before, KEEP_DAYS } from "./periods.ts";

const AT_ONCE = 200;
const CLOCK = { kind: "clock" } as const;

/** One kind of old data: how much of it went. */
interface Sweep {
  readonly name: string;
  readonly run: (tx: Tx) => Promise<number>;
}

const SWEEPS: readonly Sweep[] = [
  {
    name: "sessions",
    run: (tx) => deleteEndedSessions(tx, before(tx.now, KEEP_DAYS.endedSessions)),
  },
  {
    name: "casePages",
    run: (tx) => deleteOldCasePages(tx, before(tx.now, KEEP_DAYS.endedSessions)),
  },
  {
    name: "authenticatorSecrets",
    run: (tx) => eraseEndedSecrets(tx, before(tx.now, KEEP_DAYS.endedAuthenticatorSecrets)),
  },
  {
    name: "mails",
    run: (tx) => deleteOldMails(tx, before(tx.now, KEEP_DAYS.deliveryLog)),
  },
  {
    name: "farewellMails",
    run: (tx) => deleteOldMails(tx, before(tx.now, KEEP_DAYS.farewellMail), "account-deleted"),
  },
  {
    name: "oneTimeSecrets",
    run: (tx) => deleteOldSecrets(tx, before(tx.now, KEEP_DAYS.spentSecrets)),
  },
  {
    name: "drillChallenges",
    run: (tx) => deleteOldChallenges(tx, tx.now),
  },
  {
    name: "deskDrafts",
    run: (tx) => deleteOldDesk(tx, { presence: before(tx.now, 1), drafts: before(tx.now, KEEP_DAYS.deskDrafts) }),
  },
  {
    name: "batches",
    run: (tx) => deleteOldBatches(tx, before(tx.now, KEEP_DAYS.batches)),
  },
  {
    name: "addresses",
    run: (tx) => deleteRemovedAddresses(tx, before(tx.now, KEEP_DAYS.removedAddresses)),
  },
];

/** How much of each kind was erased; kinds of which nothing was are left out. */
export type RetentionWork = Readonly<Record<string, number>>;

/**
 * Erases everything that has been kept as long as `periods.ts` says, by the given clock. Each kind in a transaction of its
 * own, so that a long one holds up no other and a run that is cut off leaves nothing half done; the next one goes on.
 */
export async function eraseOldData(runtime: Runtime, now: Date): Promise<RetentionWork> {
  const work: Record<string, number> = {};
  const note = (name: string, count: number): void => {
    if (count > 0) work[name] = (work[name] ?? 0) + count;
  };
  for (const sweep of SWEEPS) note(sweep.name, await runSweep(runtime, now, sweep));
  note("cases", await inBatches((limit) => eraseCaseBatch(runtime, now, limit)));
  note("registrations", await eraseAbandoned(runtime, now));
  return work;
}

async function runSweep(runtime: Runtime, now: Date, sweep: Sweep): Promise<number> {
  let count = 0;
  await transact(runtime.db, { now, bookkeeping: "nothing was old enough to erase" }, async (tx) => {
    count = await sweep.run(tx);
    noteErased(tx, runtime, sweep.name, count);
    return ok();
  });
  return count;
}

function noteErased(tx: Tx, runtime: Runtime, what: string, count: number): void {
  if (count > 0) audit(tx, runtime.random, { act: "privacy/old-data-erased", actor: CLOCK, facts: { what, count } });
}

async function inBatches(batch: (limit: number) => Promise<number>): Promise<number> {
  for (let total = 0; ; ) {
    const count = await batch(AT_ONCE);
    total += count;
    if (count < AT_ONCE) return total;
  }
}

async function eraseCaseBatch(runtime: Runtime, now: Date, limit: number): Promise<number> {
  let count = 0;
  await transact(runtime.db, { now, bookkeeping: "nothing was old enough to erase" }, async (tx) => {
    const ids = await listCasesToErase(tx, before(now, KEEP_DAYS.endedCases), limit);
    await eraseCases(tx, ids);
    await eraseInbound(tx, ids);
    await eraseSecrets(tx, { whole: [], divided: ids });
    count = ids.length;
    noteErased(tx, runtime, "cases", count);
    return ok();
  });
  return count;
}

/** Erases registrations that were never confirmed and not used for a month. Their names are free again. */
async function eraseAbandoned(runtime: Runtime, now: Date): Promise<number> {
  const since = before(now, KEEP_DAYS.abandonedRegistrations);
  let erased = 0;
  for (const id of await listAbandonedRegistrations(runtime.db, since, 10 * AT_ONCE)) {
    if (await eraseRegistration(runtime, id, now, since)) erased += 1;
  }
  return erased;
}

async function eraseRegistration(runtime: Runtime, id: AccountId, now: Date, since: Date): Promise<boolean> {
  let isErased = false;
  await transact(runtime.db, { now, bookkeeping: "locks only, where the account is used again" }, async (tx) => {
    const account = await lockAccount(tx, id);
    const isUsed = !account || account.lastActiveAt >= since || (await findOpenCaseOf(tx, id)) !== null;
    isErased = !isUsed;
    if (isUsed) return ok();
    const { addresses, sessions } = await eraseEverything(tx, runtime, account, { retiresName: false });
    const facts = { addresses, sessions };
    audit(tx, runtime.random, { act: "accounts/registration-abandoned", actor: CLOCK, accountId: id, facts });
    return ok();
  });
  return isErased;
}
