import { foldUsername, parseAddress } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { takeTexts } from "../evidence/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import { type CaseId, newId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import { countAttempt } from "../throttle/index.ts";
import { type KeepWithIt, onCase, reopenCase, writeAsClaimant } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { ENDED_STATES } from "./lifecycle.ts";
import { open as openCase, type OpenedCase, type Opening, settleContact, takeStory } from "./open-case.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase, lockCase, updateCase } from "./store/cases.ts";
import { insertMessage } from "./store/thread.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * Mail and page are one thread. Which case an answer belongs to, and whose it is, was found out before (slice mail-in).
 */

/**
 * Opens a case with a mail to the support address. Who it is from anybody can write, so the mailbox is proven by the code
 * that is mailed there, as with the form; then the case is about the account of that mailbox, until its claimant names
 * another on the case page.
 */
export async function openByMail(
  runtime: RecoveryRuntime,
  opening: Omit<Opening, "cause">,
  keepWithIt: KeepWithIt,
): Promise<Result<OpenedCase>> {
  const contact = parseAddress(opening.contact);
  if (!contact.ok) return contact;
  const taken = await takeStory(runtime, { ...opening, cause: "other" as const });
  return transact(runtime.db, { now: opening.now }, async (tx): Promise<Result<OpenedCase>> => {
    const opened = await openCase(tx, runtime, taken, contact.value, {
      origin: "mail",
      account: null,
      claimedName: "",
    });
    if (!opened.ok) return opened;
    const kept = await keepWithIt(tx, { caseId: opened.value.recoveryCase.id, messageId: null });
    return kept.ok ? opened : kept;
  });
}

/**
 * The claimant's answer by mail. A case that expired meanwhile is taken up again: a late answer is an answer. Refuses a
 * case that is over otherwise, since nobody would read it there.
 */
export async function answerByMail(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  body: string,
  now: Date,
  keepWithIt: KeepWithIt,
): Promise<Result<RecoveryCase>> {
  const before = await findCase(runtime.db, caseId);
  if (!before) return refuse(recoveryRefusals["no-such-case"]());
  if (before.state === "expired") {
    const reopened = await reopenCase(runtime, caseId, now);
    if (!reopened.ok) return reopened;
  } else if ((ENDED_STATES as readonly string[]).includes(before.state)) return refuse(recoveryRefusals["case-over"]());
  return writeAsClaimant(runtime, caseId, body, now, keepWithIt);
}

/** A line of ours in the thread, for claimant and desk, in the caller's transaction. It stands after what it speaks of. */
export const sayInCase = (tx: Tx, runtime: RecoveryRuntime, caseId: CaseId, body: string): Promise<void> =>
  insertMessage(tx, runtime, caseId, {
    id: newId("msg", new Date(tx.now.getTime() + 1), runtime.random),
    authorKind: "system",
    authorId: null,
    isInternal: false,
    body,
  });

/**
 * What somebody answered who was told of the case: the account's owner, or somebody around the account. Only the desk reads
 * it, and it stops nothing: for that there is a button, which a forged mail cannot press.
 */
export async function noteAnswerToNotice(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  body: string,
  now: Date,
  keepWithIt: KeepWithIt,
): Promise<Result<undefined>> {
  const actor = { kind: "anyone" } as const;
  const { clean } = await takeTexts(runtime, { body }, { actor, caseId, now });
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<undefined>> => {
    const messageId = newId("msg", now, runtime.random);
    const kept = await keepWithIt(tx, { caseId, messageId });
    if (!kept.ok) return kept;
    await insertMessage(tx, runtime, caseId, {
      id: messageId,
      authorKind: "system",
      authorId: null,
      isInternal: true,
      body: `Somebody whom we told of this case answered our mail. It changes nothing by itself.\n\n${clean.body}`,
    });
    audit(tx, runtime.random, {
      act: "recovery/notice-answered",
      actor,
      accountId: recoveryCase.accountId,
      caseId,
      facts: { length: clean.body.length },
    });
    return ok();
  });
}

/** Guesses of a name within a case: it is for a slip of memory, not for finding out who is here. */
const NAMES_A_DAY = 5;

/**
 * The claimant says which account a case is about that found none. Their mailbox is proven by then. Refuses a case that is
 * about an account already, and more than five names a day.
 */
export async function nameAccount(
  runtime: RecoveryRuntime,
  caseId: CaseId,
  claimedName: string,
  now: Date,
): Promise<Result<RecoveryCase>> {
  const bucket = `case-name:${caseId}`;
  const counted = await countAttempt(runtime.db, { bucket, limit: NAMES_A_DAY, windowSeconds: 24 * 3600 }, now);
  if (!counted.ok) return counted;
  return transact(runtime.db, { now }, async (tx): Promise<Result<RecoveryCase>> => {
    const before = await lockCase(tx, caseId);
    if (!before) return refuse(recoveryRefusals["no-such-case"]());
    if (before.accountId || before.state !== "unconfirmed") return refuse(recoveryRefusals["named-already"]());
    if (!before.contactConfirmedAt) return refuse(recoveryRefusals["not-confirmed"]());
    await updateCase(tx, caseId, { claimed_name: claimedName, claimed_name_folded: foldUsername(claimedName) });
    audit(tx, runtime.random, {
      act: "recovery/account-named",
      actor: { kind: "claimant", id: caseId },
      caseId,
      personal: { claimedName },
    });
    return settleContact(tx, runtime, { ...before, claimedName });
  });
}
