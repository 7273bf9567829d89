import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Decision, Review, Verdict } from "./types.ts";

interface UndoTables {
  undo_reviews: {
    account_id: AccountId;
    turn: bigint;
    since: Date;
    begun_at: Date;
    finished_at: Date | null;
  };
  undo_decisions: { account_id: AccountId; turn: bigint; change: string; verdict: Verdict; decided_at: Date };
}

const own = (reader: Reader): Kysely<UndoTables> => reader.as<UndoTables>();

const toReview = (row: UndoTables["undo_reviews"]): Review => ({
  accountId: row.account_id,
  seq: row.turn,
  since: row.since,
  begunAt: row.begun_at,
  finishedAt: row.finished_at,
});

/** The run that belongs to one giving back of the account. */
export async function findReview(reader: Reader, accountId: AccountId, turn: bigint): Promise<Review | null> {
  const row = await own(reader)
    .selectFrom("undo_reviews")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("turn", "=", turn)
    .executeTakeFirst();
  return row ? toReview(row) : null;
}

/** The same, held until the transaction ends: of two windows one decides after the other. */
export async function lockReview(tx: Tx, accountId: AccountId, turn: bigint): Promise<Review | null> {
  const row = await own(tx)
    .selectFrom("undo_reviews")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("turn", "=", turn)
    .forUpdate()
    .executeTakeFirst();
  return row ? toReview(row) : null;
}

/** Begins a run, or lets it begin at another moment. What was decided stays decided. */
export async function putReview(tx: Tx, accountId: AccountId, turn: bigint, since: Date): Promise<void> {
  await own(tx)
    .insertInto("undo_reviews")
    .values({ account_id: accountId, turn, since, begun_at: tx.now, finished_at: null })
    .onConflict((conflict) => conflict.columns(["account_id", "turn"]).doUpdateSet({ since, finished_at: null }))
    .execute();
}

export async function setFinished(tx: Tx, accountId: AccountId, turn: bigint): Promise<void> {
  await own(tx)
    .updateTable("undo_reviews")
    .set({ finished_at: tx.now })
    .where("account_id", "=", accountId)
    .where("turn", "=", turn)
    .execute();
}

/** What was decided in a run, by the key of the change. */
export async function listDecisions(
  reader: Reader,
  accountId: AccountId,
  turn: bigint,
): Promise<ReadonlyMap<string, Decision>> {
  const rows = await own(reader)
    .selectFrom("undo_decisions")
    .select(["change", "verdict", "decided_at"])
    .where("account_id", "=", accountId)
    .where("turn", "=", turn)
    .execute();
  return new Map(rows.map((row) => [row.change, { verdict: row.verdict, decidedAt: row.decided_at }]));
}

/** Writes a decision down; what was kept may be undone later. The caller holds the run, and what was undone stays so. */
export async function putDecision(
  tx: Tx,
  accountId: AccountId,
  turn: bigint,
  change: string,
  verdict: Verdict,
): Promise<void> {
  const values = { account_id: accountId, turn, change, verdict, decided_at: tx.now };
  await own(tx)
    .insertInto("undo_decisions")
    .values(values)
    .onConflict((conflict) =>
      conflict.columns(["account_id", "turn", "change"]).doUpdateSet({ verdict, decided_at: tx.now }),
    )
    .execute();
}

// For the account's export and its end.

export async function undoData(reader: Reader, accountId: AccountId) {
  const reviews = await own(reader)
    .selectFrom("undo_reviews")
    .select(["turn", "since", "begun_at as begunAt", "finished_at as finishedAt"])
    .where("account_id", "=", accountId)
    .orderBy("turn")
    .execute();
  const decisions = await own(reader)
    .selectFrom("undo_decisions")
    .select(["turn", "change", "verdict", "decided_at as decidedAt"])
    .where("account_id", "=", accountId)
    .orderBy("turn")
    .orderBy("change")
    .execute();
  return {
    reviews: reviews.map((one) => ({ ...one, turn: one.turn.toString() })),
    decisions: decisions.map((one) => ({ ...one, turn: one.turn.toString() })),
  };
}

export async function eraseUndo(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("undo_decisions").where("account_id", "=", accountId).execute();
  await own(tx).deleteFrom("undo_reviews").where("account_id", "=", accountId).execute();
}
