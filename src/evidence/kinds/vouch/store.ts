import { type Kysely, sql } from "kysely";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { AccountId, CaseId, VouchId } from "../../../kernel/ids.ts";

/** What somebody is asked for: to vouch, or as a recovery contact to hand a code on. */
export type AskedFor = "vouch" | "recovery-contact";
export type Answer = "vouched" | "gave-code" | "declined" | "not-them";
/** How they spoke with whom they speak for. A message is not among them: whoever holds an account can write one. */
export const SPOKE_BY = ["in-person", "video", "telephone"] as const;
export type SpokeBy = (typeof SPOKE_BY)[number];

/** Somebody asked to speak for a claimant. */
export interface Vouch {
  readonly id: VouchId;
  readonly kind: AskedFor;
  readonly caseId: CaseId;
  /** For whom. */
  readonly accountId: AccountId;
  /** Who is asked. */
  readonly personId: AccountId;
  readonly askedAt: Date;
  readonly expiresAt: Date;
  readonly answeredAt: Date | null;
  readonly answer: Answer | null;
  readonly spokeBy: SpokeBy | null;
}

interface VouchTables {
  vouches: {
    id: VouchId;
    kind: AskedFor;
    case_id: CaseId;
    account_id: AccountId;
    person_id: AccountId;
    asked_at: Date;
    expires_at: Date;
    answered_at: Date | null;
    answer: Answer | null;
    spoke_by: SpokeBy | null;
  };
}

const own = (reader: Reader): Kysely<VouchTables> => reader.as<VouchTables>();

const toVouch = (row: VouchTables["vouches"]): Vouch => ({
  id: row.id,
  kind: row.kind,
  caseId: row.case_id,
  accountId: row.account_id,
  personId: row.person_id,
  askedAt: row.asked_at,
  expiresAt: row.expires_at,
  answeredAt: row.answered_at,
  answer: row.answer,
  spokeBy: row.spoke_by,
});

/** @returns false where they are asked in that case already */
export async function insertVouch(
  tx: Tx,
  row: Pick<Vouch, "id" | "kind" | "caseId" | "accountId" | "personId" | "expiresAt">,
): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("vouches")
    .values({
      id: row.id,
      kind: row.kind,
      case_id: row.caseId,
      account_id: row.accountId,
      person_id: row.personId,
      asked_at: tx.now,
      expires_at: row.expiresAt,
      answered_at: null,
      answer: null,
      spoke_by: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

/** Notes an answer. A code may be asked for again by who gave one before. @returns null where it is too late, or not theirs */
export async function setAnswered(
  tx: Tx,
  which: { readonly id: VouchId; readonly personId: AccountId },
  answer: Answer,
  spokeBy: SpokeBy | null,
): Promise<Vouch | null> {
  const row = await own(tx)
    .updateTable("vouches")
    .set({ answered_at: tx.now, answer, spoke_by: spokeBy })
    .where("id", "=", which.id)
    .where("person_id", "=", which.personId)
    .where("expires_at", ">", tx.now)
    .where((is) => is.or([is("answered_at", "is", null), is("answer", "=", "gave-code")]))
    .returningAll()
    .executeTakeFirst();
  return row ? toVouch(row) : null;
}

/** What a person was asked, the newest first; at most 100. */
export async function listVouchesOf(reader: Reader, personId: AccountId): Promise<readonly Vouch[]> {
  const rows = await own(reader)
    .selectFrom("vouches")
    .selectAll()
    .where("person_id", "=", personId)
    .orderBy("id", "desc")
    .limit(100)
    .execute();
  return rows.map(toVouch);
}

/** One that a person was asked; null where it is somebody else's. */
export async function findVouch(reader: Reader, id: VouchId, personId: AccountId): Promise<Vouch | null> {
  const row = await own(reader)
    .selectFrom("vouches")
    .selectAll()
    .where("id", "=", id)
    .where("person_id", "=", personId)
    .executeTakeFirst();
  return row ? toVouch(row) : null;
}

/** How often each person was asked about an account since a moment, in any case. */
export async function countAsked(
  reader: Reader,
  accountId: AccountId,
  since: Date,
): Promise<ReadonlyMap<AccountId, number>> {
  const rows = await own(reader)
    .selectFrom("vouches")
    .select(["person_id", (is) => is.fn.countAll<bigint>().as("count")])
    .where("account_id", "=", accountId)
    .where("asked_at", ">", since)
    .groupBy("person_id")
    .execute();
  return new Map(rows.map((row) => [row.person_id, Number(row.count)]));
}

/** Who was asked in a case. */
export async function listAskedIn(reader: Reader, caseId: CaseId, kind: AskedFor): Promise<readonly Vouch[]> {
  const rows = await own(reader)
    .selectFrom("vouches")
    .selectAll()
    .where("case_id", "=", caseId)
    .where("kind", "=", kind)
    .orderBy("id")
    .execute();
  return rows.map(toVouch);
}

/** How vouches hang together around a person and whom they speak for. */
export interface Ties {
  /** How many vouches lead from who is spoken for back to who speaks: 1 where each spoke for the other. Null for none. */
  readonly circle: number | null;
  /** When the person themselves was last spoken for. */
  readonly spokenForAt: Date | null;
  /** Other accounts the person spoke for. */
  readonly others: number;
}

const LONGEST_CIRCLE = 4;

/** Looks at vouches given since a moment, but for those in this case. */
export async function selectTies(
  reader: Reader,
  pair: { readonly accountId: AccountId; readonly personId: AccountId; readonly caseId: CaseId },
  since: Date,
): Promise<Ties> {
  const { accountId, personId, caseId } = pair;
  const { rows } = await sql<{ circle: number | null; spoken_for_at: Date | null; others: bigint }>`
    with recursive given as (
      select person_id, account_id, answered_at from vouches
      where answer = 'vouched' and answered_at > ${since} and case_id <> ${caseId}
    ), chain (person, length) as (
      select account_id, 1 from given where person_id = ${accountId}
      union
      select g.account_id, c.length + 1 from given g join chain c on g.person_id = c.person
      where c.length < ${LONGEST_CIRCLE}
    )
    select (select min(length) from chain where person = ${personId}) as circle,
           (select max(answered_at) from given where account_id = ${personId}) as spoken_for_at,
           (select count(distinct account_id) from given where person_id = ${personId} and account_id <> ${accountId}) as others`.execute(
    own(reader),
  );
  const row = rows[0];
  return {
    circle: row?.circle ?? null,
    spokenForAt: row?.spoken_for_at ?? null,
    others: Number(row?.others ?? 0),
  };
}

/** What a person was asked, for their export: about whom, by id, when, and what they answered. */
export const vouchData = (reader: Reader, personId: AccountId) =>
  own(reader)
    .selectFrom("vouches")
    .select(["kind", "asked_at as askedAt", "answered_at as answeredAt", "answer", "spoke_by as spokeBy"])
    .where("person_id", "=", personId)
    .orderBy("id")
    .execute();

/** Deletes what an account was asked, and what was asked about it. */
export async function eraseVouches(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .deleteFrom("vouches")
    .where((is) => is.or([is("person_id", "=", accountId), is("account_id", "=", accountId)]))
    .execute();
}
