import { type Account, type Address, findAccount, listAddresses, listStaff, lockAccount } from "../accounts/index.ts";
import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { lockName, transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { digestToken, issueToken, oneTimeRefusals, peekUsable, revokeSecrets, spend } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";
import { findOpenCaseOf, lockOpenCaseOf, wasRestoredSince } from "../recovery/index.ts";
import { listActiveHolds, listSoleOwnerships } from "../registry/index.ts";
import type { Self } from "../security-settings/index.ts";
import { eraseEverything } from "./erase.ts";
import { type Obstacle, obstaclesTo } from "./obstacles.ts";
import { before, DAY_MS, DELETION_DAYS, FORMER_ADDRESS_DAYS } from "./periods.ts";
import { privacyRefusals } from "./refusals.ts";
import {
  deleteDeletion,
  findDeletion,
  insertDeletion,
  listDeletionsDue,
  lockDeletion,
  type PendingDeletion,
} from "./store.ts";

const KEEP = "keep-account";
/** A deletion that had to wait can be stopped for as long as it waits. */
const KEEP_LINK_DAYS = 90;

/** What stands against deleting the account at this moment. */
export async function obstaclesNow(reader: Reader, account: Account, now: Date): Promise<readonly Obstacle[]> {
  const administrators = (await listStaff(reader)).filter((one) => one.roles.includes("administrator"));
  const hold = (await listActiveHolds(reader, account.id, now)).find(({ powers }) => powers.includes("deletion"));
  return obstaclesTo({
    alone: await listSoleOwnerships(reader, account.id),
    openCase: (await findOpenCaseOf(reader, account.id))?.number ?? null,
    heldUntil: hold?.until ?? null,
    isLastAdministrator: administrators.length === 1 && administrators[0]?.id === account.id,
    isFrozen: account.frozen !== null,
  });
}

/** The deletion that is under way, for the pages of the account. */
export const findPendingDeletion = (reader: Reader, accountId: AccountId): Promise<PendingDeletion | null> =>
  findDeletion(reader, accountId);

/**
 * Asks for the deletion of one's own account, in seven days. The route has made sure that the authenticators were shown
 * in the last minutes. Every confirmed address is told, and those removed in the last 180 days, each with a link that
 * keeps the account. Refuses another name than the account's, a second asking, and while something stands against it.
 */
export async function askDeletion(runtime: Runtime, self: Self, typedName: string): Promise<Result<PendingDeletion>> {
  const { account, now, source } = self;
  if (typedName !== account.username) return refuse(privacyRefusals["name-differs"]());
  return transact(runtime.db, { now }, async (tx): Promise<Result<PendingDeletion>> => {
    const locked = await lockAccount(tx, account.id);
    const obstacles = await obstaclesNow(tx, locked ?? account, now);
    if (obstacles.length > 0)
      return refuse(privacyRefusals["not-now"]({ detail: obstacles.map((one) => one.text).join(" ") }));
    const dueAt = new Date(now.getTime() + DELETION_DAYS * DAY_MS);
    if (!(await insertDeletion(tx, account.id, dueAt))) return refuse(privacyRefusals["asked-already"]());
    for (const address of await reachable(tx, account.id)) {
      const { token } = await issueToken(tx, runtime.random, {
        purpose: KEEP,
        subject: account.id,
        expiresAt: new Date(now.getTime() + KEEP_LINK_DAYS * DAY_MS),
      });
      const keepUrl = new URL(`/keep-account/${token.reveal()}`, runtime.publicUrl).href;
      await queueMail(tx, runtime, {
        to: address.address,
        message: "account-deletion-asked",
        params: { username: account.username, when: now, source: source.ip, dueAt, keepUrl },
        accountId: account.id,
      });
    }
    audit(tx, runtime.random, {
      act: "accounts/deletion-asked",
      actor: { kind: "subscriber", id: account.id },
      accountId: account.id,
      facts: { due: dueAt.toISOString() },
      personal: { ...source },
    });
    return ok({ accountId: account.id, askedAt: now, dueAt });
  });
}

/** Confirmed addresses, and those that were and have been removed lately. */
async function reachable(tx: Tx, accountId: AccountId): Promise<readonly Address[]> {
  const all = await listAddresses(tx, accountId, before(tx.now, FORMER_ADDRESS_DAYS));
  const confirmed = all.filter((one) => one.verifiedAt);
  return [...new Map(confirmed.map((one) => [one.folded, one])).values()]; // one that was removed and added again once
}

/** Keeps the account after all, by its signed-in owner. Refuses where no deletion is under way. */
export async function keepAccount(runtime: Runtime, self: Self): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const actor = { kind: "subscriber", id: self.account.id } as const;
    const because = "the account is kept";
    return (await takeBack(tx, runtime, self.account, { actor, because, source: self.source }))
      ? ok()
      : refuse(privacyRefusals["not-asked"]());
  });
}

/** What the page behind a link of the mail shows. Looking changes nothing. */
export async function peekKeepLink(
  runtime: Runtime,
  token: string,
  now: Date,
): Promise<Result<{ readonly username: string; readonly dueAt: Date }>> {
  const found = await peekUsable(runtime.db, { purpose: KEEP, digests: [digestToken(token)] }, now);
  if (!found.ok) return found;
  const accountId = found.value.subject as AccountId; // written by askDeletion
  const account = await findAccount(runtime.db, accountId);
  const pending = await findDeletion(runtime.db, accountId);
  return account && pending
    ? ok({ username: account.username, dueAt: pending.dueAt })
    : refuse(oneTimeRefusals.revoked());
}

/** Keeps the account after all, by whoever reads one of its addresses. Refuses used, replaced and old links. */
export async function keepAccountByLink(
  runtime: Runtime,
  token: string,
  source: Source,
  now: Date,
): Promise<Result<{ readonly username: string }>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<{ readonly username: string }>> => {
    const spent = await spend(tx, { purpose: KEEP, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const account = await findAccount(tx, spent.value.subject as AccountId); // written by askDeletion
    const actor = { kind: "anyone" } as const;
    const because = "kept by a link in a mail";
    return account && (await takeBack(tx, runtime, account, { actor, because, source }))
      ? ok({ username: account.username })
      : refuse(oneTimeRefusals.revoked());
  });
}

/** Ends a deletion before it happens, and tells everybody who was told of it. @returns false where there was none */
async function takeBack(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  by: { readonly actor: AuditActor; readonly because: string; readonly source: Source | null },
): Promise<boolean> {
  if (!(await deleteDeletion(tx, account.id))) return false;
  await revokeSecrets(tx, KEEP, account.id, by.because);
  for (const address of await reachable(tx, account.id)) {
    await queueMail(tx, runtime, {
      to: address.address,
      message: "account-deletion-cancelled",
      params: { username: account.username, when: tx.now },
      accountId: account.id,
    });
  }
  audit(tx, runtime.random, {
    act: "accounts/deletion-cancelled",
    actor: by.actor,
    accountId: account.id,
    facts: { because: by.because },
    ...(by.source ? { personal: { ...by.source } } : {}),
  });
  return true;
}

const AT_ONCE = 100;

/** What a run did. `waiting` are those against which something stands. */
export interface DeletionWork {
  readonly deleted: number;
  readonly waiting: number;
  readonly takenBack: number;
}

/** Deletes the accounts whose days are over, each in a transaction of its own that looks again before it acts. */
export async function runDueDeletions(runtime: Runtime, now: Date): Promise<DeletionWork> {
  const count = { deleted: 0, waiting: 0, "taken back": 0, gone: 0 };
  let last: AccountId | null = null;
  for (;;) {
    const due: readonly AccountId[] = await listDeletionsDue(runtime.db, now, last, AT_ONCE);
    for (const accountId of due) {
      const done = await deleteIfDue(runtime, accountId, now);
      count[done] += 1;
      last = accountId;
    }
    if (due.length < AT_ONCE) return { deleted: count.deleted, waiting: count.waiting, takenBack: count["taken back"] };
  }
}

type DeletionOutcome = "deleted" | "waiting" | "taken back" | "gone";

async function deleteIfDue(runtime: Runtime, accountId: AccountId, now: Date): Promise<DeletionOutcome> {
  let outcome: DeletionOutcome = "gone";
  await transact(runtime.db, { now, bookkeeping: "locks only, where nothing is due" }, async (tx) => {
    outcome = await decideDeletion(tx, runtime, accountId);
    return ok();
  });
  return outcome;
}

async function decideDeletion(tx: Tx, runtime: Runtime, accountId: AccountId): Promise<DeletionOutcome> {
  await lockName(tx.as<unknown>(), "last administrator"); // two who are the last two must not go at once
  await lockOpenCaseOf(tx, accountId); // until the end of this, nobody opens a case
  const account = await lockAccount(tx, accountId);
  const pending = await lockDeletion(tx, accountId);
  if (!account || !pending || pending.dueAt > tx.now) return "gone";
  if (await wasRestoredSince(tx, accountId, pending.askedAt)) {
    // Whoever asked for the deletion may have been whom the account was recovered from.
    const because = "the account was given back after a recovery";
    await takeBack(tx, runtime, account, { actor: { kind: "clock" }, because, source: null });
    return "taken back";
  }
  if ((await obstaclesNow(tx, account, tx.now)).length > 0) return "waiting";
  const told = await reachable(tx, accountId);
  const erased = await eraseEverything(tx, runtime, account, { retiresName: true });
  for (const address of told) {
    await queueMail(tx, runtime, {
      to: address.address,
      message: "account-deleted",
      params: { username: account.username, when: tx.now },
    });
  }
  audit(tx, runtime.random, { act: "accounts/deleted", actor: { kind: "clock" }, accountId, facts: erased });
  return "deleted";
}
