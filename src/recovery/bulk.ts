import { listStaffRoles } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type AccountId, type BatchId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { cancelMail, queueMail } from "../notifications/index.ts";
import { issueCaseLink } from "./case-page.ts";
import type { RecoveryRuntime } from "./context.ts";
import { caseLifecycle } from "./lifecycle.ts";
import { recoveryRefusals } from "./refusals.ts";
import type { Reviewer } from "./reviewer-acts.ts";
import { type BatchItem, findBatch, insertBatch, listAskedSince, spendBatch } from "./store/batches.ts";
import { lockCase, lockCasesByNumber, setAssigned } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * What the desk does to many cases at once: who works on them, and asking whether they are still needed. Each can be taken
 * back for a while. Nothing here moves a case or decides about one.
 */

export const MOST_AT_ONCE = 50;
/** How long a batch can be taken back. Mails of a batch wait as long before they go out. */
export const UNDO_MS = 5 * 60_000;
/** Nobody is asked again within this time. */
export const ASK_AGAIN_MS = 7 * 24 * 3600_000;

/** What became of a batch. */
export interface Bulk {
  /** Null where nothing was done. */
  readonly batchId: BatchId | null;
  readonly done: number;
  /** Cases that were left alone: as asked already, or not in a state for it. */
  readonly left: number;
}

const staff = (reviewer: Reviewer) => ({ kind: "staff", id: reviewer.accountId }) as const;

type OneCase = (tx: Tx, recoveryCase: RecoveryCase) => Promise<BatchItem | null>;

async function actOnAll(
  runtime: RecoveryRuntime,
  reviewer: Reviewer,
  asked: { readonly numbers: readonly string[]; readonly act: "assign" | "still-needed"; readonly now: Date },
  prepare: (tx: Tx, cases: readonly RecoveryCase[]) => Promise<Result<OneCase>>,
): Promise<Result<Bulk>> {
  const { act, now } = asked;
  const numbers = [...new Set(asked.numbers)];
  if (numbers.length === 0) return refuse(recoveryRefusals["nothing-selected"]());
  if (numbers.length > MOST_AT_ONCE) return refuse(recoveryRefusals["too-many-selected"]());
  return transact(runtime.db, { now }, async (tx): Promise<Result<Bulk>> => {
    const cases = await lockCasesByNumber(tx, numbers);
    const prepared = await prepare(tx, cases);
    if (!prepared.ok) return prepared;
    const items: BatchItem[] = [];
    for (const recoveryCase of cases) {
      const item = await prepared.value(tx, recoveryCase);
      if (item) items.push(item);
    }
    const left = numbers.length - items.length;
    if (items.length === 0) return ok({ batchId: null, done: 0, left });
    const batchId = newId("bat", now, runtime.random);
    await insertBatch(tx, { id: batchId, act, doneBy: reviewer.accountId }, items);
    return ok({ batchId, done: items.length, left });
  });
}

const noteAssigned = (
  tx: Tx,
  runtime: RecoveryRuntime,
  reviewer: Reviewer,
  of: RecoveryCase,
  to: AccountId | null,
): void =>
  audit(tx, runtime.random, {
    act: "recovery/assigned",
    actor: staff(reviewer),
    accountId: of.accountId,
    caseId: of.id,
    facts: { to: to ?? "nobody" },
  });

/** Gives cases to somebody of the desk, or to nobody. Refuses somebody who is not of the desk. */
export function assignCases(
  runtime: RecoveryRuntime,
  reviewer: Reviewer,
  asked: { readonly numbers: readonly string[]; readonly to: AccountId | null; readonly now: Date },
): Promise<Result<Bulk>> {
  const { to } = asked;
  return actOnAll(runtime, reviewer, { ...asked, act: "assign" }, async (reader) => {
    if (to !== null && (await listStaffRoles(reader, to)).length === 0)
      return refuse(recoveryRefusals["not-of-the-desk"]());
    return ok(async (tx, recoveryCase) => {
      const was = recoveryCase.assignedTo;
      if (was === to || !(await setAssigned(tx, recoveryCase.id, { from: was, to }))) return null;
      noteAssigned(tx, runtime, reviewer, recoveryCase, to);
      return { caseId: recoveryCase.id, wasAssignedTo: was, assignedTo: to, mailId: null };
    });
  });
}

/**
 * Asks claimants whose move it is whether they still need the case. The mails wait until the batch cannot be taken back any
 * more. Leaves out cases without a proven address, and those that were asked within a week.
 */
export function askStillNeeded(
  runtime: RecoveryRuntime,
  reviewer: Reviewer,
  asked: { readonly numbers: readonly string[]; readonly now: Date },
): Promise<Result<Bulk>> {
  const { now } = asked;
  return actOnAll(runtime, reviewer, { ...asked, act: "still-needed" }, async (reader, cases) => {
    const ids = cases.map(({ id }) => id);
    const askedAlready = await listAskedSince(reader, ids, new Date(now.getTime() - ASK_AGAIN_MS));
    return ok(async (tx, recoveryCase) => {
      const isTheirs = caseLifecycle.states[recoveryCase.state].next === "claimant";
      if (!isTheirs || !recoveryCase.contactConfirmedAt || askedAlready.has(recoveryCase.id)) return null;
      const mailId = await queueMail(tx, runtime, {
        to: recoveryCase.contactAddress,
        message: "case-still-needed",
        params: {
          caseNumber: recoveryCase.number,
          expiresAt: recoveryCase.expiresAt,
          casePageUrl: await issueCaseLink(tx, runtime, recoveryCase.id),
        },
        caseId: recoveryCase.id,
        delayUntil: new Date(now.getTime() + UNDO_MS),
      });
      audit(tx, runtime.random, {
        act: "recovery/asked-if-needed",
        actor: staff(reviewer),
        accountId: recoveryCase.accountId,
        caseId: recoveryCase.id,
      });
      return { caseId: recoveryCase.id, wasAssignedTo: null, assignedTo: null, mailId };
    });
  });
}

/**
 * Takes a batch back, once, within `UNDO_MS`: cases go back to whoever had them, unless somebody gave them on meanwhile;
 * mails that have not gone out do not. Refuses other people's batches, old ones, and one taken back before.
 */
export function undoBatch(
  runtime: RecoveryRuntime,
  reviewer: Reviewer,
  batchId: BatchId,
  now: Date,
): Promise<Result<Bulk>> {
  return transact(runtime.db, { now }, async (tx): Promise<Result<Bulk>> => {
    const isMine = await spendBatch(tx, batchId, reviewer.accountId, new Date(now.getTime() - UNDO_MS));
    const batch = isMine ? await findBatch(tx, batchId, reviewer.accountId) : null;
    if (!batch) return refuse(recoveryRefusals["undo-too-late"]());
    let done = 0;
    for (const item of batch.items) {
      if (item.mailId) {
        if (await cancelMail(tx, item.mailId)) done += 1;
        continue;
      }
      const recoveryCase = await lockCase(tx, item.caseId);
      const change = { from: item.assignedTo, to: item.wasAssignedTo };
      if (!recoveryCase || !(await setAssigned(tx, item.caseId, change))) continue;
      noteAssigned(tx, runtime, reviewer, recoveryCase, item.wasAssignedTo);
      done += 1;
    }
    audit(tx, runtime.random, {
      act: "recovery/batch-undone",
      actor: staff(reviewer),
      facts: { of: batch.act, done, left: batch.items.length - done },
    });
    return ok({ batchId: null, done, left: batch.items.length - done });
  });
}
