import { type Kysely, sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import { lockName, type Tx } from "../../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../../kernel/ids.ts";
import type { Keyring } from "../../kernel/crypto/keyring.ts";
import type { Runtime } from "../../kernel/runtime.ts";
import { type CaseState, EVIDENCE_STATES, OPEN_STATES } from "../lifecycle.ts";
import type { Decision } from "../policy/index.ts";
import { REMIND_AT } from "../overdue.ts";
import type { Cause, RecoveryCase } from "../types.ts";
import { openWritten, sealWritten } from "./sealed.ts";

interface CaseTables {
  recovery_cases: {
    id: CaseId;
    number: string;
    state: CaseState;
    origin: RecoveryCase["origin"];
    cause: Cause;
    account_id: AccountId | null;
    claimed_name: string;
    claimed_name_folded: string;
    contact_address: string;
    contact_folded: string;
    contact_confirmed_at: Date | null;
    opened_at: Date;
    opened_from_ip: string;
    opened_from_agent: string;
    state_since: Date;
    decision: Decision | null;
    policy_version: string;
    approvals_needed: number | null;
    wait_started_at: Date | null;
    wait_ends_at: Date | null;
    midway_told_at: Date | null;
    release_told_at: Date | null;
    expires_at: Date;
    reminders: number;
    ended_because: string | null;
    story: string;
    assigned_to: AccountId | null;
    assigned_at: Date | null;
    objected_at: Date | null;
  };
}

type CaseRow = CaseTables["recovery_cases"];
const own = (reader: Reader): Kysely<CaseTables> => reader.as<CaseTables>();

export interface NewCase
  extends Pick<
    RecoveryCase,
    | "id"
    | "number"
    | "state"
    | "origin"
    | "cause"
    | "accountId"
    | "claimedName"
    | "contactAddress"
    | "openedFrom"
    | "policyVersion"
    | "expiresAt"
  > {
  readonly story: string;
  readonly claimedNameFolded: string;
  readonly contactFolded: string;
}

/** @returns false where the account has an open case already */
export async function insertCase(tx: Tx, runtime: Runtime, row: NewCase): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("recovery_cases")
    .values({
      id: row.id,
      number: row.number,
      state: row.state,
      origin: row.origin,
      cause: row.cause,
      account_id: row.accountId,
      claimed_name: row.claimedName,
      claimed_name_folded: row.claimedNameFolded,
      contact_address: row.contactAddress,
      contact_folded: row.contactFolded,
      contact_confirmed_at: null,
      opened_at: tx.now,
      opened_from_ip: row.openedFrom.ip,
      opened_from_agent: row.openedFrom.userAgent,
      state_since: tx.now,
      decision: null,
      policy_version: row.policyVersion,
      approvals_needed: null,
      wait_started_at: null,
      wait_ends_at: null,
      midway_told_at: null,
      release_told_at: null,
      expires_at: row.expiresAt,
      reminders: 0,
      ended_because: null,
      story: sealWritten(runtime, row.id, "story", row.story),
      assigned_to: null,
      assigned_at: null,
      objected_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

export async function findCase(reader: Reader, id: CaseId): Promise<RecoveryCase | null> {
  const row = await own(reader).selectFrom("recovery_cases").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toCase(row) : null;
}

/** What the claimant wrote when the case was opened. */
export async function storyOf(reader: Reader, keys: Keyring, id: CaseId): Promise<string> {
  const row = await own(reader).selectFrom("recovery_cases").select("story").where("id", "=", id).executeTakeFirst();
  return openWritten(keys, id, "story", row?.story ?? "");
}

/** The case, locked until the transaction ends: whoever acts on a case acts alone. */
export async function lockCase(tx: Tx, id: CaseId): Promise<RecoveryCase | null> {
  const row = await own(tx)
    .selectFrom("recovery_cases")
    .selectAll()
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  return row ? toCase(row) : null;
}

export async function findCaseByNumber(reader: Reader, number: string): Promise<RecoveryCase | null> {
  const row = await own(reader)
    .selectFrom("recovery_cases")
    .selectAll()
    .where("number", "=", number)
    .executeTakeFirst();
  return row ? toCase(row) : null;
}

/** Cases in which evidence still matters and that have an account, by id from `after` on, at most `limit`. */
export async function listPending(
  reader: Reader,
  after: CaseId | null,
  limit: number,
): Promise<readonly RecoveryCase[]> {
  let query = own(reader)
    .selectFrom("recovery_cases")
    .selectAll()
    .where("state", "in", [...EVIDENCE_STATES])
    .where("account_id", "is not", null);
  if (after !== null) query = query.where("id", ">", after);
  return (await query.orderBy("id").limit(limit).execute()).map(toCase);
}

/** The one open case of an account. */
export async function findOpenCaseOf(reader: Reader, accountId: AccountId): Promise<RecoveryCase | null> {
  const row = await own(reader)
    .selectFrom("recovery_cases")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("state", "in", [...OPEN_STATES])
    .executeTakeFirst();
  return row ? toCase(row) : null;
}

/**
 * The open case of an account, locked; null where there is none. Until the transaction ends nobody else can make one, so
 * that two who could become the account's open case come one after the other.
 */
export async function lockOpenCaseOf(tx: Tx, accountId: AccountId): Promise<RecoveryCase | null> {
  await lockName(tx.as<unknown>(), `open case of ${accountId}`);
  const found = await findOpenCaseOf(tx, accountId);
  const locked = found && (await lockCase(tx, found.id));
  return locked && (OPEN_STATES as readonly string[]).includes(locked.state) ? locked : null; // it may just have ended
}

export type CasePatch = Partial<
  Pick<
    CaseRow,
    | "account_id"
    | "claimed_name"
    | "claimed_name_folded"
    | "contact_confirmed_at"
    | "policy_version"
    | "approvals_needed"
    | "wait_started_at"
    | "wait_ends_at"
    | "midway_told_at"
    | "release_told_at"
    | "expires_at"
    | "reminders"
    | "ended_because"
    | "objected_at"
  >
> & { readonly decision?: Decision };

const patched = ({ decision, ...patch }: CasePatch) => ({
  ...(patch.expires_at === undefined ? {} : { reminders: 0 }), // a new date is reminded of from the beginning
  ...patch,
  ...(decision === undefined ? {} : { decision: sql<Decision>`${JSON.stringify(decision)}::jsonb` }),
});

/** from → to, if the case is still in `from`. @returns false where it has changed meanwhile */
export async function advanceCase(
  tx: Tx,
  id: CaseId,
  from: CaseState,
  to: CaseState,
  patch: CasePatch,
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("recovery_cases")
    .set({ ...patched(patch), state: to, state_since: tx.now })
    .where("id", "=", id)
    .where("state", "=", from)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Gives a case to somebody of the desk, or to nobody, where it is still whose it was. @returns whether it was */
export async function setAssigned(
  tx: Tx,
  id: CaseId,
  change: { readonly from: AccountId | null; readonly to: AccountId | null },
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("recovery_cases")
    .set({ assigned_to: change.to, assigned_at: change.to === null ? null : tx.now })
    .where("id", "=", id)
    .where("assigned_to", "is not distinct from", change.from)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Cases by their numbers, in the order of their ids, each locked until the transaction ends. */
export async function lockCasesByNumber(tx: Tx, numbers: readonly string[]): Promise<readonly RecoveryCase[]> {
  if (numbers.length === 0) return [];
  const rows = await own(tx)
    .selectFrom("recovery_cases")
    .selectAll()
    .where("number", "in", [...numbers])
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map(toCase);
}

export async function updateCase(tx: Tx, id: CaseId, patch: CasePatch): Promise<void> {
  await own(tx).updateTable("recovery_cases").set(patched(patch)).where("id", "=", id).execute();
}

/** Ids of cases whose wait is over. */
export async function listWaitsOver(reader: Reader, now: Date, limit: number): Promise<readonly CaseId[]> {
  const rows = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("state", "=", "waiting")
    .where("wait_ends_at", "<=", now)
    .orderBy("wait_ends_at")
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Ids of waiting cases whose notice midway, or shortly before release, has not gone out yet but should have. */
export async function listNoticesDue(reader: Reader, now: Date, limit: number): Promise<readonly CaseId[]> {
  const rows = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("state", "=", "waiting")
    .where((is) =>
      is.or([
        is.and([
          is("midway_told_at", "is", null),
          sql<boolean>`wait_started_at + (wait_ends_at - wait_started_at) / 2 <= ${now}`,
        ]),
        is.and([
          is("release_told_at", "is", null),
          sql<boolean>`wait_ends_at - (wait_ends_at - wait_started_at) / 10 <= ${now}`,
        ]),
      ]),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Ids of cases nobody has moved for too long. */
export async function listExpired(reader: Reader, now: Date, limit: number): Promise<readonly CaseId[]> {
  const rows = await own(reader)
    .selectFrom("recovery_cases")
    .select("id")
    .where("state", "in", ["unconfirmed", "collecting", "information-requested", "ready"])
    .where("expires_at", "<=", now)
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** Cases that wait for their claimant and whose claimant should be reminded by now, those that close first. */
export async function listToRemind(reader: Reader, now: Date, limit: number): Promise<readonly CaseId[]> {
  const [first, second] = REMIND_AT;
  const { rows } = await sql<{ id: CaseId }>`
    select id from recovery_cases
    where state in ('collecting', 'information-requested', 'ready') and contact_confirmed_at is not null
      and expires_at > ${now} and (
        (reminders = 0 and expires_at - (expires_at - state_since) * ${first}::float8 <= ${now})
        or (reminders = 1 and expires_at - (expires_at - state_since) * ${second}::float8 <= ${now}))
    order by expires_at limit ${limit}`.execute(own(reader));
  return rows.map((row) => row.id);
}

const toCase = (row: CaseRow): RecoveryCase => ({
  id: row.id,
  number: row.number,
  state: row.state,
  origin: row.origin,
  cause: row.cause,
  accountId: row.account_id,
  claimedName: row.claimed_name,
  contactAddress: row.contact_address,
  contactConfirmedAt: row.contact_confirmed_at,
  openedAt: row.opened_at,
  openedFrom: { ip: row.opened_from_ip, userAgent: row.opened_from_agent },
  stateSince: row.state_since,
  decision: row.decision,
  policyVersion: row.policy_version,
  approvalsNeeded: row.approvals_needed,
  waitStartedAt: row.wait_started_at,
  waitEndsAt: row.wait_ends_at,
  midwayToldAt: row.midway_told_at,
  releaseToldAt: row.release_told_at,
  expiresAt: row.expires_at,
  reminders: row.reminders,
  endedBecause: row.ended_because,
  objectedAt: row.objected_at,
  assignedTo: row.assigned_to,
});
