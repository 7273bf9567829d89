import ipaddr from "ipaddr.js";
import { sql } from "kysely";
import type { Database, Reader } from "../kernel/db/database.ts";
import { defineRefusals } from "../kernel/refusal.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";

export const throttleRefusals = defineRefusals("throttle", {
  "too-many": { status: 429, title: "Too many attempts. Please wait a little before the next one." },
});

export interface AttemptLimit {
  /** What is counted, without personal data: `sign-in:<digest of the network>`. */
  readonly bucket: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/**
 * Counts one attempt, committed at once and before anything is checked, and refuses it when the window already held
 * `limit`. Returns how many the window holds now.
 */
export async function countAttempt(db: Database, attempt: AttemptLimit, now: Date): Promise<Result<number>> {
  const windowStart = new Date(now.getTime() - attempt.windowSeconds * 1000);
  const { rows } = await sql<{ attempts: number; window_started_at: Date }>`
    insert into throttle_counters as counter (bucket, attempts, window_started_at, last_attempt_at)
    values (${attempt.bucket}, 1, ${now}, ${now})
    on conflict (bucket) do update set
      attempts = case when counter.window_started_at <= ${windowStart} then 1 else counter.attempts + 1 end,
      window_started_at = case when counter.window_started_at <= ${windowStart} then ${now} else counter.window_started_at end,
      last_attempt_at = ${now}
    returning attempts, window_started_at`.execute(db.root);
  const row = rows[0];
  if (!row) throw new Error("The attempt counter returned nothing.");
  if (row.attempts <= attempt.limit) return ok(row.attempts);
  const until = row.window_started_at.getTime() + attempt.windowSeconds * 1000;
  return refuse(throttleRefusals["too-many"]({ retryAfterSeconds: Math.max(1, (until - now.getTime()) / 1000) }));
}

/** How many attempts each bucket holds within its window; buckets that hold none are left out. Counts nothing. */
export async function readAttempts(
  db: Database,
  buckets: readonly string[],
  windowSeconds: number,
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const windowStart = new Date(now.getTime() - windowSeconds * 1000);
  const { rows } = await sql<{ bucket: string; attempts: number }>`
    select bucket, attempts from throttle_counters
    where bucket = any (${[...buckets]}) and window_started_at > ${windowStart}`.execute(db.root);
  return new Map(rows.map(({ bucket, attempts }) => [bucket, attempts]));
}

/** Forgets counters that nobody has touched for a day. */
export async function sweepCounters(db: Database, now: Date): Promise<void> {
  const dayAgo = new Date(now.getTime() - 24 * 3600 * 1000);
  await sql`delete from throttle_counters where last_attempt_at < ${dayAgo}`.execute(db.root);
}

/**
 * The network a request comes from, as a bucket name that does not contain it: an IPv4 address, or the /64 an IPv6
 * address is in, since one person has a whole /64.
 */
export function networkBucket(runtime: Runtime, ip: string): string {
  const parsed = ipaddr.isValid(ip) ? ipaddr.process(ip) : null;
  const network =
    parsed === null
      ? "unknown"
      : parsed.kind() === "ipv6"
        ? parsed.toByteArray().slice(0, 8).join(".")
        : parsed.toString();
  return runtime.keys.mac("network-digest", network).subarray(0, 12).toString("base64url");
}

const FREE_FAILURES = 5;
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;

/**
 * Counts one attempt on a name, committed before it is checked, with the same growing wait as an authenticator has
 * (30 s doubling to 1 h after the fifth). It is counted whether or not the name exists, so that the waits tell nothing.
 */
export async function countOnName(db: Database, bucket: string, now: Date): Promise<Result<undefined>> {
  const { rows } = await sql<{ attempts: number }>`
    insert into throttle_counters as counter (bucket, attempts, window_started_at, last_attempt_at)
    values (${bucket}, 1, ${now}, ${now})
    on conflict (bucket) do update set
      attempts = counter.attempts + 1,
      last_attempt_at = ${now},
      blocked_until = case when counter.attempts + 1 < ${FREE_FAILURES} then null
        else ${now}::timestamptz + make_interval(secs => least(
          ${FIRST_WAIT_SECONDS} * power(2, least(counter.attempts + 1 - ${FREE_FAILURES}, 20)), ${LONGEST_WAIT_SECONDS})::float8)
        end
    where counter.blocked_until is null or counter.blocked_until <= ${now}
    returning attempts`.execute(db.root);
  if (rows[0]) return ok();
  const { rows: found } = await sql<{ blocked_until: Date | null }>`
    select blocked_until from throttle_counters where bucket = ${bucket}`.execute(db.root);
  const until = found[0]?.blocked_until ?? now;
  const seconds = Math.max(1, (until.getTime() - now.getTime()) / 1000);
  const wait = seconds < 90 ? `${Math.ceil(seconds)} seconds` : `${Math.ceil(seconds / 60)} minutes`;
  return refuse(throttleRefusals["too-many"]({ retryAfterSeconds: seconds, detail: `Try again in ${wait}.` }));
}

/** After a success the count on a name starts again. */
export async function clearName(reader: Reader, bucket: string): Promise<void> {
  await sql`delete from throttle_counters where bucket = ${bucket}`.execute(reader.as<unknown>());
}

/** A bucket for a name as it was typed, which does not contain the name. */
export const nameBucket = (runtime: Runtime, what: string, typed: string): string =>
  `${what}:${runtime.keys
    .mac("network-digest", `${what}\n${typed.normalize("NFC").trim().toLowerCase()}`)
    .toString("base64url")
    .slice(0, 22)}`;
