import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { transact } from "../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../kernel/ids.ts";
import { ok, refuse } from "../kernel/result.ts";
import { audit, type AuditEvent, listEvents, verifyChain } from "./index.ts";

const database = await testDatabase({ poolSize: 4 });
const { db } = database;
const runtime = testRuntime(db, { seed: "audit" });
const ALICE = "acc_alice" as AccountId; // names for rows of this test; nothing looks them up
const CASE = "case_1" as CaseId;

/** One act with these events. */
const leave = (...events: readonly Partial<AuditEvent>[]) =>
  transact(db, { now: runtime.clock.now() }, async (tx) => {
    for (const event of events) {
      audit(tx, runtime.random, { act: "test/happened", actor: { kind: "anyone" }, ...event });
    }
    return ok();
  });

/** Does something to the table as somebody would who may switch its triggers off, and undoes it afterwards. */
async function tampered(statement: string, look: () => Promise<void>): Promise<void> {
  await db.pool.query("alter table audit_events disable trigger user");
  await db.pool.query("create table kept as select * from audit_events");
  try {
    assert(((await db.pool.query(statement)).rowCount ?? 0) > 0, "something was done");
    await look();
  } finally {
    await db.pool.query("delete from audit_events");
    await db.pool.query("insert into audit_events select * from kept");
    await db.pool.query("drop table kept");
    await db.pool.query("alter table audit_events enable trigger user");
  }
}
const breaches = async () => (await verifyChain(db)).breaches.map(({ seq, what }) => `${seq}: ${what}`);

describe("the audit log", () => {
  after(() => database.drop());

  test("an empty one is whole", async () => {
    const { isIntact, events, head } = await verifyChain(db);
    assert.deepEqual({ isIntact, events, head }, { isIntact: true, events: 0, head: "00".repeat(32) });
  });

  test("events of one act stand in its order, without gaps, at its time", async () => {
    await leave({ act: "test/one", accountId: ALICE, facts: { n: 1 } }, { act: "test/two", caseId: CASE });
    runtime.clock.advance(1000);
    await leave({
      act: "test/three",
      accountId: ALICE,
      actor: { kind: "subscriber", id: ALICE },
      personal: { ip: "x" },
    });
    const all = await listEvents(db, { limit: 10 });
    assert.deepEqual(
      all.map(({ seq, act }) => [seq, act]),
      [
        [3n, "test/three"],
        [2n, "test/two"],
        [1n, "test/one"],
      ],
    );
    assert.equal((all[0]?.at.getTime() ?? 0) - (all[1]?.at.getTime() ?? 0), 1000);
    assert.deepEqual(all[0]?.personal, { ip: "x" });
    assert.equal(all[0]?.actorId, ALICE);
    assert((await verifyChain(db)).isIntact);
  });

  test("are found by account, by case, and page by page", async () => {
    const acts = async (filter: Parameters<typeof listEvents>[1]) =>
      (await listEvents(db, filter)).map(({ act }) => act);
    assert.deepEqual(await acts({ accountId: ALICE, limit: 10 }), ["test/three", "test/one"]);
    assert.deepEqual(await acts({ accountId: ALICE, before: 3n, limit: 10 }), ["test/one"]);
    assert.deepEqual(await acts({ caseId: CASE, limit: 10 }), ["test/two"]);
    assert.deepEqual(await acts({ limit: 1 }), ["test/three"]);
  });

  test("a refused act leaves none, and the next one goes on without a gap", async () => {
    const refusal = { code: "test/no", status: 409, title: "No.", tell: "anyone" } as const;
    await transact(db, { now: runtime.clock.now() }, async (tx) => {
      audit(tx, runtime.random, { act: "test/undone", actor: { kind: "clock" } });
      return refuse(refusal);
    });
    await leave({ act: "test/four", facts: { list: ["a", "b"], number: 1.5, none: null, yes: true } });
    assert.deepEqual(
      (await listEvents(db, { limit: 2 })).map(({ seq, act }) => [seq, act]),
      [
        [4n, "test/four"],
        [3n, "test/three"],
      ],
    );
  });

  test("whatever facts are written, they are read back so that the chain holds", async () => {
    const texts = fc.string({ unit: "grapheme" }).filter((text) => text.isWellFormed() && !text.includes("\u0000"));
    const values = fc.oneof(
      texts,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(texts, values), fc.dictionary(texts, values), async (facts, personal) => {
        await leave({ facts, personal });
        assert.deepEqual(await breaches(), []);
      }),
      { numRuns: 25 },
    );
  });

  test("the table itself refuses changes, deletions and truncation, but for the erasing of personal data", async () => {
    for (const statement of [
      "update audit_events set act = 'x' where seq = 1",
      "update audit_events set personal = '{}' where seq = 3",
      "update audit_events set personal = null, act = 'x' where seq = 3",
      "delete from audit_events where seq = 3",
      "truncate audit_events",
    ]) {
      await assert.rejects(db.pool.query(statement), /append only/, statement);
    }
    await db.pool.query("update audit_events set personal = null where seq = 3");
    const erased = (await listEvents(db, { accountId: ALICE, limit: 1 }))[0];
    assert.equal(erased?.personal, null);
    assert.deepEqual(await breaches(), [], "erasing keeps the chain provable");
  });

  const altered: Readonly<Record<string, readonly [statement: string, found: readonly RegExp[]]>> = {
    "an altered act": [
      "update audit_events set act = 'test/nothing' where seq = 2",
      [/^2: “test\/nothing” was altered$/],
    ],
    "altered facts": [`update audit_events set facts = '{"n":2}' where seq = 1`, [/^1: “test\/one” was altered$/]],
    "another time": ["update audit_events set at = at + interval '1 ms' where seq = 2", [/^2: .* was altered$/]],
    "somebody else's name": ["update audit_events set actor_id = 'acc_bob' where seq = 3", [/^3: .* was altered$/]],
    "altered personal data": [
      `update audit_events set personal = '{"ip":"y"}' where seq = 3`,
      [/^3: the personal data of “test\/three” was altered$/],
    ],
    "a deleted event": [
      "delete from audit_events where seq = 2",
      [/^3: the events from 2 to 2 are missing$/, /^3: does not follow the event before it$/],
    ],
    "a deleted beginning": [
      "delete from audit_events where seq < 4",
      [/^4: the events from 1 to 3 are missing$/, /^4: does not follow/],
    ],
    "two events that changed places": [
      "update audit_events one set act = other.act, account_id = other.account_id, case_id = other.case_id, facts = other.facts, personal_salt = other.personal_salt, personal_commitment = other.personal_commitment, previous_hash = other.previous_hash, hash = other.hash from audit_events other where one.seq + other.seq = 3",
      [/^1: does not/, /^1: “test\/two” was altered$/, /^2: does not/, /^2: “test\/one” was altered$/, /^3: does not/],
    ],
    "an event with its own hash made anew": [
      "update audit_events set act = 'test/two!', hash = sha256(hash) where seq = 2",
      [/^2: “test\/two!” was altered$/, /^3: does not follow the event before it$/],
    ],
    "an event put in before the first": [
      "insert into audit_events select 0, at, 'test/forged', actor_kind, actor_id, account_id, case_id, facts, personal, personal_salt, personal_commitment, previous_hash, hash from audit_events where seq = 1",
      [/^0: “test\/forged” stands before the beginning of the log$/],
    ],
  };
  for (const [what, [statement, found]] of Object.entries(altered)) {
    test(`finds and names ${what}`, async () => {
      await tampered(statement, async () => {
        const named = await breaches();
        assert.equal(named.length, found.length, named.join("\n"));
        for (const [index, pattern] of found.entries()) assert.match(named[index] ?? "", pattern);
        assert.equal((await verifyChain(db)).isIntact, false);
      });
      assert.deepEqual(await breaches(), []);
    });
  }

  test("a cut-off end shows in the count and in the head that was kept elsewhere", async () => {
    const before = await verifyChain(db);
    await tampered(`delete from audit_events where seq > ${before.events - 2}`, async () => {
      const cut = await verifyChain(db);
      assert.equal(cut.events, before.events - 2);
      assert.notEqual(cut.head, before.head);
    });
    assert.equal((await verifyChain(db)).head, before.head);
  });

  test("longer than a page it is read to its end, and at most twenty breaches are listed", async () => {
    const { events } = await verifyChain(db);
    await leave(...Array.from({ length: 1100 }, (_, n) => ({ facts: { n } })));
    const pages: number[] = [];
    const whole = await verifyChain(db, (read) => pages.push(read));
    assert(whole.isIntact);
    assert.deepEqual(pages, [1000, events + 1100]);
    await tampered("update audit_events set act = 'x' where seq > 1020", async () => {
      const { breaches: listed, events: read } = await verifyChain(db);
      assert.equal(listed.length, 20);
      assert.equal(read, events + 1100);
    });
  });
});
