import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { mailDeviceCode, submitDeviceCode, submitPassword, submitTotp } from "../../src/sign-in/index.ts";
import { lockBySubscriber } from "../../src/recovery/index.ts";
import { endCeremonies } from "../../src/sign-in/index.ts";
import { findAddress, listAddresses } from "../../src/accounts/index.ts";
import { must } from "../world/registry.ts";
import { acts, codeOf, mailsTo, openGround, PASSWORD, SOURCE, type Subscriber, tally, times } from "./ground.ts";

/* The confirmation of a new browser, raced: one code, one session, and none beside a lock. */

const ground = await openGround("new-device races");
const { runtime } = ground;
const now = () => runtime.clock.now();
const nothing = async () => {};

/** A sign-in that waits for its confirmation. */
async function waiting(owner: Subscriber): Promise<string> {
  runtime.clock.advance(60_000); // a step of the app signs in once
  const { username: name } = owner.account;
  const step = must(
    await submitPassword(runtime, { name, password: PASSWORD, purpose: "subscriber", source: SOURCE, now: now() }),
  );
  assert(step.next === "second-factor");
  const ceremonyToken = step.ceremonyToken.reveal();
  const code = codeOf(now());
  const held = must(await submitTotp(runtime, { ceremonyToken, typed: code, source: SOURCE, now: now() }, nothing));
  assert.equal(held.next, "confirm-device");
  return ceremonyToken;
}

/** The code of the newest mail. */
async function mailedCode(owner: Subscriber): Promise<string> {
  const { rows } = await runtime.db.pool.query<{ text: string }>(
    "select text_body as text from outbox_mails where message = 'new-device-code' and account_id = $1 order by id desc limit 1",
    [owner.account.id],
  );
  return /^ +(\d{4} \d{4})\s*$/m.exec(rows[0]?.text ?? "")?.[1] ?? "";
}

describe("confirming a new browser, raced", () => {
  after(() => ground.close());

  test("of ten answers with one code one signs in", async () => {
    const owner = await ground.subscriber("one-code");
    const ceremonyToken = await waiting(owner);
    const typed = await mailedCode(owner);
    const outcomes = await ground.collide(
      "one_time_secrets",
      times(10, () => () => submitDeviceCode(runtime, { ceremonyToken, typed, source: SOURCE, now: now() }, nothing)),
      { meet: 10 },
    );
    assert.deepEqual(tally(outcomes), { ok: 1, "one-time/spent": 9 });
    assert.equal(await ground.count("sessions", "ended_at is null and account_id", owner.account.id), 1);
    assert.equal(await acts(ground, owner.account, "sign-in/succeeded"), 1);
    assert.equal((await mailsTo(ground, owner.address)).filter((one) => one === "signed-in-new-device").length, 1);
  });

  test("of thirty wrong codes at once ten are looked at, and then not even the right one", async () => {
    const owner = await ground.subscriber("wrong-codes");
    const ceremonyToken = await waiting(owner);
    const submit = (typed: string) =>
      submitDeviceCode(runtime, { ceremonyToken, typed, source: SOURCE, now: now() }, nothing);
    const found = tally(await Promise.all(times(30, () => () => submit("00000000")).map((start) => start())));
    assert.deepEqual(found, { "sign-in/wrong-device-code": 10, "throttle/too-many": 20 });
    assert.deepEqual(tally([await submit(await mailedCode(owner))]), { "throttle/too-many": 1 });
  });

  test("asked for ten times at once, one code works: that of the last mail", async () => {
    const owner = await ground.subscriber("many-mails");
    const ceremonyToken = await waiting(owner);
    const [address] = await listAddresses(runtime.db, owner.account.id);
    assert(address && (await findAddress(runtime.db, address.id)));
    const ask = { ceremonyToken, addressId: address.id, source: SOURCE, now: now() };
    const asked = await ground.collide(
      "one_time_secrets",
      times(5, () => () => mailDeviceCode(runtime, ask)),
      { meet: 2 },
    );
    assert.equal(tally(asked)["ok"], 5);
    const { rows } = await runtime.db.pool.query<{ n: number }>(
      `select count(*)::int as n from one_time_secrets
       where purpose = 'new-device-code' and subject like $1 and spent_at is null and revoked_at is null`,
      [`${owner.account.id} %`],
    );
    assert.equal(rows[0]?.n, 1);
  });

  test("a lock at the same moment leaves no session behind", async () => {
    const owner = await ground.subscriber("locked-meanwhile");
    const ceremonyToken = await waiting(owner);
    const typed = await mailedCode(owner);
    const press = { account: owner.account, event: null, source: SOURCE, now: now() };
    await ground.collide<{ readonly ok: boolean }>(
      "audit_events",
      [
        () => submitDeviceCode(runtime, { ceremonyToken, typed, source: SOURCE, now: now() }, nothing),
        () => lockBySubscriber(runtime, press, (tx, account) => endCeremonies(tx, account.id)),
      ],
      { meet: 1 },
    );
    assert.equal(await ground.count("sessions", "ended_at is null and account_id", owner.account.id), 0);
  });
});
