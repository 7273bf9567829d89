import { sql } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import type { ChainedRow } from "./chain.ts";
import type { AuditActor, AuditFacts, PersonalFacts, StoredAuditEvent } from "./types.ts";

interface AuditTables {
  audit_events: {
    seq: bigint;
    at: Date;
    act: string;
    actor_kind: AuditActor["kind"];
    actor_id: string | null;
    account_id: AccountId | null;
    case_id: CaseId | null;
    facts: AuditFacts;
    personal: PersonalFacts | null;
    personal_salt: Buffer;
    personal_commitment: Buffer;
    previous_hash: Buffer;
    hash: Buffer;
  };
}

export interface LinkedRow extends ChainedRow {
  readonly facts: AuditFacts;
  readonly personal: PersonalFacts | null;
  readonly personalSalt: Buffer;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

export async function lastLink(reader: Reader): Promise<{ seq: bigint; hash: Buffer } | null> {
  const row = await reader
    .as<AuditTables>()
    .selectFrom("audit_events")
    .select(["seq", "hash"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row ?? null;
}

export async function insertEvents(tx: Tx, rows: readonly LinkedRow[]): Promise<void> {
  await tx
    .as<AuditTables>()
    .insertInto("audit_events")
    .values(
      rows.map((row) => ({
        seq: row.seq,
        at: row.at,
        act: row.act,
        actor_kind: row.actorKind as AuditActor["kind"],
        actor_id: row.actorId,
        account_id: row.accountId as AccountId | null,
        case_id: row.caseId as CaseId | null,
        facts: sql<AuditFacts>`${JSON.stringify(row.facts)}::jsonb`,
        personal: row.personal === null ? null : sql<PersonalFacts>`${JSON.stringify(row.personal)}::jsonb`,
        personal_salt: row.personalSalt,
        personal_commitment: row.personalCommitment,
        previous_hash: row.previousHash,
        hash: row.hash,
      })),
    )
    .execute();
}

/** Rows after `seq`, in order, at most `limit`: the log is read in pages, never at once. */
export async function listLinks(reader: Reader, after: bigint, limit: number): Promise<readonly LinkedRow[]> {
  const rows = await reader
    .as<AuditTables>()
    .selectFrom("audit_events")
    .selectAll()
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    ...toEvent(row),
    personalSalt: row.personal_salt,
    personalCommitment: row.personal_commitment,
    previousHash: row.previous_hash,
    hash: row.hash,
  }));
}

export interface EventFilter {
  readonly accountId?: AccountId;
  readonly caseId?: CaseId;
  readonly before?: bigint;
  /** Only these acts. */
  readonly acts?: readonly string[];
  readonly limit: number;
}

/** Events about one account or case, newest first. */
export async function listEvents(reader: Reader, filter: EventFilter): Promise<readonly StoredAuditEvent[]> {
  let query = reader.as<AuditTables>().selectFrom("audit_events").selectAll();
  if (filter.accountId !== undefined) query = query.where("account_id", "=", filter.accountId);
  if (filter.caseId !== undefined) query = query.where("case_id", "=", filter.caseId);
  if (filter.acts !== undefined) query = query.where("act", "in", [...filter.acts]);
  if (filter.before !== undefined) query = query.where("seq", "<", filter.before);
  const rows = await query.orderBy("seq", "desc").limit(filter.limit).execute();
  return rows.map(toEvent);
}

/** Accounts on which one of these acts was noted after a moment, with personal data. */
export async function listAccountsActedOn(
  reader: Reader,
  { acts, since }: { readonly acts: readonly string[]; readonly since: Date },
): Promise<readonly AccountId[]> {
  const rows = await reader
    .as<AuditTables>()
    .selectFrom("audit_events")
    .select("account_id")
    .distinct()
    .where("personal", "is not", null) // by the index that is there for the erasure
    .where("at", ">", since)
    .where("act", "in", [...acts])
    .where("account_id", "is not", null)
    .execute();
  return rows.flatMap((row) => row.account_id ?? []);
}

/** One event about an account; another account's is not there. */
export async function findEvent(reader: Reader, accountId: AccountId, seq: bigint): Promise<StoredAuditEvent | null> {
  const row = await reader
    .as<AuditTables>()
    .selectFrom("audit_events")
    .selectAll()
    .where("seq", "=", seq)
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return row ? toEvent(row) : null;
}

/** Erases personal data and salts of the oldest events before a moment, at most `limit` of them. Returns how many. */
export async function erasePersonal(tx: Tx, before: Date, limit: number): Promise<number> {
  const own = tx.as<AuditTables>();
  const result = await own
    .updateTable("audit_events")
    .set({ personal: null, personal_salt: Buffer.alloc(0) })
    .where("seq", "in", (is) =>
      is
        .selectFrom("audit_events")
        .select("seq")
        .where("personal", "is not", null)
        .where("at", "<", before)
        .orderBy("at")
        .limit(limit),
    )
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

const toEvent = (row: AuditTables["audit_events"]): StoredAuditEvent => ({
  seq: row.seq,
  at: row.at,
  act: row.act,
  actorKind: row.actor_kind,
  actorId: row.actor_id,
  accountId: row.account_id,
  caseId: row.case_id,
  facts: row.facts,
  personal: row.personal,
});
