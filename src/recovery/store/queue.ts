import { type RawBuilder, sql } from "kysely";
import type { Reader } from "../../kernel/db/database.ts";
import type { AccountId, CaseId } from "../../kernel/ids.ts";
import type { CaseState } from "../lifecycle.ts";
import type { Cause, QueuedCase } from "../types.ts";

/*
 * The desk's queue. Every order and filter has an index that ends in the order it is read in, so a page costs what it
 * shows, whether there are a thousand cases or a million; numbers stop being counted at a bound.
 */

/** In which order a lane is worked off: who waits longest, whose wait ends first, or what ended last. */
export type QueueOrder = "longest-first" | "ends-first" | "newest-first";

export interface QueueFilter {
  readonly states: readonly CaseState[];
  readonly order: QueueOrder;
  readonly tier?: number | undefined;
  readonly cause?: Cause | undefined;
  /** Who works on it; null for cases that nobody has taken. */
  readonly assignedTo?: AccountId | null | undefined;
  /** Where the page before ended, as it was given with it. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface QueuePage {
  readonly cases: readonly QueuedCase[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
}

interface QueueRow {
  readonly id: CaseId;
  readonly number: string;
  readonly state: CaseState;
  readonly cause: Cause;
  readonly origin: QueuedCase["origin"];
  readonly account_id: AccountId | null;
  readonly claimed_name: string;
  readonly tier: number | null;
  readonly route: QueuedCase["route"];
  readonly assigned_to: AccountId | null;
  readonly opened_at: Date;
  readonly state_since: Date;
  readonly wait_ends_at: Date | null;
  readonly expires_at: Date;
  /** With the microseconds a date of ours does not have. */
  readonly place: string;
}

const COLUMNS = sql.raw(
  "id, number, state, cause, origin, account_id, claimed_name, tier, route, assigned_to, opened_at, state_since, wait_ends_at, expires_at",
);

const ORDERS = {
  "longest-first": { column: "state_since", direction: "asc", beyond: ">" },
  "ends-first": { column: "wait_ends_at", direction: "asc", beyond: ">" },
  "newest-first": { column: "state_since", direction: "desc", beyond: "<" },
} as const satisfies Record<
  QueueOrder,
  { readonly column: string; readonly direction: string; readonly beyond: string }
>;

const PLACE = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00)~(case_[0-9a-z]{26})$/;

/** Whether untrusted text has the shape of the place where a page ended. */
export const isQueuePlace = (text: string): boolean => PLACE.test(text);

/** One page of the queue. Reads each state by its own index and puts the heads together. */
export async function listQueue(reader: Reader, filter: QueueFilter): Promise<QueuePage> {
  const { column, direction, beyond } = ORDERS[filter.order];
  const [, at, id] = PLACE.exec(filter.after ?? "") ?? [];
  const key = sql.raw(column);
  const order = sql.raw(`${column} ${direction}, id ${direction}`);
  const conditions: readonly (RawBuilder<unknown> | null)[] = [
    filter.tier === undefined ? null : sql`tier = ${filter.tier}`,
    filter.cause === undefined ? null : sql`cause = ${filter.cause}`,
    filter.assignedTo === undefined
      ? null
      : filter.assignedTo === null
        ? sql`assigned_to is null`
        : sql`assigned_to = ${filter.assignedTo}`,
    at === undefined ? null : sql`(${key}, id) ${sql.raw(beyond)} (${at}::timestamptz, ${id})`,
  ];
  const kept = conditions.filter((one) => one !== null);
  // One more than asked for tells whether there is a next page.
  const most = filter.limit + 1;
  const heads = filter.states.map(
    (state) =>
      // The one state that runs by the clock is named as its index names it.
      sql`(select ${COLUMNS}, ${key}::text as place from recovery_cases
        where ${sql.join([state === "waiting" ? sql`state = 'waiting'` : sql`state = ${state}`, ...kept], sql` and `)}
        order by ${order} limit ${most})`,
  );
  const { rows } = await sql<QueueRow>`
    select * from (${sql.join(heads, sql` union all `)}) heads order by ${order} limit ${most}`.execute(
    reader.as<object>(),
  );
  const shown = rows.slice(0, filter.limit);
  const last = shown.at(-1);
  return { cases: shown.map(toQueued), next: rows.length > shown.length && last ? `${last.place}~${last.id}` : null };
}

/**
 * How many cases are in some states, counted up to `COUNTED`, how many of them since before a moment, and since when the
 * oldest is.
 */
export async function countWaiting(
  reader: Reader,
  states: readonly CaseState[],
  before: Date,
): Promise<{ readonly waiting: number; readonly overdue: number; readonly oldest: Date | null }> {
  const { rows } = await sql<{ waiting: string; overdue: string; oldest: Date | null }>`
    select count(*) as waiting, count(*) filter (where state_since < ${before}) as overdue, min(state_since) as oldest
    from (select state_since from recovery_cases where state = any (${[...states]}) order by state_since limit ${COUNTED}) oldest`.execute(
    reader.as<object>(),
  );
  const [row] = rows;
  return { waiting: Number(row?.waiting ?? 0), overdue: Number(row?.overdue ?? 0), oldest: row?.oldest ?? null };
}

/** As far as cases are counted: beyond it, "more than". */
export const COUNTED = 1000;

/** How many cases are in each of some states, counted up to `COUNTED` and one. */
export async function countByState(
  reader: Reader,
  states: readonly CaseState[],
): Promise<ReadonlyMap<CaseState, number>> {
  const { rows } = await sql<{ readonly state: CaseState; readonly total: bigint }>`
    select asked.state, (select count(*) from (
      select 1 from recovery_cases one where one.state = asked.state limit ${COUNTED + 1}
    ) counted) as total
    from unnest(${[...states]}::text[]) asked (state)`.execute(reader.as<object>());
  return new Map(rows.map(({ state, total }) => [state, Number(total)]));
}

/** What a search goes by; each may be absent. */
export interface CaseSearch {
  /** The beginning of a case number, in its printed form. */
  readonly number?: string | undefined;
  /** The beginning of a claimed username, folded. */
  readonly name?: string | undefined;
  /** A whole contact address, folded. */
  readonly contact?: string | undefined;
  readonly accountIds?: readonly AccountId[] | undefined;
}

/** More than this are not looked for: whoever searches types a little more. */
export const MOST_FOUND = 500;
/** Above everything that begins with a prefix, byte by byte. */
const LAST = "\u{10ffff}";

const beginsWith = (column: string, prefix: string): RawBuilder<unknown> => {
  const name = sql.raw(column);
  // Bounds and not a pattern: with a pattern as a parameter no index is used.
  return sql`(select id from recovery_cases where ${name} ~>=~ ${prefix} and ${name} ~<~ ${prefix + LAST}
    order by ${name} using ~<~ limit ${MOST_FOUND})`;
};

/** Cases in any state by what is known of them: open ones first, each the newest first. */
export async function searchCases(
  reader: Reader,
  search: CaseSearch,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ readonly cases: readonly QueuedCase[]; readonly total: number }> {
  const ways = [
    search.number ? beginsWith("number", search.number) : null,
    search.name ? beginsWith("claimed_name_folded", search.name) : null,
    search.contact
      ? sql`(select id from recovery_cases where contact_folded = ${search.contact} limit ${MOST_FOUND})`
      : null,
    search.accountIds && search.accountIds.length > 0
      ? sql`(select id from recovery_cases where account_id = any(${[...search.accountIds]}::text[])
          order by opened_at desc limit ${MOST_FOUND})`
      : null,
  ].filter((way) => way !== null);
  if (ways.length === 0) return { cases: [], total: 0 };
  const { rows } = await sql<QueueRow & { readonly total: bigint }>`
    with found as (${sql.join(ways, sql` union `)})
    select ${COLUMNS}, '' as place, count(*) over () as total from recovery_cases join found using (id)
    order by state in ('restored', 'reversed', 'refused', 'withdrawn', 'expired'), state_since desc, id desc
    limit ${limit} offset ${offset}`.execute(reader.as<object>());
  return { cases: rows.map(toQueued), total: Number(rows[0]?.total ?? 0) };
}

const toQueued = (row: QueueRow): QueuedCase => ({
  id: row.id,
  number: row.number,
  state: row.state,
  cause: row.cause,
  origin: row.origin,
  accountId: row.account_id,
  claimedName: row.claimed_name,
  tier: row.tier,
  route: row.route,
  assignedTo: row.assigned_to,
  openedAt: row.opened_at,
  stateSince: row.state_since,
  waitEndsAt: row.wait_ends_at,
  expiresAt: row.expires_at,
});
