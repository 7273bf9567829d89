import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "../../../test/world/database.ts";
import { ok } from "../result.ts";
import type { Database } from "./database.ts";
import { transact } from "./transact.ts";

const NOW = new Date("2026-11-02T09:00:00Z");

async function onDatabase(work: (db: Database) => Promise<void>): Promise<void> {
  const database = await testDatabase({ poolSize: 1 });
  try {
    await sql`create table pets (id int primary key, name text not null)`.execute(database.db.root);
    await sql`insert into pets values (1, 'Ada'), (2, 'Bo'), (3, 'Cy')`.execute(database.db.root);
    await work(database.db);
  } finally {
    await database.drop();
  }
}

const pet = (db: { as: Database["as"] }, id: number) =>
  sql<Record<string, unknown>>`select * from pets where id = ${id}`.execute(db.as<unknown>());

describe("prepared statements", () => {
  test("a statement is prepared once on its connection, and used again with other values", async () => {
    await onDatabase(async (db) => {
      await db.root.connection().execute(async (one) => {
        const names = [];
        for (const id of [1, 2, 3]) {
          const { rows } = await sql<{ name: string }>`select name from pets where id = ${id}`.execute(one);
          names.push(rows[0]?.name);
        }
        assert.deepEqual(names, ["Ada", "Bo", "Cy"]);
        const { rows } = await sql<{ uses: number }>`
          select (generic_plans + custom_plans)::int as uses from pg_prepared_statements
          where statement = 'select name from pets where id = $1'`.execute(one);
        assert.deepEqual(rows, [{ uses: 3 }]);
      });
    });
  });

  test("lists of ever changing length do not fill the server with statements, and still answer", async () => {
    await onDatabase(async (db) => {
      await db.root.connection().execute(async (one) => {
        for (let length = 1; length <= 600; length += 1) {
          const ids = sql.join(Array.from({ length }, (_, at) => at));
          const { rows } = await sql`select id from pets where id in (${ids})`.execute(one);
          assert.equal(rows.length, Math.min(length - 1, 3));
        }
        const { rows } = await sql<{
          count: number;
        }>`select count(*)::int as count from pg_prepared_statements`.execute(one);
        assert.deepEqual(rows, [{ count: 500 }]);
      });
    });
  });

  test("after a migration by somebody else reads go on, with the new columns", async () => {
    await onDatabase(async (db) => {
      assert.deepEqual((await pet(db, 1)).rows, [{ id: 1, name: "Ada" }]);
      await sql`alter table pets add column legs int not null default 4`.execute(db.root);
      assert.deepEqual((await pet(db, 1)).rows, [{ id: 1, name: "Ada", legs: 4 }]);
      assert.deepEqual((await pet(db, 2)).rows, [{ id: 2, name: "Bo", legs: 4 }]);
    });
  });

  test("a transaction that meets a migration is done again from its beginning", async () => {
    await onDatabase(async (db) => {
      for (const id of [1, 2]) await pet(db, id);
      await sql`alter table pets add column legs int not null default 4`.execute(db.root);
      let tries = 0;
      const done = await transact(db, { now: NOW, bookkeeping: "a test" }, async (tx) => {
        tries += 1;
        await sql`update pets set legs = legs - 1 where id = 3`.execute(tx.as<unknown>());
        return ok((await pet(tx, 3)).rows);
      });
      assert.deepEqual(done, ok([{ id: 3, name: "Cy", legs: 3 }]));
      assert.equal(tries, 2);
    });
  });

  test("other errors are thrown as they are", async () => {
    await onDatabase(async (db) => {
      await assert.rejects(sql`insert into pets values (${1}, ${"twice"})`.execute(db.root), { code: "23505" });
      assert.equal((await pet(db, 1)).rows.length, 1);
    });
  });
});
