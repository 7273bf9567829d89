import { type Kysely, sql, type Transaction } from "kysely";
import type { Result } from "../result.ts";
import type { Database, Reader } from "./database.ts";
import { isStalePlan } from "./prepared.ts";
import { currentDeeds, type Deeds } from "./write-witness.ts";

/** An open transaction: one act. Everything the act changes, its audit event and its mail go through it. */
export interface Tx extends Reader {
  readonly now: Date;
  /** Runs last, inside the transaction, in order of registration: the audit log appends its events here. */
  beforeCommit(hook: () => Promise<void>): void;
  /** Runs after a commit that worked: wake-ups only, since it may be lost with the process. */
  afterCommit(hook: () => void): void;
  /** Says that this act leaves a trace in the audit log. Without it a transaction that wrote is not committed. */
  markAudited(): void;
}

export interface TransactOptions {
  readonly now: Date;
  /**
   * Why this transaction may write without an audit event: bookkeeping that is no act of anybody's (attempt counters,
   * delivery state of mail, last-seen times).
   */
  readonly bookkeeping?: string;
}

/** Thrown inside a transaction to roll it back and still hand the refusal to the caller as a value. */
class Rollback extends Error {
  readonly result: Result<never>;
  constructor(result: Result<never>) {
    super("rolled back");
    this.result = result;
  }
}

const SERIALIZATION_FAILURE = "40001";
const DEADLOCK = "40P01";
const ATTEMPTS = 3;

const isTransient = (error: unknown): boolean => {
  const code = (error as { code?: unknown } | null)?.code; // pg's errors carry the SQLSTATE as `code`
  return code === SERIALIZATION_FAILURE || code === DEADLOCK || isStalePlan(error);
};

/**
 * Runs one act in one transaction (READ COMMITTED). A refusal rolls everything back and is returned; an exception rolls
 * back and is thrown; a deadlock, or a migration under a running act, is tried again, three times in all, so `act` must have no effect outside the database.
 * Throws when the act wrote and neither left an audit event nor was declared bookkeeping, and when a query is made
 * after the end.
 */
export async function transact<T>(
  db: Database,
  options: TransactOptions,
  act: (tx: Tx) => Promise<Result<T>>,
): Promise<Result<T>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(db, options, act);
    } catch (error) {
      if (error instanceof Rollback) return error.result;
      if (!isTransient(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

async function attemptOnce<T>(
  db: Database,
  options: TransactOptions,
  act: (tx: Tx) => Promise<Result<T>>,
): Promise<Result<T>> {
  const deeds: Deeds = { hasWritten: false, hasEnded: false };
  const before: (() => Promise<void>)[] = [];
  const after: (() => void)[] = [];
  let isAudited = false;
  const result = await currentDeeds.run(deeds, () =>
    db.root.transaction().execute(async (trx) => {
      const tx: Tx = {
        now: options.now,
        as: <Tables>() => {
          if (deeds.hasEnded) throw new Error("A transaction was used after its end.");
          return trx as unknown as Kysely<Tables>; // the tables are a type only
        },
        beforeCommit: (hook) => before.push(hook),
        afterCommit: (hook) => after.push(hook),
        markAudited: () => {
          isAudited = true;
        },
      };
      try {
        const outcome = await act(tx);
        if (!outcome.ok) throw new Rollback(outcome);
        for (const hook of before) await hook();
        if (deeds.hasWritten && !isAudited && options.bookkeeping === undefined) {
          throw new Error("A transaction wrote without an audit event.");
        }
        return outcome;
      } finally {
        deeds.hasEnded = true;
      }
    }),
  );
  for (const hook of after) hook();
  return result;
}

/** Serialises the holders of one name until their transactions end. */
export async function lockName(trx: Kysely<unknown> | Transaction<unknown>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx);
}
