import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { findAccount } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { recogniseDevice } from "../../src/sessions/index.ts";
import { noteWrongPassword, findRun, watchAccounts } from "../../src/suspicion/index.ts";
import { act } from "../world/registry.ts";
import { acts, mailsTo, openGround, type Subscriber, times } from "./ground.ts";

/* Any number of workers look at the same account at once: each step is taken once. */

const ground = await openGround("suspicion races");
const { runtime } = ground;
const DAY = 24 * 3600_000;
const now = () => runtime.clock.now();

const happen = (owner: Subscriber, names: readonly string[]) =>
  act(runtime, async (tx) => {
    for (const name of names)
      audit(tx, runtime.random, {
        act: name,
        actor: { kind: "subscriber", id: owner.account.id },
        accountId: owner.account.id,
        personal: { ip: "203.0.113.66" },
      });
    await recogniseDevice(tx, runtime.random, owner.account.id, undefined);
    return ok();
  });

const sweeps = (count: number) =>
  Promise.all(times(count, () => () => watchAccounts(runtime, now())).map((run) => run()));

describe("ten sweeps at once", () => {
  after(() => ground.close());

  test("ask once, freeze once, and tell of each once", async () => {
    const owner = await ground.subscriber("burst");
    runtime.clock.advance(3 * DAY);
    await happen(owner, [
      "authenticators/password-changed",
      "authenticators/totp-bound",
      "authenticators/recovery-codes-made",
      "accounts/primary-address-changed",
    ]);
    const asked = (await sweeps(10)).reduce((sum, one) => sum + one.asked, 0);
    assert.equal(asked, 1);
    runtime.clock.advance(60_000);
    await happen(owner, ["accounts/address-removed"]);
    const frozen = (await sweeps(10)).reduce((sum, one) => sum + one.frozen, 0);
    assert.equal(frozen, 1);
    assert.equal((await findAccount(runtime.db, owner.account.id))?.frozen?.because, "suspicious");
    assert.equal(await acts(ground, owner.account, "accounts/frozen"), 1);
    const told = (await mailsTo(ground, owner.address)).filter((name) => /unusual|frozen/.test(name));
    assert.deepEqual(told.toSorted(), ["account-frozen", "unusual-activity"]);
  });

  test("a hundred wrong passwords at once for one name from one network count once", async () => {
    const tried = { name: "nobody-here", ip: "192.0.2.200" };
    await Promise.all(times(100, () => () => noteWrongPassword(runtime, tried, now())).map((run) => run()));
    assert.equal(await findRun(runtime, tried, now()), null);
    for (let name = 0; name < 8; name += 1)
      await noteWrongPassword(runtime, { ...tried, name: `nobody-${name}` }, now());
    assert.equal(await findRun(runtime, tried, now()), null, "nine names");
    await noteWrongPassword(runtime, { ...tried, name: "nobody-9" }, now());
    assert.equal(await findRun(runtime, tried, now()), "many-names");
    assert.equal(await findRun(runtime, { name: null, ip: "192.0.2.200" }, now()), "many-names");
    assert.equal(await findRun(runtime, { name: "nobody-here", ip: "192.0.2.201" }, now()), null, "elsewhere");
    for (let network = 1; network <= 7; network += 1)
      await noteWrongPassword(runtime, { name: "nobody-here", ip: `198.51.100.${network}` }, now());
    assert.equal(await findRun(runtime, { name: " Nobody-Here", ip: "192.0.2.201" }, now()), "many-networks");
  });
});
