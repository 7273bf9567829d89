import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "../../../test/world/database.ts";
import { defineRefusals } from "../refusal.ts";
import { ok, refuse } from "../result.ts";
import type { Database } from "./database.ts";
import { lockName, transact, type Tx } from "./transact.ts";

const database = await testDatabase({ poolSize: 4 });
const { db } = database;
const now = new Date("2026-11-02T09:00:00Z");
const refusals = defineRefusals("shelf", { full: { status: 409, title: "It is full." } });

interface Tables {
  shelf: { name: string };
}
await db.pool.query("create table shelf (name text primary key)");

const put = (tx: Tx, name: string) => tx.as<Tables>().insertInto("shelf").values({ name }).execute();
const has = async (name: string): Promise<boolean> =>
  (await db.as<Tables>().selectFrom("shelf").selectAll().where("name", "=", name).execute()).length === 1;
const withoutEvent = /wrote without an audit event/;

describe("a transaction", () => {
  after(() => database.drop());

  describe("one act in one transaction", () => {
    test("commits with its event, and gives the value", async () => {
      const done = await transact(db, { now }, async (tx) => {
        assert.equal(tx.now, now);
        await put(tx, "kept");
        tx.markAudited();
        return ok(7);
      });
      assert.deepEqual(done, ok(7));
      assert(await has("kept"));
    });

    test("a refusal takes everything back and is returned", async () => {
      let isAfter = false;
      const done = await transact(db, { now }, async (tx) => {
        tx.markAudited();
        tx.afterCommit(() => {
          isAfter = true;
        });
        await put(tx, "refused");
        return refuse(refusals.full());
      });
      assert.deepEqual(done, refuse(refusals.full()));
      assert(!(await has("refused")));
      assert(!isAfter);
    });

    test("an exception takes everything back and is thrown", async () => {
      const running = transact(db, { now }, async (tx) => {
        tx.markAudited();
        await put(tx, "thrown");
        throw new Error("a bug");
      });
      await assert.rejects(running, /a bug/);
      assert(!(await has("thrown")));
    });

    test("hooks run in order: before the commit inside, after it outside", async () => {
      const order: string[] = [];
      await transact(db, { now, bookkeeping: "test" }, async (tx) => {
        tx.afterCommit(() => order.push("after 1"));
        tx.beforeCommit(async () => {
          await put(tx, "by a hook");
          order.push(`before 1, seen outside: ${await hasOutside("by a hook")}`);
        });
        tx.beforeCommit(async () => void order.push("before 2"));
        tx.afterCommit(() => order.push("after 2"));
        order.push("act");
        return ok();
      });
      assert.deepEqual(order, ["act", "before 1, seen outside: false", "before 2", "after 1", "after 2"]);
      assert(await has("by a hook"));
    });

    /** As somebody sees it who is not in the transaction. */
    const hasOutside = async (name: string): Promise<boolean> =>
      (await db.pool.query("select 1 from shelf where name = $1", [name])).rowCount === 1;

    test("a hook that fails takes the act back", async () => {
      const running = transact(db, { now, bookkeeping: "test" }, async (tx) => {
        await put(tx, "before a hook");
        tx.beforeCommit(() => Promise.reject(new Error("no room in the log")));
        return ok();
      });
      await assert.rejects(running, /no room in the log/);
      assert(!(await has("before a hook")));
    });
  });

  describe("a transaction that wrote", () => {
    const writes: Readonly<Record<string, (tx: Tx) => Promise<unknown>>> = {
      insert: (tx) => put(tx, "no trace"),
      update: (tx) => tx.as<Tables>().updateTable("shelf").set({ name: "x" }).where("name", "=", "kept").execute(),
      delete: (tx) => tx.as<Tables>().deleteFrom("shelf").where("name", "=", "kept").execute(),
      "SQL that inserts": (tx) => sql`insert into shelf values (${"no trace"})`.execute(tx.as()),
      "SQL that deletes, on a new line": (tx) => sql`\n  DELETE from shelf`.execute(tx.as()),
      "SQL that updates behind a with": (tx) =>
        sql`with a as (select 1) update shelf set name = ${"x"} where false`.execute(tx.as()),
      "SQL that truncates": (tx) => sql`truncate shelf`.execute(tx.as()),
    };
    for (const [what, write] of Object.entries(writes)) {
      test(`without an event is not committed: ${what}`, async () => {
        const act = async (tx: Tx) => {
          await write(tx);
          return ok();
        };
        await assert.rejects(transact(db, { now }, act), withoutEvent);
        assert(await has("kept"));
        assert(!(await has("no trace")));
      });
    }

    test("may leave none where it is bookkeeping, or where it only read", async () => {
      assert((await transact(db, { now, bookkeeping: "test" }, async (tx) => ok(await put(tx, "counted")))).ok);
      assert(await has("counted"));
      const read = await transact(db, { now }, async (tx) => {
        await tx.as<Tables>().selectFrom("shelf").selectAll().forUpdate().execute();
        const { rows } = await sql<{ n: number }>`select count(*)::int as n from shelf /* no insert */`.execute(
          tx.as(),
        );
        return ok(rows[0]?.n);
      });
      assert(read.ok && read.value, "reading is not writing");
    });
  });

  describe("after the end of a transaction", () => {
    test("it cannot be used, and neither can anything it started", async () => {
      let kept: Tx | undefined;
      let late: Promise<unknown> = Promise.resolve();
      await transact(db, { now, bookkeeping: "test" }, async (tx) => {
        kept = tx;
        late = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
          db.as<Tables>().selectFrom("shelf").execute(),
        );
        late.catch(() => undefined); // awaited below
        return ok();
      });
      assert.throws(() => kept?.as<Tables>(), /used after its end/);
      await assert.rejects(late, /after the end of its transaction/);
    });
  });

  describe("what passes by itself", () => {
    /** Fails so often with this SQLSTATE, then does its work. */
    async function attemptsUntil(
      database: Database,
      code: string,
      failures: number,
    ): Promise<readonly [number, unknown]> {
      let attempts = 0;
      const outcome = await transact(database, { now }, async () => {
        attempts += 1;
        if (attempts <= failures) throw Object.assign(new Error("again"), { code });
        return ok("done");
      }).catch((error: { code: string }) => error.code);
      return [attempts, outcome];
    }

    test("is tried three times in all, anything else once", async () => {
      assert.deepEqual(await attemptsUntil(db, "40P01", 2), [3, ok("done")], "deadlock");
      assert.deepEqual(await attemptsUntil(db, "40001", 1), [2, ok("done")], "serialisation");
      assert.deepEqual(await attemptsUntil(db, "40P01", 3), [3, "40P01"], "never ends");
      assert.deepEqual(await attemptsUntil(db, "23505", 1), [1, "23505"], "a bug");
    });

    test("two who lock in opposite orders both get done", async () => {
      let met = 0;
      const both = Promise.withResolvers<void>();
      let attempts = 0;
      const act = (first: string, second: string) =>
        transact(db, { now }, async (tx) => {
          attempts += 1;
          await lockName(tx.as<unknown>(), first);
          met += 1;
          if (met === 2) both.resolve();
          await both.promise;
          await lockName(tx.as<unknown>(), second);
          return ok(`${first}${second}`);
        });
      assert.deepEqual(await Promise.all([act("a", "b"), act("b", "a")]), [ok("ab"), ok("ba")]);
      assert(attempts > 2, "PostgreSQL broke the deadlock");
    });
  });
});
