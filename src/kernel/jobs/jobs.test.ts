import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { sql } from "kysely";
import { z } from "zod";
import { type TestDatabase, testDatabase } from "../../../test/world/database.ts";
import { testRuntime } from "../../../test/world/runtime.ts";
import { transact } from "../db/transact.ts";
import { defineRefusals } from "../refusal.ts";
import { ok, refuse } from "../result.ts";
import type { Runtime } from "../runtime.ts";
import { type AnyJob, defineJob, defineJobKind, enqueue, prepareJobs, runDue, startJobs } from "./index.ts";

const refusals = defineRefusals("jobs-test", { no: { status: 409, title: "No." } });
const DATA = z.object({ word: z.string() });
const kind = defineJobKind({ name: "test-say", schema: DATA, retryLimit: 2, retryBackoff: false });
const options = (runtime: Runtime) => ({ now: runtime.clock.now(), bookkeeping: "test" });

const put = (runtime: Runtime, word: string) =>
  transact(runtime.db, options(runtime), async (tx) => {
    await enqueue(tx, kind, { word });
    return ok();
  });

async function jobsInQueue(runtime: Runtime): Promise<readonly string[]> {
  const { rows } = await sql<{ word: string }>`
    select data->>'word' as word from pgboss.job where name = ${kind.name} order by 1`.execute(runtime.db.root);
  return rows.map((row) => row.word);
}

/** Resolves when the condition holds; the surrounding test's own limit ends it otherwise. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("a job is part of the act that asks for it", () => {
  let database: TestDatabase;
  let runtime: ReturnType<typeof testRuntime>;
  before(async () => {
    database = await testDatabase();
    runtime = testRuntime(database.db);
  });
  after(() => database.drop());

  test("a committed act leaves its job, a refused or failed one leaves none", async () => {
    await put(runtime, "kept");
    const refused = await transact(database.db, options(runtime), async (tx) => {
      await enqueue(tx, kind, { word: "refused" });
      return refuse(refusals.no());
    });
    assert.equal(refused.ok, false);
    const failing = transact(database.db, options(runtime), async (tx) => {
      await enqueue(tx, kind, { word: "thrown" });
      throw new Error("an outage");
    });
    await assert.rejects(failing, /an outage/);
    assert.deepEqual(await jobsInQueue(runtime), ["kept"]);
  });

  test("data that does not fit is a bug of the caller and is thrown", async () => {
    const bad = transact(database.db, options(runtime), async (tx) => {
      await enqueue(tx, kind, { word: 7 } as unknown as { word: string }); // a wrong type on purpose
      return ok();
    });
    await assert.rejects(bad);
  });

  test("one process can serve several databases, also where the queue is new in the second", async () => {
    const other = await testDatabase({ poolSize: 2 });
    try {
      const there = testRuntime(other.db);
      await put(there, "elsewhere");
      assert.deepEqual(await jobsInQueue(there), ["elsewhere"]);
    } finally {
      await other.drop();
    }
  });

  test("many acts at once each leave one job", async () => {
    const other = await testDatabase();
    try {
      const there = testRuntime(other.db);
      await Promise.all(Array.from({ length: 30 }, (_, index) => put(there, `w${index}`)));
      assert.equal((await jobsInQueue(there)).length, 30);
    } finally {
      await other.drop();
    }
  });
});

describe("workers", { timeout: 60_000 }, () => {
  let database: TestDatabase;
  let runtime: ReturnType<typeof testRuntime>;
  before(async () => {
    database = await testDatabase();
    runtime = testRuntime(database.db);
  });
  after(() => database.drop());

  test("run what was committed, repeat what threw, and log a failure without its data", async () => {
    const heard: string[] = [];
    const job = defineJob({
      ...kind,
      run: async (_runtime, { word }) => {
        heard.push(word);
        if (word === "stumble" && heard.filter((each) => each === word).length === 1) {
          throw new Error(`could not say ${word} to alice@example.org`);
        }
      },
    });
    const runner = await startJobs(runtime, database.connectionString, [job], { pollSeconds: 1 });
    try {
      await put(runtime, "hello");
      await put(runtime, "stumble");
      await until(() => heard.length >= 3);
    } finally {
      await runner.stop();
    }
    assert.deepEqual(heard.toSorted(), ["hello", "stumble", "stumble"]);
    const failures = runtime.logLines.filter((line) => line.includes("job failed"));
    assert.equal(failures.length, 1);
    assert.match(failures[0] ?? "", /"job":"test-say"/);
    assert.doesNotMatch(runtime.logLines.join(""), /alice@example\.org/);
  });

  test("a job left by a process that was not running is done at the next start", async () => {
    await put(runtime, "waiting");
    const heard: string[] = [];
    const job = defineJob({ ...kind, run: async (_runtime, { word }) => void heard.push(word) });
    const runner = await startJobs(runtime, database.connectionString, [job]);
    await until(() => heard.includes("waiting"));
    await runner.stop();
  });

  test("sweeps are scheduled, and a sweep that no longer exists is forgotten", async () => {
    const sweep = (name: string): AnyJob =>
      defineJob({
        name,
        schema: z.object({}),
        retryLimit: 0,
        retryBackoff: false,
        every: "* * * * *",
        run: async () => {},
      });
    const scheduled = async () => {
      const { rows } = await sql<{ name: string }>`select name from pgboss.schedule order by 1`.execute(
        database.db.root,
      );
      return rows.map((row) => row.name);
    };
    await (await startJobs(runtime, database.connectionString, [sweep("sweep-a"), sweep("sweep-b")])).stop();
    assert.deepEqual(await scheduled(), ["sweep-a", "sweep-b"]);
    await (await startJobs(runtime, database.connectionString, [sweep("sweep-b")])).stop();
    assert.deepEqual(await scheduled(), ["sweep-b"]);
  });

  test("preparing twice at once is harmless", async () => {
    const job = defineJob({ ...kind, run: async () => {} });
    await Promise.all([prepareJobs(database.connectionString, [job]), prepareJobs(database.connectionString, [job])]);
    await prepareJobs(database.connectionString, [job]);
  });
});

describe("definitions", () => {
  test("runDue runs every sweep once with the runtime's clock, and no other job", async () => {
    const database = await testDatabase({ poolSize: 2 });
    try {
      const runtime = testRuntime(database.db);
      const seen: string[] = [];
      const empty = z.object({});
      const base = { schema: empty, retryLimit: 0, retryBackoff: false };
      const jobs = [
        defineJob({
          ...base,
          name: "a",
          every: "* * * * *",
          run: async (r) => void seen.push(r.clock.now().toISOString()),
        }),
        defineJob({ ...base, name: "b", run: async () => void seen.push("b") }),
      ];
      runtime.clock.advance(3_600_000);
      await runDue(runtime, jobs);
      assert.deepEqual(seen, ["2026-11-02T10:00:00.000Z"]);
    } finally {
      await database.drop();
    }
  });

  test("a bad name and a sweep that needs data are refused at definition", () => {
    const run = async () => {};
    assert.throws(() => defineJob({ ...kind, name: "Not a name", run }), /not made of/);
    assert.throws(() => defineJob({ ...kind, every: "* * * * *", run }), /does not take/);
  });
});
