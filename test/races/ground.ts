import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "kysely";
import { Secret, TOTP } from "otpauth";
import pg from "pg";
import { type Account, createAccount, findAccount, parseAddress, setVerified } from "../../src/accounts/index.ts";
import { audit, verifyChain } from "../../src/audit/index.ts";
import { bindPassword, bindTotpKey, makeCodes, preparePassword } from "../../src/authenticators/index.ts";
import { ok, type Result } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import { policy as policies, type RecoveryRuntime } from "../../src/recovery/index.ts";
import { recogniseDevice } from "../../src/sessions/index.ts";
import { testDatabase } from "../world/database.ts";
import { act, must } from "../world/registry.ts";
import { type TestClock, testRuntime } from "../world/runtime.ts";

/*
 * Where races are run: one database, many connections, and a gate that lets nobody write until everybody stands at it.
 * Without the gate whoever starts first is often done before the second has begun, and nothing was raced.
 */

export const SOURCE = { ip: "203.0.113.7", userAgent: "race" } as const;
export const PASSWORD = secret("amber-fjord-lantern-pebble-2718");
export const TOTP_KEY = Buffer.from("twenty bytes of key!");
/** What the app with that key shows. */
export const codeOf = (at: Date): string =>
  new TOTP({ secret: new Secret({ buffer: new Uint8Array(TOTP_KEY).buffer }) }).generate({ timestamp: at.getTime() });
/** How many contend where the act costs no hash of a password. */
export const MANY = 100;
const CONNECTIONS = 24;

export interface Ground {
  readonly runtime: RecoveryRuntime & { readonly clock: TestClock };
  /** A subscriber with a verified address, a password, an authenticator app whose key is TOTP_KEY, and ten codes. */
  subscriber(username: string): Promise<Subscriber>;
  /** The cookie of a browser in which the account was signed in before. */
  knownBrowser(account: Account): Promise<string>;
  /**
   * Starts every contender while nobody may write to the table, opens when `meet` of them wait there (default: as many
   * as there are connections), and gives their outcomes in order. Fails when they never met.
   */
  collide<T>(table: string, contenders: readonly (() => Promise<T>)[], options?: Meeting): Promise<readonly T[]>;
  /** How many rows there are. */
  count(from: string, where: string, value: string): Promise<number>;
  close(): Promise<void>;
}

/** A ground that somebody else ends. */
export type Place = Omit<Ground, "close">;

export interface Meeting {
  readonly meet?: number;
  /** Each starts only when the one before waits: who comes first is then certain. */
  readonly isInTurn?: boolean;
}

export interface Subscriber {
  readonly account: Account;
  readonly address: string;
  readonly codes: readonly string[];
}

export async function openGround(seed: string): Promise<Ground> {
  const database = await testDatabase({ poolSize: CONNECTIONS });
  const runtime = { ...testRuntime(database.db, { seed }), policy: await defaultPolicy() };
  return {
    ...(await groundOn(runtime, database.connectionString)),
    close: async () => {
      const chain = await verifyChain(runtime.db);
      await database.drop();
      assert.deepEqual(chain.breaches, [], "the audit chain holds");
    },
  };
}

export async function defaultPolicy(): Promise<RecoveryRuntime["policy"]> {
  const loaded = await policies.loadPolicy(join(import.meta.dirname, "../../policy/default.json"));
  assert(loaded.ok);
  return loaded.value;
}

/** The same on a database that is there already: an installation's own. */
export async function groundOn(runtime: Ground["runtime"], connectionString: string): Promise<Place> {
  const prepared = must(await preparePassword(runtime, PASSWORD, { hasSecondFactor: true }));
  return {
    runtime,
    subscriber: (username) => subscriber(runtime, username, prepared),
    knownBrowser: (account) => knownBrowser(runtime, account),
    collide: (table, contenders, options = {}) => collide(connectionString, table, contenders, options),
    count: async (from, where, value) => {
      const { rows } = await sql<{ n: string }>`
        select count(*)::text as n from ${sql.table(from)} where ${sql.raw(where)} = ${value}`.execute(runtime.db.root);
      return Number(rows[0]?.n);
    },
  };
}

async function knownBrowser(runtime: Ground["runtime"], account: Account): Promise<string> {
  const { token } = await act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/signed-in", actor: { kind: "operator" }, accountId: account.id });
    return ok(await recogniseDevice(tx, runtime.random, account.id, undefined));
  });
  return token.reveal();
}

async function subscriber(
  runtime: Ground["runtime"],
  username: string,
  prepared: Parameters<typeof bindPassword>[3],
): Promise<Subscriber> {
  const parsed = must(parseAddress(`${username}@${username}.example`));
  const made = await act(runtime, async (tx) => {
    const { accountId, addressId } = must(await createAccount(tx, runtime.random, { username, address: parsed }));
    await setVerified(tx, addressId);
    await bindPassword(tx, runtime.random, accountId, prepared, "registration");
    await bindTotpKey(tx, runtime, accountId, TOTP_KEY, 0n);
    const codes = await makeCodes(tx, runtime, { id: accountId, username });
    audit(tx, runtime.random, { act: "test/subscriber-made", actor: { kind: "operator" }, accountId });
    return ok({ accountId, codes: codes.reveal() });
  });
  const account = await findAccount(runtime.db, made.accountId);
  assert(account);
  return { account, address: parsed.address, codes: made.codes };
}

const TICK_MS = 5;

async function collide<T>(
  connectionString: string,
  table: string,
  contenders: readonly (() => Promise<T>)[],
  { meet = Math.min(contenders.length, CONNECTIONS), isInTurn = false }: Meeting,
): Promise<readonly T[]> {
  const keeper = new pg.Client({ connectionString });
  await keeper.connect();
  let settled = 0;
  /** Waits until so many stand at a lock; whoever never comes there has settled. */
  const untilWaiting = async (wanted: number): Promise<void> => {
    for (;;) {
      await keeper.query("select pg_stat_clear_snapshot()"); // what was seen once in a transaction is seen again
      const { rows } = await keeper.query<{ waiting: number }>(
        "select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      if ((rows[0]?.waiting ?? 0) >= wanted) return;
      assert(settled < contenders.length, `${wanted} should have met at ${table}`);
      await delay(TICK_MS);
    }
  };
  try {
    await keeper.query("begin");
    await keeper.query(`lock table ${table} in share mode`);
    const running: Promise<T>[] = [];
    for (const start of contenders) {
      running.push(
        start().finally(() => {
          settled += 1;
        }),
      );
      if (isInTurn) await untilWaiting(running.length);
    }
    const all = Promise.all(running);
    all.catch(() => undefined); // awaited below; a failure of untilWaiting must not leave it unhandled
    await untilWaiting(meet);
    await keeper.query("rollback");
    return await all;
  } finally {
    await keeper.end();
  }
}

/** How many outcomes of each kind there are: `ok`, or the code of the refusal. */
export function tally(outcomes: readonly Result<unknown>[]): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const one of outcomes) {
    const kind = one.ok ? "ok" : one.refusal.code;
    found[kind] = (found[kind] ?? 0) + 1;
  }
  return found;
}

export const times = <T>(count: number, make: (at: number) => () => Promise<T>): readonly (() => Promise<T>)[] =>
  Array.from({ length: count }, (_, at) => make(at));

/** The act so many times in the log. */
export async function acts(ground: Place, account: Account, name: string): Promise<number> {
  const { rows } = await sql<{ n: string }>`
    select count(*)::text as n from audit_events where account_id = ${account.id} and act = ${name}`.execute(
    ground.runtime.db.root,
  );
  return Number(rows[0]?.n);
}

/** Kinds of mail written since the beginning to an address, in order. */
export async function mailsTo(ground: Place, address: string): Promise<readonly string[]> {
  const { rows } = await sql<{ message: string }>`
    select message from outbox_mails where to_address = ${address} order by id`.execute(ground.runtime.db.root);
  return rows.map((row) => row.message);
}

/** What stands in the newest mail of that kind to an address, where the pattern's first group is. */
export async function inMail(ground: Place, address: string, message: string, pattern: RegExp): Promise<string> {
  const { rows } = await sql<{ text_body: string }>`
    select text_body from outbox_mails where to_address = ${address} and message = ${message}
    order by id desc limit 1`.execute(ground.runtime.db.root);
  const found = pattern.exec(rows[0]?.text_body ?? "")?.[1];
  assert(found, `no ${String(pattern)} in the mail ${message} to ${address}`);
  return found;
}
