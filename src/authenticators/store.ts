import { type Kysely, sql } from "kysely";
import type { Database, Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, AuthenticatorId } from "../kernel/ids.ts";
import { refuse, ok, type Result } from "../kernel/result.ts";
import { authenticatorRefusals } from "./refusals.ts";
import type { Authenticator, AuthenticatorKind, AuthenticatorState } from "./types.ts";

interface AuthenticatorTables {
  authenticators: {
    id: AuthenticatorId;
    account_id: AccountId;
    kind: AuthenticatorKind;
    name: string;
    state: AuthenticatorState;
    bound_at: Date;
    last_used_at: Date | null;
    consecutive_failures: number;
    blocked_until: Date | null;
    known_failures: number;
    known_blocked_until: Date | null;
    ended_at: Date | null;
    ended_because: string | null;
    detail: Readonly<Record<string, unknown>>;
    sealed: Buffer | null;
  };
}

const own = (reader: Reader): Kysely<AuthenticatorTables> => reader.as<AuthenticatorTables>();

/**
 * Where somebody tries from. Strangers' tries and those from browsers that the account knows are counted apart, so that
 * whoever guesses at a name cannot use up its owner's tries (ASVS 5.0 6.1.1: no malicious lock-out).
 */
export type Lane = "stranger" | "known";

/**
 * SP 800-63B-4 §3.2.2: at most 100 consecutive failures, then the authenticator is disabled. Each lane has its part of
 * them and is closed by itself; the known one then falls in with the strangers. With both closed it must be bound again.
 */
const MOST_FAILURES = { stranger: 80, known: 20 } as const;
/** Failures without any wait; typing mistakes happen. */
const FREE_FAILURES = 5;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;

export async function insertAuthenticator(
  tx: Tx,
  row: {
    readonly id: AuthenticatorId;
    readonly accountId: AccountId;
    readonly kind: AuthenticatorKind;
    readonly name: string;
    readonly state: AuthenticatorState;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly sealed: Buffer | null;
  },
): Promise<void> {
  await own(tx)
    .insertInto("authenticators")
    .values({
      id: row.id,
      account_id: row.accountId,
      kind: row.kind,
      name: row.name,
      state: row.state,
      bound_at: tx.now,
      last_used_at: null,
      consecutive_failures: 0,
      blocked_until: null,
      known_failures: 0,
      known_blocked_until: null,
      ended_at: null,
      ended_because: null,
      detail: row.detail,
      sealed: row.sealed,
    })
    .execute();
}

/** Present authenticators of an account: pending, active and disabled ones. */
export async function listAuthenticators(reader: Reader, accountId: AccountId): Promise<readonly Authenticator[]> {
  const rows = await own(reader)
    .selectFrom("authenticators")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("state", "!=", "revoked")
    .orderBy("id")
    .execute();
  return rows.map(toAuthenticator);
}

/** The newest authenticator of a kind in one of the states. */
export async function findAuthenticator(
  reader: Reader,
  accountId: AccountId,
  kind: AuthenticatorKind,
  states: readonly AuthenticatorState[] = ["active"],
): Promise<Authenticator | null> {
  const row = await own(reader)
    .selectFrom("authenticators")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("kind", "=", kind)
    .where("state", "in", [...states])
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ? toAuthenticator(row) : null;
}

/**
 * Counts an attempt on one authenticator in a lane, committed before anything is verified. Refuses while a wait of the lane
 * is running, and once its failures are used up; one that was only being set up is revoked then, so that setting up can
 * begin anew.
 */
export async function countAuthenticatorAttempt(
  db: Database,
  authenticator: Authenticator,
  now: Date,
  lane: Lane = "stranger",
): Promise<Result<undefined>> {
  const counted = await countInLane(db, authenticator.id, now, lane);
  if (counted === "active" || counted === "pending") return ok();
  const row = await own(db)
    .selectFrom("authenticators")
    .selectAll()
    .where("id", "=", authenticator.id)
    .executeTakeFirst();
  if (row?.state === "disabled") return refuse(authenticatorRefusals.disabled());
  if (!row || row.state === "revoked") return refuse(authenticatorRefusals["not-bound"]());
  const isUsedUp = (lane === "known" ? row.known_failures : row.consecutive_failures) >= MOST_FAILURES[lane];
  if (isUsedUp && lane === "known") return countAuthenticatorAttempt(db, authenticator, now, "stranger");
  if (isUsedUp) return refuse(authenticatorRefusals["closed-elsewhere"]());
  const until = lane === "known" ? row.known_blocked_until : row.blocked_until;
  const seconds = until ? (until.getTime() - now.getTime()) / 1000 : 1;
  return refuse(authenticatorRefusals.wait({ retryAfterSeconds: seconds, detail: waitSentence(seconds) }));
}

/** One statement. @returns the state the attempt was counted in; undefined where it was not */
async function countInLane(
  db: Database,
  id: AuthenticatorId,
  now: Date,
  lane: Lane,
): Promise<AuthenticatorState | undefined> {
  const [failures, blocked] = lane === "known" ? KNOWN_COLUMNS : STRANGER_COLUMNS;
  const { rows } = await sql<{ state: AuthenticatorState }>`
    update authenticators set
      ${failures} = ${failures} + 1,
      ${blocked} = case
        when ${failures} + 1 < ${FREE_FAILURES} then null
        else ${now}::timestamptz + make_interval(secs => least(
          ${FIRST_WAIT_SECONDS} * power(2, least(${failures} + 1 - ${FREE_FAILURES}, 20)), ${LONGEST_WAIT_SECONDS})::float8)
      end
    where id = ${id} and state in ('active', 'pending') and ${failures} < ${MOST_FAILURES[lane]}
      and (${blocked} is null or ${blocked} <= ${now})
    returning state`.execute(db.root);
  if (rows[0]) return rows[0].state;
  // Whoever finds a lane used up closes what is left to close: all of it where both are, and a binding that never ended.
  await sql`
    update authenticators set
      state = case when state = 'pending' then 'revoked' else 'disabled' end,
      ended_at = ${now}, ended_because = 'failures'
    where id = ${id} and state in ('active', 'pending') and consecutive_failures >= ${MOST_FAILURES.stranger}
      and (state = 'pending' or known_failures >= ${MOST_FAILURES.known})`.execute(db.root);
  return undefined;
}

const STRANGER_COLUMNS = [sql.ref("consecutive_failures"), sql.ref("blocked_until")] as const;
const KNOWN_COLUMNS = [sql.ref("known_failures"), sql.ref("known_blocked_until")] as const;

const waitSentence = (seconds: number): string =>
  seconds < 90 ? `Try again in ${Math.ceil(seconds)} seconds.` : `Try again in ${Math.ceil(seconds / 60)} minutes.`;

/**
 * After a success: the counts of failures start again (SP 800-63B-4 §3.2.2), but for a lane that is used up, which stays
 * closed until it is bound anew. Holds the row until the end of the transaction.
 * @returns false where it was revoked or disabled meanwhile
 */
export async function noteSuccess(tx: Tx, id: AuthenticatorId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({
      consecutive_failures: sql<number>`case when consecutive_failures < ${MOST_FAILURES.stranger} then 0 else consecutive_failures end`,
      blocked_until: null,
      known_failures: sql<number>`case when known_failures < ${MOST_FAILURES.known} then 0 else known_failures end`,
      known_blocked_until: null,
      last_used_at: tx.now,
    })
    .where("id", "=", id)
    .where("state", "in", ["active", "pending"])
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** pending → active. @returns false where it was not pending any more: somebody else finished it */
export async function activate(tx: Tx, id: AuthenticatorId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({ state: "active", bound_at: tx.now })
    .where("id", "=", id)
    .where("state", "=", "pending")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Revokes the present authenticators of these kinds. @returns the ids that were revoked */
export async function revokeAuthenticators(
  tx: Tx,
  accountId: AccountId,
  kinds: readonly AuthenticatorKind[],
  because: string,
  except?: AuthenticatorId,
): Promise<readonly AuthenticatorId[]> {
  let update = own(tx)
    .updateTable("authenticators")
    .set({ state: "revoked", ended_at: tx.now, ended_because: because })
    .where("account_id", "=", accountId)
    .where("kind", "in", [...kinds])
    .where("state", "!=", "revoked");
  if (except !== undefined) update = update.where("id", "!=", except);
  const rows = await update.returning("id").execute();
  return rows.map((row) => row.id);
}

/** Revokes one authenticator. @returns false where it is another account's, of another kind, or was revoked before */
export async function revokeOne(
  tx: Tx,
  which: { readonly accountId: AccountId; readonly id: AuthenticatorId; readonly kind: AuthenticatorKind },
  because: string,
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({ state: "revoked", ended_at: tx.now, ended_because: because })
    .where("id", "=", which.id)
    .where("account_id", "=", which.accountId)
    .where("kind", "=", which.kind)
    .where("state", "!=", "revoked")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Gives one authenticator another name. @returns false where it is not there, or another account's */
export async function renameOne(
  tx: Tx,
  which: { readonly accountId: AccountId; readonly id: AuthenticatorId; readonly kind: AuthenticatorKind },
  name: string,
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({ name })
    .where("id", "=", which.id)
    .where("account_id", "=", which.accountId)
    .where("kind", "=", which.kind)
    .where("state", "!=", "revoked")
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Holds the present authenticators of an account until the end of the transaction, and lists them. */
export async function lockAuthenticators(tx: Tx, accountId: AccountId): Promise<readonly Authenticator[]> {
  const rows = await own(tx)
    .selectFrom("authenticators")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("state", "!=", "revoked")
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map(toAuthenticator);
}

/** Replaces what is stored about an authenticator: a stronger hash of the same password. */
export async function updateDetail(
  tx: Tx,
  id: AuthenticatorId,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await own(tx).updateTable("authenticators").set({ detail }).where("id", "=", id).execute();
}

/** Adds to what is stored about an authenticator, or replaces parts of it; the rest stays as it is by then. */
export async function mergeDetail(
  reader: Reader,
  id: AuthenticatorId,
  part: Readonly<Record<string, unknown>>,
): Promise<void> {
  await sql`update authenticators set detail = detail || ${JSON.stringify(part)}::jsonb where id = ${id}`.execute(
    own(reader),
  );
}

const toAuthenticator = (row: AuthenticatorTables["authenticators"]): Authenticator => ({
  id: row.id,
  accountId: row.account_id,
  kind: row.kind,
  name: row.name,
  state: row.state,
  boundAt: row.bound_at,
  lastUsedAt: row.last_used_at,
  consecutiveFailures: row.consecutive_failures,
  detail: row.detail,
  sealed: row.sealed,
});
