import { type Account, findAccount, listAccountsAfter, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { digestToken, issueToken, oneTimeRefusals, peekUsable, revokeSecrets, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { listWays } from "./drill.ts";
import { PUT_OFF_MS, reminderFor, YEAR_MS } from "./due.ts";
import { insertReminders, listDue, newestReminded, setLooked, setPutOff, takeDue } from "./store.ts";
import type { Reminder, Way } from "./types.ts";

/*
 * The yearly reminder. Each account has a row with the time at which it is looked at next (decision 004); a job only
 * wakes this up. Looking writes a mail only where something was not tested for a year.
 */

const PURPOSE = "drill-reminder";
const LINK_MS = 60 * 86_400_000;
const AT_ONCE = 1000;
/** Ids sort by age, but acts that began earlier may commit later: accounts get their row once they are an hour old. */
const SETTLED_MS = 3600_000;

/** Gives new accounts their row and looks at those that are due, at most a thousand each. @returns mails that were written */
export async function sweepReminders(runtime: Runtime, now: Date): Promise<number> {
  await addRows(runtime, now);
  let sent = 0;
  for (const accountId of await listDue(runtime.db, now, AT_ONCE)) sent += await lookAt(runtime, accountId, now);
  return sent;
}

async function addRows(runtime: Runtime, now: Date): Promise<void> {
  const after = await newestReminded(runtime.db);
  const createdBefore = new Date(now.getTime() - SETTLED_MS);
  const accounts = await listAccountsAfter(runtime.db, { after, createdBefore, most: AT_ONCE });
  if (accounts.length === 0) return;
  const rows = accounts.map((one) => ({ accountId: one.id, nextAt: new Date(one.createdAt.getTime() + YEAR_MS) }));
  await transact(runtime.db, { now, bookkeeping: "when to remind new accounts" }, async (tx) => {
    await insertReminders(tx, rows);
    return ok();
  });
}

async function lookAt(runtime: Runtime, accountId: AccountId, now: Date): Promise<number> {
  const done = await transact(runtime.db, { now, bookkeeping: "when to look again" }, async (tx) => {
    const reminded = await takeDue(tx, accountId);
    const account = reminded && (await findAccount(tx, accountId));
    if (!account) return ok(0);
    // Nobody can do a drill on a frozen account.
    const ways = account.frozen ? [] : await listWays(tx, account);
    const to = (await listAddresses(tx, accountId)).find((one) => one.isPrimary && one.verifiedAt)?.address;
    const reminder = reminderFor(to === undefined ? [] : ways, reminded, now);
    if (reminder.isSent && to !== undefined) await remind(tx, runtime, { account, to, ways, reminder });
    await setLooked(tx, accountId, reminder.nextAt, reminder.isSent);
    return ok(reminder.isSent ? 1 : 0);
  });
  return done.ok ? done.value : 0;
}

interface Due {
  readonly account: Account;
  readonly to: string;
  readonly ways: readonly Way[];
  readonly reminder: Reminder;
}

async function remind(tx: Tx, runtime: Runtime, { account, to, ways, reminder }: Due): Promise<void> {
  const { id: accountId, username } = account;
  const { stale } = reminder;
  await revokeSecrets(tx, PURPOSE, accountId, "a newer reminder was sent");
  const { token } = await issueToken(tx, runtime.random, {
    purpose: PURPOSE,
    subject: accountId,
    expiresAt: new Date(tx.now.getTime() + LINK_MS),
  });
  const params = {
    username,
    host: runtime.publicUrl.host,
    stale: stale.length,
    ways: ways.length,
    isAboutCodes: stale.some((way) => way.kind === "codes"),
    laterUrl: new URL(`/drill-later/${token.reveal()}`, runtime.publicUrl).href,
  };
  await queueMail(tx, runtime, { to, message: "drill-reminder", params, accountId });
  audit(tx, runtime.random, {
    act: "drill/reminded",
    actor: { kind: "clock" },
    accountId,
    facts: { stale: stale.map((way) => way.id) },
  });
}

/** Whether a link to put a reminder off still works. Looking changes nothing. */
export async function peekReminder(runtime: Runtime, token: string, now: Date): Promise<Result<undefined>> {
  const found = await peekUsable(runtime.db, { purpose: PURPOSE, digests: [digestToken(token)] }, now);
  return found.ok ? ok() : found;
}

/** Puts the reminder off by 30 days, by whoever reads the mail. @returns when it comes again. Refuses used and old links */
export async function putOffReminder(runtime: Runtime, token: string, now: Date): Promise<Result<Date>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<Date>> => {
    const spent = await spend(tx, { purpose: PURPOSE, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const account = await findAccount(tx, spent.value.subject as AccountId); // written by remind
    if (!account) return refuse(oneTimeRefusals.revoked());
    const until = new Date(now.getTime() + PUT_OFF_MS);
    await setPutOff(tx, account.id, until);
    audit(tx, runtime.random, {
      act: "drill/reminder-put-off",
      actor: { kind: "anyone" },
      accountId: account.id,
      facts: { until: until.toISOString() },
    });
    return ok(until);
  });
}
