import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testDatabase } from "../../test/world/database.ts";
import { act, makeAccount, must } from "../../test/world/registry.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { audit } from "../audit/index.ts";
import { ok } from "../kernel/result.ts";
import { secret } from "../kernel/secret.ts";
import { bindPassword, findAuthenticator, preparePassword } from "./index.ts";
import { countAuthenticatorAttempt, type Lane, noteSuccess } from "./store.ts";

const HOUR = 3600_000;
const database = await testDatabase();
const runtime = testRuntime(database.db, { seed: "lanes" });
after(() => database.drop());

async function passwordOf(username: string) {
  const { id } = await makeAccount(runtime, username);
  const prepared = must(await preparePassword(runtime, secret("copper lantern orchard 7"), { hasSecondFactor: true }));
  await act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/bound", actor: { kind: "operator" }, accountId: id });
    await bindPassword(tx, runtime.random, id, prepared, "registration");
    return ok();
  });
  const found = await findAuthenticator(runtime.db, id, "password");
  assert(found);
  return found;
}

/** Fails so often in a lane, each time after the longest wait. @returns how many tries were let through */
async function fail(one: Awaited<ReturnType<typeof passwordOf>>, lane: Lane, times: number): Promise<number> {
  let passed = 0;
  for (let at = 0; at < times; at += 1) {
    runtime.clock.advance(HOUR);
    if ((await countAuthenticatorAttempt(runtime.db, one, runtime.clock.now(), lane)).ok) passed += 1;
  }
  return passed;
}

const answer = async (one: Awaited<ReturnType<typeof passwordOf>>, lane: Lane): Promise<string> => {
  runtime.clock.advance(HOUR);
  const counted = await countAuthenticatorAttempt(runtime.db, one, runtime.clock.now(), lane);
  return counted.ok ? "ok" : counted.refusal.code;
};

const succeed = (one: Awaited<ReturnType<typeof passwordOf>>) =>
  act(runtime, async (tx) => {
    audit(tx, runtime.random, { act: "test/succeeded", actor: { kind: "operator" }, accountId: one.accountId });
    return ok(await noteSuccess(tx, one.id));
  });

test("eighty tries of strangers close their lane and not the known one, and no success opens it again", async () => {
  const one = await passwordOf("anna");
  assert.equal(await fail(one, "stranger", 90), 80);
  assert.equal(await answer(one, "stranger"), "authenticators/closed-elsewhere");
  assert.equal(await answer(one, "known"), "ok");
  assert.equal(await succeed(one), true);
  assert.equal(await answer(one, "stranger"), "authenticators/closed-elsewhere");
});

test("twenty tries of a known browser leave it what strangers have, and a hundred in all disable the authenticator", async () => {
  const one = await passwordOf("bert");
  assert.equal(await fail(one, "known", 25), 25, "twenty of its own, and five of the strangers'");
  assert.equal(await fail(one, "stranger", 90), 75);
  assert.equal(await answer(one, "known"), "authenticators/disabled");
  assert.equal(await findAuthenticator(runtime.db, one.accountId, "password"), null);
  assert(await findAuthenticator(runtime.db, one.accountId, "password", ["disabled"]));
});

test("a success forgets the failures of both lanes, and their waits", async () => {
  const one = await passwordOf("cleo");
  for (const lane of ["known", "stranger"] as const) {
    for (let at = 0; at < 5; at += 1) await countAuthenticatorAttempt(runtime.db, one, runtime.clock.now(), lane);
    const waiting = await countAuthenticatorAttempt(runtime.db, one, runtime.clock.now(), lane);
    assert.equal(waiting.ok ? "ok" : waiting.refusal.code, "authenticators/wait");
  }
  await succeed(one);
  for (const lane of ["known", "stranger"] as const)
    assert((await countAuthenticatorAttempt(runtime.db, one, runtime.clock.now(), lane)).ok);
});
