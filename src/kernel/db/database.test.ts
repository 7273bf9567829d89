import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "../../../test/world/database.ts";
import { openDatabase } from "./database.ts";
import { migrate, pendingMigrations } from "./migrate.ts";

const database = await testDatabase({ poolSize: 2 });
const { db } = database;
const MIGRATIONS = join(import.meta.dirname, "../../../migrations");
const folder = await mkdtemp(join(tmpdir(), "locksmith-migrations-"));

describe("the database", () => {
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  test("whole numbers of eight bytes are read exactly, dates as dates", async () => {
    const { rows } = await sql`select 9007199254740993::int8 as n, timestamptz '2026-11-02 10:00+01' as at`.execute(
      db.root,
    );
    assert.deepEqual(rows[0], { n: 9007199254740993n, at: new Date("2026-11-02T09:00:00Z") });
  });

  test("no connection waits for ever, and each is in UTC", async () => {
    const settings = "statement_timeout|idle_in_transaction_session_timeout|TimeZone";
    const { rows } = await sql<{ name: string; setting: string }>`
      select name, setting from pg_settings where name ~ ${`^(?:${settings})$`} order by name collate "C"`.execute(
      db.root,
    );
    assert.deepEqual(
      rows.map(({ name, setting }) => [name, setting]),
      [
        ["TimeZone", "UTC"],
        ["idle_in_transaction_session_timeout", "60000"],
        ["statement_timeout", "30000"],
      ],
    );
  });

  test("a connection that breaks is told of and replaced", async () => {
    const lost = Promise.withResolvers<string>();
    const other = openDatabase({
      connectionString: database.connectionString,
      poolSize: 1,
      onConnectionLost: (error) => lost.resolve(error.message),
    });
    const backend = async () => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(other.root);
      return rows[0]?.pid ?? 0;
    };
    try {
      const before = await backend();
      await sql`select pg_terminate_backend(${before})`.execute(db.root);
      assert.match(await lost.promise, /terminat/i);
      assert.notEqual(await backend(), before);
    } finally {
      await other.close();
    }
  });

  describe("migrations", () => {
    beforeEach(async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      await db.pool.query("drop schema public cascade; create schema public");
    });
    const put = (name: string, text: string) => writeFile(join(folder, name), text);
    const tables = async (): Promise<readonly string[]> => {
      const { rows } = await sql<{ name: string }>`
        select table_name as name from information_schema.tables
        where table_schema = 'public' and table_name !~ '^schema_migrations' order by 1`.execute(db.root);
      return rows.map((row) => row.name);
    };

    test("are applied once, in order of their names", async () => {
      await put("0002_second.sql", "create table second (a int references first)");
      await put("0001_first.sql", "create table first (a int primary key)");
      await put("notes.txt", "not one of them");
      assert.deepEqual(await pendingMigrations(db, folder), ["0001_first", "0002_second"]);
      assert.deepEqual((await migrate(db, folder)).applied, ["0001_first", "0002_second"]);
      assert.deepEqual(await tables(), ["first", "second"]);
      assert.deepEqual(await pendingMigrations(db, folder), []);
      assert.deepEqual((await migrate(db, folder)).applied, []);
      await put("0003_third.sql", "create table third (a int)");
      assert.deepEqual(await pendingMigrations(db, folder), ["0003_third"]);
      assert.deepEqual((await migrate(db, folder)).applied, ["0003_third"]);
    });

    test("of which one fails leave nothing", async () => {
      await put("0001_good.sql", "create table good (a int)");
      await put("0002_bad.sql", "create table bad (a int); create table bad (a int)");
      await assert.rejects(migrate(db, folder), /already exists/);
      assert.deepEqual(await tables(), []);
    });

    test("a database of a newer version is refused", async () => {
      await put("0001_first.sql", "create table first (a int)");
      await put("0002_newer.sql", "create table newer (a int)");
      await migrate(db, folder);
      await rm(join(folder, "0002_newer.sql"));
      await assert.rejects(migrate(db, folder), /0002_newer/);
    });

    test("one with a careless name is a bug", async () => {
      await put("1_first.sql", "select 1");
      await assert.rejects(migrate(db, folder), /not named like 0001_words\.sql/);
    });

    test("two processes at once: one applies them, the other waits", async () => {
      await put("0001_first.sql", "create table first (a int); select pg_sleep(0.1)");
      const both = await Promise.all([migrate(db, folder), migrate(db, folder)]);
      assert.deepEqual(
        both.map(({ applied }) => applied.length).toSorted((one, other) => one - other),
        [0, 1],
      );
    });

    test("the shipped ones build a schema from nothing", async () => {
      const pending = await pendingMigrations(db, MIGRATIONS);
      assert(pending.length >= 5);
      assert.deepEqual((await migrate(db, MIGRATIONS)).applied, pending);
      assert((await tables()).includes("audit_events"));
    });
  });
});
