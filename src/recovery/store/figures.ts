import { type Kysely, sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { Cause } from "../types.ts";

/** How many cases came to what in one month (UTC). Cases whose contact address was never confirmed are in none of it. */
export interface MonthFigures {
  /** `2026-11` */
  readonly month: string;
  /** Null: of all causes together. */
  readonly cause: Cause | null;
  /** Opened in the month; everything else is counted in the month in which it ended. */
  readonly opened: number;
  readonly restored: number;
  /** Of the restored: decided by the policy alone, without anybody's approval. */
  readonly withoutPeople: number;
  readonly refused: number;
  readonly withdrawn: number;
  readonly expired: number;
  /** Cases that somebody objected to in the month. */
  readonly objected: number;
  /** Restored after a refusal: an appeal that was right. */
  readonly reversed: number;
  /** Days from opening to access, of the restored: the middle one, and the one that nine in ten do not exceed. */
  readonly medianDays: number | null;
  readonly ninthDays: number | null;
}

interface FigureTables {
  recovery_figures: {
    month: string;
    cause: Cause | "";
    opened: number;
    restored: number;
    without_people: number;
    refused: number;
    withdrawn: number;
    expired: number;
    objected: number;
    reversed: number;
    median_days: number | null;
    ninth_days: number | null;
    made_at: Date;
  };
}
const own = (reader: Reader): Kysely<FigureTables> => reader.as<FigureTables>();

/** Counts everything since the first of a month anew, in place of what was counted before. */
export async function replaceFigures(tx: Tx, since: Date): Promise<void> {
  await own(tx).deleteFrom("recovery_figures").execute();
  await sql`
    with events as (
      select 'opened' as what, opened_at as at, cause, null::double precision as days, false as by_people, false as was_refused
      from recovery_cases where contact_confirmed_at is not null and opened_at >= ${since}
      union all
      select 'objected', objected_at, cause, null, false, false
      from recovery_cases where contact_confirmed_at is not null and objected_at >= ${since}
      union all
      select state, state_since, cause, extract(epoch from state_since - opened_at) / 86400,
        state = 'restored' and exists (select 1 from recovery_reviews r where r.case_id = c.id and r.verdict = 'approve'),
        state = 'restored' and exists (select 1 from recovery_reviews r where r.case_id = c.id and r.verdict = 'refuse')
      from recovery_cases c
      where contact_confirmed_at is not null and state in ('restored', 'refused', 'withdrawn', 'expired') and state_since >= ${since}
    )
    insert into recovery_figures (month, cause, opened, restored, without_people, refused, withdrawn, expired, objected, reversed,
      median_days, ninth_days, made_at)
    select date_trunc('month', at)::date, coalesce(cause, ''),
      count(*) filter (where what = 'opened'), count(*) filter (where what = 'restored'),
      count(*) filter (where what = 'restored' and not by_people), count(*) filter (where what = 'refused'),
      count(*) filter (where what = 'withdrawn'), count(*) filter (where what = 'expired'),
      count(*) filter (where what = 'objected'), count(*) filter (where was_refused),
      percentile_cont(0.5) within group (order by days) filter (where what = 'restored'),
      percentile_cont(0.9) within group (order by days) filter (where what = 'restored'),
      ${tx.now}::timestamptz
    from events group by grouping sets ((date_trunc('month', at)), (date_trunc('month', at), cause))`.execute(
    tx.as<object>(),
  );
}

/** The figures, the oldest month first, and when they were made; null where they never were. */
export async function listFigures(
  reader: Reader,
): Promise<{ readonly months: readonly MonthFigures[]; readonly madeAt: Date | null }> {
  const rows = await own(reader)
    .selectFrom("recovery_figures")
    .selectAll()
    .select(sql<string>`to_char(month, 'YYYY-MM')`.as("label"))
    .orderBy("month")
    .orderBy("cause")
    .execute();
  const months = rows.map((row) => ({
    month: row.label,
    cause: row.cause === "" ? null : row.cause,
    opened: row.opened,
    restored: row.restored,
    withoutPeople: row.without_people,
    refused: row.refused,
    withdrawn: row.withdrawn,
    expired: row.expired,
    objected: row.objected,
    reversed: row.reversed,
    medianDays: row.median_days,
    ninthDays: row.ninth_days,
  }));
  return { months, madeAt: rows[0]?.made_at ?? null };
}
