import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok } from "../kernel/result.ts";
import { audit, erasePersonalData, listEvents, verifyChain } from "./index.ts";

const DAY = 24 * 3600_000;
const database = await testDatabase();
const runtime = testRuntime(database.db, { seed: "retention" });
const now = () => runtime.clock.now();

const leave = (act: string) =>
  transact(runtime.db, { now: now() }, async (tx) => {
    audit(tx, runtime.random, { act, actor: { kind: "anyone" }, facts: { n: 1 }, personal: { ip: "192.0.2.7" } });
    return ok();
  });

after(() => database.drop());

test("personal data goes when it is old enough, with its salt; the event and the chain stay", async () => {
  await leave("test/old");
  runtime.clock.advance(300 * DAY);
  await leave("test/young");
  assert.equal(await erasePersonalData(runtime, now(), 365), 0);
  runtime.clock.advance(65 * DAY + 1);
  assert.equal(await erasePersonalData(runtime, now(), 365), 1);
  assert.equal(await erasePersonalData(runtime, now(), 365), 0, "once");
  const events = await listEvents(runtime.db, { limit: 10 });
  const of = (act: string) => events.find((one) => one.act === act);
  assert.equal(of("test/old")?.personal, null);
  assert.deepEqual(of("test/old")?.facts, { n: 1 });
  assert.deepEqual(of("test/young")?.personal, { ip: "192.0.2.7" });
  assert.deepEqual(of("audit/personal-data-erased")?.facts["count"], 1);
  const { rows } = await runtime.db.pool.query(
    "select length(personal_salt) as salt from audit_events where act = 'test/old'",
  );
  assert.equal(rows[0].salt, 0);
  assert.equal((await verifyChain(runtime.db)).isIntact, true);
});

test("nothing else of an event can be changed in passing", async () => {
  for (const change of [
    "personal = null, facts = '{}'",
    "personal = null, act = 'test/other'",
    "personal = '{}'",
    "personal = null, personal_salt = '\\x00'",
  ])
    await assert.rejects(
      runtime.db.pool.query(`update audit_events set ${change} where act = 'test/young'`),
      /append only/,
      change,
    );
});
