import pg from "pg";
import { systemRandom } from "../../src/kernel/random.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import type { AccountId } from "../../src/kernel/ids.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { recogniseDevice } from "../../src/sessions/index.ts";
import { type BenchPerson, must } from "./people.ts";

/*
 * Accounts by the million, written by SQL: what the use cases would have left in the tables that a sign-in reads and
 * writes, with the right shapes, lengths and spread of values. Their password is that of a person who was made by the
 * use cases (the hash is copied); their app's key is noise until `wake` seals a real one.
 */

/** Twenty letters that are their own look-alikes, so that a name is stored as it is folded. */
const NAME = "translate(substr(md5('name' || n), 1, 20), '0123456789abcdef', 'abcdefghjkmnopqs')";
/** As newId makes them: they sort by age, with chance behind. */
export const id = (prefix: string, what: string = prefix): string =>
  `'${prefix}_' || lpad(to_hex(n), 10, '0') || substr(md5('${what}' || n), 1, 16)`;
const TOTP_ID = id("aut", "totp");
const SINCE = "now() - n * interval '1 minute'";

const STATEMENTS: readonly string[] = [
  `insert into accounts (id, username, username_folded, created_at, last_active_at)
   select ${id("acc")}, ${NAME}, ${NAME}, ${SINCE}, ${SINCE} from generate_series($1::int, $2::int) n`,
  `insert into addresses (id, account_id, address, address_folded, domain, is_primary, added_at, verified_at)
   select ${id("adr")}, ${id("acc")}, ${NAME} || '@' || domain, ${NAME} || '@' || domain, domain, true, ${SINCE}, ${SINCE}
   from generate_series($1::int, $2::int) n, lateral (select 'mail' || n % 5000 || '.example' as domain) d`,
  `insert into authenticators (id, account_id, kind, name, state, bound_at, detail)
   select ${id("aut", "password")}, ${id("acc")}, 'password', 'Password', 'active', ${SINCE},
     (select detail from authenticators where kind = 'password' order by id limit 1)
   from generate_series($1::int, $2::int) n`,
  `insert into authenticators (id, account_id, kind, name, state, bound_at, detail, sealed)
   select ${TOTP_ID}, ${id("acc")}, 'totp', 'Authenticator app', 'active', ${SINCE}, '{}',
     substr(decode(repeat(md5('key' || n), 4), 'hex'), 1, 56)
   from generate_series($1::int, $2::int) n`,
  `insert into one_time_counters (purpose, subject, last, spent_at)
   select 'totp-step', ${TOTP_ID}, 1, ${SINCE} from generate_series($1::int, $2::int) n`,
  `insert into sessions (id, account_id, kind, digest, factors, started_at, last_seen_at, expires_at, reauthenticated_at, ip, user_agent)
   select ${id("ses")}, ${id("acc")}, 'subscriber', sha256(convert_to('session' || n, 'UTF8')), '{password,totp}',
     ${SINCE}, ${SINCE}, now() + interval '30 days', ${SINCE}, '192.0.2.' || n % 256, 'bench'
   from generate_series($1::int, $2::int) n`,
  `insert into known_devices (id, account_id, digest, first_seen_at, last_seen_at)
   select ${id("dev")}, ${id("acc")}, sha256(convert_to('device' || n, 'UTF8')), ${SINCE}, ${SINCE}
   from generate_series($1::int, $2::int) n`,
];

export interface Filling {
  readonly seconds: number;
  readonly databaseBytes: number;
}

/**
 * Adds accounts number `from` to `to`, then does what autovacuum would do some minutes later, so that it does not do it
 * while something is measured.
 */
export async function fillAccounts(connectionString: string, from: number, to: number): Promise<Filling> {
  const startedAt = performance.now();
  const db = new pg.Client({ connectionString });
  await db.connect();
  try {
    if (to >= from) for (const statement of STATEMENTS) await db.query(statement, [from, to]);
    await db.query("vacuum (analyze)");
    await checkpoint(db);
    const { rows } = await db.query<{ bytes: string }>("select pg_database_size(current_database()) as bytes");
    return { seconds: (performance.now() - startedAt) / 1000, databaseBytes: Number(rows[0]?.bytes) };
  } finally {
    await db.end();
  }
}

/** Brings everything to its files now. The command is a superuser's; making and dropping a database does it on the way. */
async function checkpoint(db: pg.Client): Promise<void> {
  await db.query("create database to_checkpoint strategy file_copy");
  await db.query("drop database to_checkpoint");
}

/** Picks accounts of the first `among` at random and gives their app a key, so that somebody can sign in to them. */
export async function wakeSome(
  runtime: Runtime,
  among: number,
  count: number,
  password: string,
): Promise<readonly BenchPerson[]> {
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(1 + (systemRandom.bytes(4).readUInt32BE() % among));
  const { rows } = await runtime.db.pool.query<{ id: AccountId; username: string; address: string; totp: string }>(
    `select ${id("acc")} as id, ${NAME} as username, ${NAME} || '@mail' || n % 5000 || '.example' as address,
       ${TOTP_ID} as totp from unnest($1::int[]) n`,
    [[...numbers]],
  );
  const woken: BenchPerson[] = [];
  for (const { id: accountId, username, address, totp } of rows) {
    const totpKey = systemRandom.bytes(20);
    const sealed = runtime.keys.seal("totp-secret", totpKey, `totp/${totp}`, systemRandom);
    const { rowCount } = await runtime.db.pool.query(
      "update authenticators set sealed = $1 where id = $2 and account_id = $3",
      [sealed, totp, accountId],
    );
    if (rowCount !== 1) throw new Error(`There is no account ${username}.`);
    const device = await transact(runtime.db, { now: runtime.clock.now(), bookkeeping: "a browser" }, async (tx) =>
      ok(await recogniseDevice(tx, systemRandom, accountId, undefined)),
    );
    const deviceToken = must(device).token.reveal();
    woken.push({ id: accountId, username, address, password, totpKey, deviceToken, codes: [] });
  }
  return woken;
}

/** Lets people sign in again within the same half minute: their six digits count as not used. */
export async function releaseSteps(runtime: Runtime, people: readonly BenchPerson[]): Promise<void> {
  await runtime.db.pool.query(
    `update one_time_counters set last = 1 where purpose = 'totp-step' and subject in
       (select id from authenticators where account_id = any ($1) and kind = 'totp')`,
    [people.map((one) => one.id)],
  );
}
