import { type Kysely, sql } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { ENDED_STATES } from "./lifecycle.ts";
import { findCase, storyOf } from "./store/cases.ts";
import { listMessages, listRequests } from "./store/thread.ts";
import type { RecoveryCase } from "./types.ts";

interface AccountDataTables {
  recovery_cases: {
    id: CaseId;
    state: string;
    account_id: AccountId | null;
    claimed_name: string;
    claimed_name_folded: string;
    contact_address: string;
    contact_folded: string;
    opened_from_ip: string;
    opened_from_agent: string;
    state_since: Date;
    opened_at: Date;
    story: string;
    assigned_to: AccountId | null;
    assigned_at: Date | null;
  };
  recovery_batches: { id: string; done_by: AccountId; done_at: Date };
  recovery_messages: { case_id: CaseId; body: string };
  recovery_requests: { case_id: CaseId; question: string; answer: string | null };
  recovery_reviews: { case_id: CaseId; reason: string };
  case_page_sessions: { case_id: CaseId; expires_at: Date };
  recovery_strict_accounts: { account_id: AccountId; since: Date; ends_at: Date | null };
}

const own = (reader: Reader): Kysely<AccountDataTables> => reader.as<AccountDataTables>();

/** The ids of every case about an account, the oldest first. */
export async function listCaseIdsOf(reader: Reader, accountId: AccountId): Promise<readonly CaseId[]> {
  const rows = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
  return rows.map((row) => row.id);
}

/**
 * One case as the account's owner may take it along. Only of a case that ended with the account restored is the claimant
 * known to be the owner: of every other it is what the notices said, and nothing that the claimant wrote. Internal notes
 * and the reasons of reviewers are never in it.
 */
export async function caseForOwner(runtime: Runtime, id: CaseId): Promise<unknown> {
  const found = await findCase(runtime.db, id);
  if (!found) return null;
  const outline = outlineOf(found);
  if (found.state !== "restored") return outline;
  const messages = await listMessages(runtime.db, runtime.keys, id, "claimant");
  const requests = await listRequests(runtime.db, runtime.keys, id);
  return {
    ...outline,
    cause: found.cause,
    claimedName: found.claimedName,
    contactAddress: found.contactAddress,
    story: await storyOf(runtime.db, runtime.keys, id),
    messages: messages.map((one) => ({ from: one.authorKind, body: one.body, writtenAt: one.writtenAt })),
    questions: requests.map(({ question, answer, askedAt, answeredAt }) => ({
      question,
      answer,
      askedAt,
      answeredAt,
    })),
  };
}

const outlineOf = (found: RecoveryCase) => ({
  number: found.number,
  state: found.state,
  openedAt: found.openedAt,
  openedFrom: found.openedFrom.ip,
  contactConfirmedAt: found.contactConfirmedAt,
  stateSince: found.stateSince,
  waitStartedAt: found.waitStartedAt,
  waitEndsAt: found.waitEndsAt,
  endedBecause: found.endedBecause,
});

/** Whether the account was given back after a recovery since a moment. */
export async function wasRestoredSince(reader: Reader, accountId: AccountId, since: Date): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("account_id", "=", accountId)
    .where("state", "=", "restored")
    .where("state_since", ">=", since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Cases that ended before a moment and still say who wrote what from where, at most `limit`. */
export async function listCasesToErase(reader: Reader, before: Date, limit: number): Promise<readonly CaseId[]> {
  const rows = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("state", "in", [...ENDED_STATES])
    .where("state_since", "<", before)
    .where("contact_address", "!=", "")
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/**
 * Erases who the claimants of cases were and everything that was written in them. That there was a case, its number, its
 * dates and how it ended stay.
 */
export async function eraseCases(tx: Tx, ids: readonly CaseId[]): Promise<void> {
  if (ids.length === 0) return;
  const which = [...ids];
  await own(tx)
    .updateTable("recovery_cases")
    .set({ claimed_name: "", claimed_name_folded: "", contact_address: "", contact_folded: "" })
    .set({ opened_from_ip: "", opened_from_agent: "", story: "" })
    .where("id", "in", which)
    .execute();
  await own(tx).updateTable("recovery_messages").set({ body: "" }).where("case_id", "in", which).execute();
  await own(tx)
    .updateTable("recovery_requests")
    .set({ question: "", answer: sql`case when answer is null then null else '' end` })
    .where("case_id", "in", which)
    .execute();
  await own(tx).updateTable("recovery_reviews").set({ reason: "" }).where("case_id", "in", which).execute();
  await own(tx).deleteFrom("case_page_sessions").where("case_id", "in", which).execute();
}

/** Deletes what browsers held a case page open with, once that ended before a moment. Returns how many. */
export async function deleteOldCasePages(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx).deleteFrom("case_page_sessions").where("expires_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** What a case says instead of the name of an account that was deleted. */
const FORGOTTEN = "a name that is not on record any more";

/**
 * Takes the name of an account that is deleted out of cases that claim it and were not matched to it. They go on, and find
 * no account. Returns their ids.
 */
export async function forgetClaims(tx: Tx, usernameFolded: string): Promise<readonly CaseId[]> {
  const rows = await own(tx)
    .updateTable("recovery_cases")
    .set({ claimed_name: FORGOTTEN, claimed_name_folded: "" })
    .where("account_id", "is", null)
    .where("claimed_name_folded", "=", usernameFolded)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}

/** Since when an account is in strict mode, and until when; empty where it never was. For its owner. */
export function strictData(reader: Reader, accountId: AccountId) {
  return own(reader)
    .selectFrom("recovery_strict_accounts")
    .select(["since", "ends_at as endsAt"])
    .where("account_id", "=", accountId)
    .execute();
}

/** Takes what somebody of the desk worked on out of their hands, for an account that is deleted. */
export async function eraseDeskWork(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .updateTable("recovery_cases")
    .set({ assigned_to: null, assigned_at: null })
    .where("assigned_to", "=", accountId)
    .execute();
  await own(tx).deleteFrom("recovery_batches").where("done_by", "=", accountId).execute();
}

/** Deletes batches from before a moment. Returns how many. */
export async function deleteOldBatches(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx).deleteFrom("recovery_batches").where("done_at", "<", before).executeTakeFirst();
  return Number(result.numDeletedRows);
}

export async function eraseStrictMode(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("recovery_strict_accounts").where("account_id", "=", accountId).execute();
}
