import assert from "node:assert/strict";
import { createServer, type Server, type Socket } from "node:net";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { openDatabase } from "../kernel/db/database.ts";
import { testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { makeReadiness, type Phase } from "./health.ts";
import { MIGRATIONS } from "./migrations.ts";

const health = (phase: Phase, timeoutMilliseconds?: number) => ({
  phase: () => phase,
  policyVersion: "2026.11.2",
  migrationsDirectory: MIGRATIONS,
  ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }),
});

describe("readiness", () => {
  test("a process with its database is ready, and says which policy it uses", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      const report = await makeReadiness(testRuntime(db), health("ready"))();
      assert.deepEqual(report, {
        status: "ready",
        checks: {
          process: { isOk: true, detail: "ready" },
          database: { isOk: true, detail: "reachable" },
          migrations: { isOk: true, detail: "applied" },
          policy: { isOk: true, detail: "2026.11.2" },
        },
      });
    } finally {
      await database.drop();
    }
  });

  test("a process that starts or stops is not ready", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      for (const phase of ["starting", "stopping"] as const) {
        const report = await makeReadiness(testRuntime(db), health(phase))();
        assert.equal(report.status, "not-ready");
        assert.deepEqual(report.checks.process, { isOk: false, detail: phase });
      }
    } finally {
      await database.drop();
    }
  });

  test("a schema that lacks a migration is not ready", async () => {
    const database = await testDatabase();
    const { db } = database;
    try {
      await sql`delete from schema_migrations where name like '0002%'`.execute(db.root);
      const report = await makeReadiness(testRuntime(db), health("ready"))();
      assert.equal(report.status, "not-ready");
      assert.deepEqual(report.checks.migrations, { isOk: false, detail: "1 pending" });
    } finally {
      await database.drop();
    }
  });

  test("a database that refuses connections is named, and why only in the log", async () => {
    const db = openDatabase({ connectionString: "postgres://someone:hidden@127.0.0.1:1/nothing" });
    const runtime = testRuntime(db);
    const report = await makeReadiness(runtime, health("ready"))();
    await db.close();
    assert.deepEqual(report.checks.database, { isOk: false, detail: "not reachable" });
    assert.equal(report.checks.migrations.isOk, false);
    assert.match(runtime.logLines.join(""), /ECONNREFUSED/);
  });

  test("a database that takes connections and never answers is given up on, and asked once for all who ask", async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number }; // a TCP server's address is this object
    const db = openDatabase({ connectionString: `postgres://a:b@127.0.0.1:${port}/c` });
    const readiness = makeReadiness(testRuntime(db), health("ready", 200));
    const reports = await Promise.all([readiness(), readiness(), readiness()]);
    assert.equal(sockets.length, 1);
    for (const report of reports)
      assert.deepEqual(report.checks.database, { isOk: false, detail: "no answer in 0.2 s" });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
    await db.close();
  });
});
