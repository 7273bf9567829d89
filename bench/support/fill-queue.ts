import pg from "pg";

/*
 * Recovery cases by the hundred thousand, written by SQL, spread over their states as years of work leave them: nearly all
 * of them ended.
 */

/** A Crockford number for people from a count, so that every case has another one. */
const NUMBER = `'LK-' || substr(code, 1, 4) || '-' || substr(code, 5, 4)`;
const CODE = `(select string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + ((n::bigint * 2654435761 % 1099511627776) >> (5 * at) & 31)::int, 1), '') from generate_series(0, 7) at)`;
const NAME = "translate(substr(md5('name' || n), 1, 20), '0123456789abcdef', 'abcdefghjkmnopqs')";

const CASES = `
  insert into recovery_cases (id, number, state, origin, cause, account_id, claimed_name, claimed_name_folded, contact_address,
    contact_folded, contact_confirmed_at, opened_at, opened_from_ip, opened_from_agent, state_since, decision, policy_version,
    wait_started_at, wait_ends_at, expires_at, ended_because, story, assigned_to)
  select 'case_' || lpad(to_hex(n), 26, '0'), ${NUMBER}, state, 'form',
    (array['second-factor', 'recovery-codes', 'mailbox', 'password', 'other'])[1 + n % 5],
    'acc_' || lpad(to_hex(n), 10, '0') || substr(md5('acc' || n), 1, 16), name, name, name || '@elsewhere.example',
    name || '@elsewhere.example', opened, opened, '192.0.2.' || n % 256, 'bench', opened + interval '1 hour',
    jsonb_build_object('tier', n % 4, 'route', 'one-reviewer', 'reasons', '[]'::jsonb), 'bench', opened, opened + interval '7 days',
    opened + interval '30 days', null, '', case when n % 3 = 0 then $3 end
  from generate_series($1::int, $2::int) n,
    lateral (select ${CODE} as code, ${NAME} as name, now() - n * interval '2 minutes' as opened,
      case when n % 1000 < 2 then 'contested' when n % 1000 < 7 then 'review' when n % 1000 < 17 then 'collecting'
        when n % 1000 < 20 then 'waiting' when n % 1000 < 700 then 'restored' when n % 1000 < 850 then 'expired'
        else 'refused' end as state) made`;

/** Adds cases number `from` to `to`, a third of them taken by one person of the desk. @returns seconds it took */
export async function fillQueue(connectionString: string, from: number, to: number, takenBy: string): Promise<number> {
  const startedAt = performance.now();
  const db = new pg.Client({ connectionString });
  await db.connect();
  try {
    await db.query(CASES, [from, to, takenBy]);
    await db.query("vacuum (analyze) recovery_cases");
    await db.query("checkpoint").catch(() => {}); // a role that may not is no obstacle
  } finally {
    await db.end();
  }
  return (performance.now() - startedAt) / 1000;
}
