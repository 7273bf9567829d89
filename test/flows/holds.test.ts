import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { ALL_POWERS, placeHold } from "../../src/registry/index.ts";
import { accountIdOf, DAY, maintainer } from "../adversary/cast.ts";
import { accept, go, invite, PROJECT, signedIn } from "../adversary/taken-over.ts";
import { story } from "../world/story.ts";

/* What is held after an account was given back is seen by who has to know it, with its date. */

describe("Holds after a restoration", () => {
  story("its owner and its co-owners see them with the date, nobody else; uploads name it too", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await maintainer(world, "bob", "bedrock");
    const carol = await maintainer(world, "carol", "chalk");
    const dora = await maintainer(world, "dora", "dolomite");
    await invite(alice, "bob", "owner");
    await accept(bob);
    await invite(alice, "carol", "maintainer");
    await accept(carol);
    const accountId = await accountIdOf(world, "alice");
    const until = new Date(world.time.now().getTime() + 3 * DAY);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      const actor = { kind: "clock" } as const;
      const hold = { accountId, powers: ALL_POWERS, caseId: null, until, because: "account recovery", actor };
      await placeHold(tx, world.runtime.random, hold);
      return ok();
    });
    const date = until.getUTCDate().toString();
    const own = expectPage(await go(alice, "/account"), /Some things wait for a while.*recovered/);
    assert.match(own.text, new RegExp(`Held until .*${date} .*: publishing, changes of owners`));
    expectPage(await go(bob, "/account"), new RegExp(`alice , until .*${date} .*account was recovered.*alpenglow`));
    expectPage(await go(bob, PROJECT), new RegExp(`Publishing from an account is held.*alice , until .*${date} `));
    assert.doesNotMatch((await go(bob, "/account/projects/bedrock")).text, /is held/, "only where they share it");
    for (const person of [carol, dora]) {
      assert.doesNotMatch((await go(person, "/account")).text, /alice , until|Publishing is held/);
    }
    assert.doesNotMatch((await go(carol, PROJECT)).text, /is held/, "who owns nothing of it is told nothing");

    const refused = await upload(world, alice, wheelOf("alpenglow", "1.1"));
    assert.equal(refused.status, 403);
    assert(refused.reason.includes(until.toISOString()), refused.reason);
    assert.match(refused.reason, /on hold until .*Reason: account recovery/);
    await world.pass(3 * DAY + 1000);
    assert.doesNotMatch((await go(await signedIn(world, bob), "/account")).text, /Publishing is held/);
    assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200, "it ends by itself");
  });
});
