import { sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId } from "../../kernel/ids.ts";
import type { Hold } from "../types.ts";
import { own } from "./tables.ts";

export async function insertHold(tx: Tx, hold: Omit<Hold, "placedAt">): Promise<void> {
  await own(tx)
    .insertInto("holds")
    .values({
      id: hold.id,
      account_id: hold.accountId,
      powers: [...hold.powers],
      case_id: hold.caseId,
      placed_at: tx.now,
      until: hold.until,
      because: hold.because,
    })
    .execute();
}

/** Holds that have not ended, the one that ends last first. */
export async function selectActiveHolds(reader: Reader, accountId: AccountId, now: Date): Promise<readonly Hold[]> {
  const rows = await own(reader)
    .selectFrom("holds")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("until", ">", now)
    .orderBy("until", "desc")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    accountId: row.account_id,
    powers: row.powers,
    caseId: row.case_id,
    placedAt: row.placed_at,
    until: row.until,
    because: row.because,
  }));
}

/** Somebody else from whose account nothing can be published for now, with the projects that one owns and they share. */
export interface HoldBeside {
  readonly accountId: AccountId;
  /** When the last such hold ends. */
  readonly until: Date;
  readonly because: string;
  /** Normalised names, in order. */
  readonly projects: readonly string[];
}

/** Holds on publishing of everybody with a right on a project that an account owns, the one that ends last first. */
export async function selectHoldsBeside(
  reader: Reader,
  accountId: AccountId,
  now: Date,
): Promise<readonly HoldBeside[]> {
  // From the projects, not through the view: a join with it would read every right of the index.
  const { rows } = await sql<{ account_id: AccountId; until: Date; because: string; projects: readonly string[] }>`
    with mine as materialized (
      select distinct project_id from project_access where account_id = ${accountId} and role = 'owner'
    ), theirs as (
      select r.project_id, r.account_id from mine join project_roles r on r.project_id = mine.project_id
      union
      select op.project_id, om.account_id
      from mine join organisation_projects op on op.project_id = mine.project_id
      join organisation_members om on om.organisation_id = op.organisation_id
    )
    select h.account_id, max(h.until) as until, (array_agg(h.because order by h.until desc))[1] as because,
           array_agg(distinct p.name_normalized order by p.name_normalized) as projects
    from theirs join holds h on h.account_id = theirs.account_id join projects p on p.id = theirs.project_id
    where theirs.account_id <> ${accountId} and h.until > ${now} and 'publish' = any (h.powers)
    group by h.account_id order by 2 desc, 1`.execute(own(reader));
  return rows.map(({ account_id: id, ...rest }) => ({ accountId: id, ...rest }));
}
