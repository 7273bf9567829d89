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
    ended_at: Date | null;
    ended_because: string | null;
    detail: Readonly<Record<string, unknown>>;
    sealed: Buffer | null;
  };
}

const own = (reader: Reader): Kysely<AuthenticatorTables> => reader.as<AuthenticatorTables>();

/** SP 800-63B-4 §3.2.2: at most 100 consecutive failures, then the authenticator is disabled. */
const MOST_FAILURES = 100;
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
 * Counts an attempt on one authenticator, committed before anything is verified. Refuses while a wait is running, and
 * after 100 failures in a row: then the authenticator is disabled, and one that was only being set up is revoked, so that
 * setting up can begin anew.
 */
export async function countAuthenticatorAttempt(
  db: Database,
  authenticator: Authenticator,
  now: Date,
): Promise<Result<undefined>> {
  const { rows } = await sql<{ state: AuthenticatorState }>`
    update authenticators set
      consecutive_failures = consecutive_failures + 1,
      blocked_until = case
        when consecutive_failures + 1 < ${FREE_FAILURES} then null
        else ${now}::timestamptz + make_interval(secs => least(
          ${FIRST_WAIT_SECONDS} * power(2, least(consecutive_failures + 1 - ${FREE_FAILURES}, 20)), ${LONGEST_WAIT_SECONDS})::float8)
      end,
      state = case
        when consecutive_failures < ${MOST_FAILURES} then state
        when state = 'pending' then 'revoked'
        else 'disabled'
      end,
      ended_at = case when consecutive_failures >= ${MOST_FAILURES} then ${now}::timestamptz else ended_at end,
      ended_because = case when consecutive_failures >= ${MOST_FAILURES} then 'failures' else ended_because end
    where id = ${authenticator.id} and state in ('active', 'pending')
      and (blocked_until is null or blocked_until <= ${now})
    returning state`.execute(db.root);
  const counted = rows[0]?.state;
  if (counted === "active" || counted === "pending") return ok();
  const row = await own(db)
    .selectFrom("authenticators")
    .selectAll()
    .where("id", "=", authenticator.id)
    .executeTakeFirst();
  if (row?.state === "disabled") return refuse(authenticatorRefusals.disabled());
  if (!row || row.state === "revoked") return refuse(authenticatorRefusals["not-bound"]());
  const seconds = row.blocked_until ? (row.blocked_until.getTime() - now.getTime()) / 1000 : 1;
  return refuse(authenticatorRefusals.wait({ retryAfterSeconds: seconds, detail: waitSentence(seconds) }));
}

const waitSentence = (seconds: number): string =>
  seconds < 90 ? `Try again in ${Math.ceil(seconds)} seconds.` : `Try again in ${Math.ceil(seconds / 60)} minutes.`;

/**
 * After a success: the count of failures starts again (SP 800-63B-4 §3.2.2). Holds the row until the end of the
 * transaction. @returns false where it was revoked or disabled meanwhile
 */
export async function noteSuccess(tx: Tx, id: AuthenticatorId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("authenticators")
    .set({ consecutive_failures: 0, blocked_until: null, last_used_at: tx.now })
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
