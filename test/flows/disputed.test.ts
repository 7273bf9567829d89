import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, type Person, signIn, signInWithPassword, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { decide } from "../../src/bin/demo/story.ts";
import {
  accountIdOf,
  actsSince,
  atTheDesk,
  elsewhere,
  forgetAttempts,
  isFrozen,
  lastSeq,
  maintainer,
  newestLink,
  staff,
  stateOf,
} from "../adversary/cast.ts";
import { listActiveHolds } from "../../src/registry/index.ts";
import { accept, invite, proven, recovered, takeBack } from "../adversary/taken-over.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Somebody objects after the account was given back: two people of the desk keep the recovery or take it back. */

const DEMO = { policyFile: "policy/demo.json" };

/** Presses the button behind the newest objection link of somebody who was told. */
async function objectAs(world: World, address: string): Promise<void> {
  await world.settle();
  const link = newestLink(world, address, /\/objection\//);
  const reader = openBrowser(world.origin);
  await reader.open(link);
  expectPage(await reader.submit(link), /stopped|frozen/i);
}

const told = (world: World, address: string, subject: RegExp): number =>
  world.sent.filter((mail) => mail.to === address && subject.test(mail.subject)).length;

describe("An objection after the account was given back", () => {
  story("two who say that it was the owner open the account again, and everybody is told anew", DEMO, async (world) => {
    const bob = await maintainer(world, "bob", "bedrock");
    const carol = await maintainer(world, "carol", "chalk");
    await invite(bob, "carol", "owner", "/account/projects/bedrock");
    await accept(carol);
    await world.pass(10_000);
    const { number, back } = await recovered(world, bob);
    expectPage(await signIn(back), /bob/);
    await objectAs(world, carol.address);
    assert.equal(await stateOf(world, number), "disputed");
    assert(await isFrozen(world, "bob"));
    await objectAs(world, bob.address); // a second one is heard too
    assert.equal(await stateOf(world, number), "disputed");
    expectPage(await back.browser.open("/account"), /Sign in/);
    await forgetAttempts(world);

    const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
    expectPage(await dana.browser.open("/console?lane=incident"), new RegExp(number));
    expectPage(await dana.browser.open(`/console/cases/${number}`), /Two of you decide/);
    expectPage(await decide(dana, number, "keep", "bob"), /Disputed second/);
    assert(await isFrozen(world, "bob"), "one alone opens nothing");
    expectPage(await decide(dana, number, "keep", "bob"), /given your verdict|another person/, 403);
    const erin = await atTheDesk(world, await staff(world, "erin", "reviewer"));
    const blind = await erin.browser.open(`/console/cases/${number}`);
    assert.doesNotMatch(blind.text, /said that the recovery stands/, "the second does not know what the first said");
    const before = told(world, carol.address, /recovery stands/);
    expectPage(await decide(erin, number, "keep", "bob"), /Restored/);
    assert(!(await isFrozen(world, "bob")));
    const holds = await listActiveHolds(world.runtime.db, await accountIdOf(world, "bob"), world.time.now());
    assert.equal(holds[0]?.placedAt.getTime(), world.time.now().getTime(), "everything is held anew");
    await world.settle();
    assert.equal(told(world, carol.address, /recovery stands/), before + 1);
    assert.equal(told(world, bob.address, /recovery stands/), 1);
    assert.equal((await upload(world, bob, wheelOf("bedrock", "1.1"))).status, 403, "the old token is dead");
    const again = elsewhere(world, back);
    await world.pass(60_000); // the holds of the demo are over by then
    expectPage(await signIn(again), /bob/);
    await objectAs(world, carol.address);
    assert.equal(await stateOf(world, number), "disputed", "and can be objected to again");
  });

  story(
    "two who say that it was not end everything; a new case gives the account to its owner",
    DEMO,
    async (world) => {
      const bob = await maintainer(world, "bob", "bedrock");
      await world.pass(10_000);
      const { number, back } = await recovered(world, bob);
      expectPage(await signIn(back), /bob/);
      await objectAs(world, bob.address);
      const desk: Person[] = [];
      for (const name of ["dana", "erin", "fred"]) {
        await forgetAttempts(world);
        desk.push(await atTheDesk(world, await staff(world, name, "reviewer")));
      }
      const [dana, erin, fred] = desk;
      assert(dana && erin && fred);
      expectPage(await decide(dana, number, "reverse", "bob"), /Disputed second/);
      expectPage(await decide(erin, number, "keep", "bob"), /Disputed second/);
      assert(await isFrozen(world, "bob"), "they differ: a third one decides");
      const before = await lastSeq(world);
      expectPage(await decide(fred, number, "reverse", "bob"), /Reversed/);
      const acts = await actsSince(world, before);
      assert(acts.includes("recovery/authenticators-revoked"), acts.join(", "));
      assert(await isFrozen(world, "bob"));
      await world.settle();
      assert.equal(told(world, bob.address, /recovery was taken back/), 1);
      await forgetAttempts(world);
      expectPage(await signInWithPassword(elsewhere(world, back)), /do not go together/, 401);
      expectPage(await fred.browser.open(`/console/cases/${number}`), /Nothing to decide/);

      // What the machine believed once is enough no more: two people decide, and the freeze ends with the restoration.
      const owner = await proven(world, bob);
      assert.equal(await stateOf(world, owner.number), "review");
      expectPage(await decide(dana, owner.number, "approve", "bob"), /Second review/);
      expectPage(await decide(erin, owner.number, "approve", "bob"), /Waiting/);
      assert(await isFrozen(world, "bob"), "frozen until it is given back");
      await takeBack(world, owner.away, owner.number);
      assert(!(await isFrozen(world, "bob")));
      await world.pass(60_000);
      expectPage(await signIn(elsewhere(world, owner.away)), /bob/);
    },
  );
});
