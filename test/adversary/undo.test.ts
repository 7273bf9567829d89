import assert from "node:assert/strict";
import { describe } from "node:test";
import { freezeAccount, thawDue } from "../../src/accounts/index.ts";
import { expectPage, type Person, signInWithPassword, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { accountIdOf, csrfOf, DAY, elsewhere, postForm, subscriber, tables } from "./cast.ts";
import { accept, doHarm, go, invite, lockAndUnlock, pressFor, PROJECT, signedIn, takeOver } from "./taken-over.ts";

/* Whoever is not the owner, and the wizard that undoes. */

const UNDO = "/account/undo";

/** Presses undo for a change by its key, whether or not a page offers it. */
async function forge(world: World, person: Person, change: string) {
  const fields = { _csrf: await csrfOf(person.browser), change, verdict: "undone", from: "all" };
  return postForm(world, `${UNDO}/decide`, new URLSearchParams(fields).toString(), { browser: person.browser });
}

/** Everything that the wizard offers from a week before the first sign on. */
async function offered(person: Person): Promise<string> {
  await go(person, UNDO);
  if (/Since when may/.test(person.browser.page.text)) await person.browser.submit(UNDO);
  return (await go(person, `${UNDO}/all`)).text;
}

describe("undoing what happened while somebody else was in", () => {
  story("a thief who still has a session, or only a password and no session, cannot undo", {}, async (world) => {
    const cast = await takeOver(world);
    await invite(await signedIn(world, cast.alice), "mallory", "maintainer");
    expectPage(await go(cast.thief, UNDO), /Nothing to go through/);
    const alice = await lockAndUnlock(world, cast.alice);
    const person = `person:project:alpenglow:${await accountIdOf(world, "bob")}`;
    expectPage(await cast.thief.browser.open(UNDO), /Sign in/);
    const before = await tables(world);
    assert.equal((await forge(world, cast.thief, person)).status, 303, "sent away");
    assert.deepEqual(await tables(world), before, "nothing was changed");
    expectPage(await signInWithPassword(elsewhere(world, cast.thief)), /do not fit|not right|Sign in/, 401);
    await world.pass(11 * 60_000);
    await alice.browser.open(UNDO);
    assert.equal(alice.browser.page.path, "/account/confirm", "and its owner shows the authenticators again");
  });

  story("a freeze that ended by itself proves nobody: whoever is in then can undo nothing", {}, async (world) => {
    const cast = await takeOver(world);
    const alice = await signedIn(world, cast.alice);
    await invite(alice, "mallory", "maintainer");
    const accountId = await accountIdOf(world, "alice");
    const until = new Date(world.time.now().getTime() + DAY);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      await freezeAccount(tx, world.runtime.random, {
        accountId,
        because: "suspicious",
        caseId: null,
        actor: { kind: "clock" },
        until,
      });
      return ok();
    });
    await world.pass(2 * DAY);
    await thawDue(world.runtime, world.time.now());
    const thief = await signedIn(world, cast.alice);
    expectPage(await go(thief, UNDO), /Nothing to go through/);
    const answer = await forge(world, thief, `person:project:alpenglow:${await accountIdOf(world, "bob")}`);
    assert.equal(answer.status, 409);
  });

  story("what a co-owner did is not undone, nor what anybody decided afterwards", {}, async (world) => {
    const cast = await takeOver(world);
    const { bob, mallory } = cast;
    await doHarm(world, cast, await accountIdOf(world, "bob"));
    // Mallory, an owner by the thief, goes on in her own name; then bob comes back by her and cleans up in his.
    const owner = await signedIn(world, mallory);
    assert.equal((await upload(world, mallory, wheelOf("alpenglow", "6.6"))).status, 200);
    await invite(owner, "bob", "owner");
    const back = await signedIn(world, bob);
    await accept(back);
    expectPage(await pressFor(back, "role", await accountIdOf(world, "mallory"), "maintainer"), /Maintainer/);
    assert.equal((await upload(world, bob, wheelOf("alpenglow", "1.1"))).status, 200);
    const alice = await lockAndUnlock(world, cast.alice);
    const list = await offered(alice);
    assert.doesNotMatch(list, /mallory became|bob, who was/, "others have decided about both since");
    assert.doesNotMatch(list, /Version 1\.1|Version 6\.6/);
    for (const change of [
      `person:project:alpenglow:${await accountIdOf(world, "mallory")}`,
      `person:project:alpenglow:${await accountIdOf(world, "bob")}`,
      "release:alpenglow:1.1",
      "release:alpenglow:6.6",
    ])
      assert.equal((await forge(world, alice, change)).status, 409, change);
    assert.equal((await upload(world, bob, wheelOf("alpenglow", "1.2"))).status, 200, "bob is still an owner");
  });

  story("what the owner does afterwards is not in it, and holds are not got round with it", {}, async (world) => {
    const cast = await takeOver(world);
    await doHarm(world, cast, await accountIdOf(world, "bob"));
    const alice = await lockAndUnlock(world, cast.alice);
    await go(alice, PROJECT);
    const held = await alice.browser.submit(`${PROJECT}/invite`, { who: "helper", role: "owner" });
    expectPage(held, /on hold until/, 403);
    await offered(alice);
    const helper = `person:project:alpenglow:${await accountIdOf(world, "helper")}`;
    assert.equal((await forge(world, alice, helper)).status, 409, "nobody comes in who was not there before");
    assert.equal((await forge(world, alice, "release:bedrock:1.0")).status, 409, "nor anything of somebody else's");
    assert.equal((await forge(world, await signedIn(world, cast.mallory), helper)).status, 409);
    await world.pass(2 * DAY);
    const later = await signedIn(world, alice);
    await invite(later, (await subscriber(world, "gwen")).username, "owner");
    const list = await offered(later);
    assert.match(list, /helper was invited/);
    assert.doesNotMatch(list, /gwen/);
  });

  story("ninety days later, and for who lost nothing, there is nothing to go through", {}, async (world) => {
    const cast = await takeOver(world);
    const alice = await lockAndUnlock(world, cast.alice);
    expectPage(await go(alice, UNDO), /Since when may/);
    expectPage(await go(await signedIn(world, cast.mallory), UNDO), /Nothing to go through/);
    await world.pass(91 * DAY);
    expectPage(await go(await signedIn(world, alice), UNDO), /Nothing to go through/);
  });
});
