import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testDatabase } from "../../test/world/database.ts";
import { act, makeAccount } from "../../test/world/registry.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { audit } from "../audit/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok } from "../kernel/result.ts";
import { deleteOldDevices, forgetDevices, recogniseDevice } from "./index.ts";

const DAY = 24 * 3600_000;
const database = await testDatabase();
const runtime = testRuntime(database.db, { seed: "devices" });
after(() => database.drop());

const signInWith = (accountId: AccountId, cookie?: string) =>
  act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/signed-in", actor: { kind: "anyone" }, accountId });
    return ok(await recogniseDevice(tx, runtime.random, accountId, cookie));
  });
const inAct = (accountId: AccountId, work: (tx: Parameters<typeof deleteOldDevices>[0]) => Promise<void>) =>
  act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/done", actor: { kind: "clock" }, accountId });
    await work(tx);
    return ok();
  });

test("a browser is known again by its cookie, for this account, for a year of not being seen", async () => {
  const alice = (await makeAccount(runtime, "alice")).id;
  const bob = (await makeAccount(runtime, "bob")).id;
  const first = await signInWith(alice);
  assert.equal(first.isKnown, false);
  const cookie = first.token.reveal();
  runtime.clock.advance(300 * DAY);
  const second = await signInWith(alice, cookie);
  assert.deepEqual([second.isKnown, second.id, second.token.reveal()], [true, first.id, cookie]);

  const others = await signInWith(bob, cookie);
  assert.equal(others.isKnown, false, "somebody else at the same browser is new in it");
  assert.equal(others.token.reveal(), cookie, "which keeps its one cookie");
  const { rows } = await runtime.db.pool.query("select digest from known_devices");
  assert.equal(new Set(rows.map(({ digest }: { digest: Buffer }) => digest.toString("hex"))).size, 2);

  runtime.clock.advance(364 * DAY);
  await inAct(alice, deleteOldDevices);
  assert.equal((await signInWith(alice, cookie)).isKnown, true, "seen within the year");
  runtime.clock.advance(366 * DAY);
  assert.equal((await signInWith(alice, cookie)).isKnown, false);
});

test("whatever a cookie says, it is a new browser, with a cookie of ours; forgotten ones are new too", async () => {
  const carol = (await makeAccount(runtime, "carol")).id;
  for (const cookie of ["", "x", "x".repeat(44), `${"x".repeat(42)}\n`, "é".repeat(43)]) {
    const found = await signInWith(carol, cookie);
    assert.equal(found.isKnown, false);
    assert.match(found.token.reveal(), /^[A-Za-z0-9_-]{43}$/);
  }
  const cookie = (await signInWith(carol)).token.reveal();
  await inAct(carol, (tx) => forgetDevices(tx, carol));
  assert.equal((await signInWith(carol, cookie)).isKnown, false);
});
