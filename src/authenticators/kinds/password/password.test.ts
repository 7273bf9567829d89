import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { testDatabase } from "../../../../test/world/database.ts";
import { testRuntime } from "../../../../test/world/runtime.ts";
import { secret } from "../../../kernel/secret.ts";
import { verifyPassword } from "./password.ts";

test("a password for no account costs a counted attempt too, on rows whose number is limited", async () => {
  const database = await testDatabase({ poolSize: 2 });
  try {
    const runtime = testRuntime(database.db);
    const counted = async () => {
      const { rows } = await sql<{ buckets: number; attempts: number }>`
        select count(*)::int as buckets, coalesce(sum(attempts), 0)::int as attempts
        from throttle_counters where bucket ~ '^no-password:[0-9a-f]{2}$'`.execute(database.db.root);
      return rows[0];
    };
    assert.deepEqual(await counted(), { buckets: 0, attempts: 0 });
    for (const attempt of [1, 2, 3]) {
      const verified = await verifyPassword(runtime, null, secret("copper lantern orchard"), runtime.clock.now());
      assert.equal(verified.ok, false);
      assert.equal((await counted())?.attempts, attempt);
    }
    const all = await sql<{ count: number }>`select count(*)::int as count from throttle_counters`.execute(
      database.db.root,
    );
    assert.deepEqual(all.rows, [{ count: (await counted())?.buckets }]);
  } finally {
    await database.drop();
  }
});
