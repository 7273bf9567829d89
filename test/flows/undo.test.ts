import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, makeToken, type Person, signIn, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { formsOf } from "../../src/bin/demo/browser.ts";
import { listAddresses } from "../../src/accounts/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { yankRelease } from "../../src/registry/index.ts";
import { accountIdOf, actsSince, addAddress, DAY, lastSeq, pressAtAddress } from "../adversary/cast.ts";
import { doHarm, go, lockAndUnlock, PROJECT, recovered, signedIn, takeOver } from "../adversary/taken-over.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* After somebody else was in the account: what was done in that time, kept or undone, one question a page. */

const UNDO = "/account/undo";
const DEMO = { policyFile: "policy/demo.json" };

/** What installers see of a project. */
const indexOf = async (world: World, project: string): Promise<string> =>
  (await fetch(new URL(`/simple/${project}/`, world.origin), { headers: { accept: "text/html" } })).text();

/** Presses undo or keep on the question that is shown. */
const answer = (person: Person, verdict: "undone" | "kept") => {
  const { html } = person.browser.page;
  const fields = formsOf(html).find((one) => one.fields["verdict"] === verdict)?.fields;
  assert(fields, `there is a button for ${verdict}`);
  return person.browser.submit(`${UNDO}/decide`, fields);
};

const publish = async (world: World, person: Person, version: string): Promise<number> =>
  (await upload(world, person, wheelOf("alpenglow", version))).status;

const told = (world: World, address: string, words: RegExp): number =>
  world.sent.filter((mail) => mail.to === address && words.test(mail.text)).length;

describe("After somebody else was in the account", () => {
  story("each thing is asked about, and what was not the owner is really undone", { seed: "undo" }, async (world) => {
    const cast = await takeOver(world);
    const { bob, mallory } = cast;
    await doHarm(world, cast, await accountIdOf(world, "bob"));
    assert.equal(await publish(world, bob, "1.1"), 403, "the co-owner is out");
    const alice = await lockAndUnlock(world, cast.alice);
    expectPage(await go(alice, "/account"), /Was somebody else in your account\?/);
    expectPage(await go(alice, UNDO), /Since when may somebody else.*A week before the first sign/);
    expectPage(await alice.browser.submit(UNDO), /Was this you\?/);

    const asked: string[] = [];
    const before = await lastSeq(world);
    for (let left = 20; left > 0 && /Was this you\?/.test(alice.browser.page.text); left -= 1) {
      asked.push(/Was this you\? (.*?\.) /.exec(alice.browser.page.text)?.[1] ?? "");
      expectPage(await answer(alice, "undone"), /Was this you\?|been through all of it/);
    }
    const all = asked.join("\n");
    for (const words of [
      /mallory became an owner of the project alpenglow/,
      /bob, who was an owner of the project alpenglow, was removed/,
      /helper was invited to become a maintainer/,
      /Version 2\.0 of alpenglow was published/,
      /The API token “night job” was made/,
      /thief@evil\.example was added/,
      /alice@second\.example was removed/,
      /The SSH key .* was added/,
    ])
      assert.match(all, words);
    assert.equal(asked.length, 8, all);
    expectPage(alice.browser.page, /been through all of it.*Nothing is left to decide/);

    assert.match(await indexOf(world, "alpenglow"), /alpenglow-2\.0[^>]*data-yanked="Published while somebody else/);
    assert.doesNotMatch(await indexOf(world, "alpenglow"), /alpenglow-1\.0[^>]*data-yanked/);
    assert.equal(await publish(world, bob, "1.1"), 200, "the co-owner is back");
    assert.equal(await publish(world, mallory, "3.0"), 403, "the helper is out");
    assert.equal((await upload(world, cast.thief, wheelOf("alpenglow", "3.1"))).status, 403);
    expectPage(await go(alice, "/account/addresses"), /alice@second\.example/);
    assert.doesNotMatch(alice.browser.page.text, /thief@evil\.example/);
    assert.doesNotMatch((await go(alice, PROJECT)).text, /helper/);
    assert.doesNotMatch((await go(alice, "/account/keys")).text, /SHA256:.*SHA256:/);
    await world.settle();
    assert.equal(told(world, bob.address, /alice made bob an owner again/), 1);
    assert.equal(told(world, mallory.address, /alice removed mallory/), 1);
    assert.equal(told(world, bob.address, /alice yanked version 2\.0/), 1);
    assert.equal(told(world, alice.address, /somebody has begun to go through what was done/), 1);
    const acts = (await actsSince(world, before)).filter((act) => act === "undo/change-undone");
    assert.equal(acts.length, 8, "each decision is on the record");

    expectPage(await go(alice, UNDO), /Undone/);
    expectPage(await alice.browser.submit(`${UNDO}/finish`), /Check-up/);
    assert.equal(alice.browser.page.path, "/account/check-up");
    assert.doesNotMatch((await go(alice, "/account")).text, /Was somebody else in your account/);
  });

  story("what was kept stays, is resumed where it was left, and can still be undone", {}, async (world) => {
    const cast = await takeOver(world);
    await doHarm(world, cast, await accountIdOf(world, "bob"));
    const alice = await lockAndUnlock(world, cast.alice);
    await go(alice, UNDO);
    expectPage(await alice.browser.submit(UNDO, { since: "day", day: "1999-01-01" }), /choose a day before/, 422);
    expectPage(await alice.browser.submit(UNDO, { since: "just-before" }), /You have been through|Was this you/);
    await go(alice, `${UNDO}?step=since`);
    expectPage(await alice.browser.submit(UNDO, { since: "settled" }), /Was this you\?.*mallory/);
    expectPage(await answer(alice, "kept"), /Was this you\?.*bob/);
    await world.pass(DAY);
    const later = await signedIn(world, alice);
    expectPage(await go(later, UNDO), /2 of 8.*Was this you\?.*bob/);
    expectPage(await go(later, `${UNDO}/all`), /mallory became an owner.*Kept/);
    assert.equal(await publish(world, cast.mallory, "1.3"), 200, "kept is kept");
    await go(later, `${UNDO}/all`);
    expectPage(await answer(later, "undone"), /Undone/);
    assert.equal(await publish(world, cast.mallory, "1.4"), 403);
  });

  story("twice is as once, at the same time too, and in a second window", {}, async (world) => {
    const cast = await takeOver(world);
    await doHarm(world, cast, await accountIdOf(world, "bob"));
    const alice = await lockAndUnlock(world, cast.alice);
    await go(alice, UNDO);
    await alice.browser.submit(UNDO);
    const form = formsOf(alice.browser.page.html).find((one) => one.fields["verdict"] === "undone");
    assert(form);
    const before = await lastSeq(world);
    const press = () =>
      alice.browser.raw(form.action, {
        method: "POST",
        body: new URLSearchParams(form.fields),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
    const answers = await Promise.all(Array.from({ length: 12 }, press));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [303]);
    assert.equal((await press()).status, 303, "and once more later");
    const acts = await actsSince(world, before);
    assert.equal(acts.filter((act) => act === "registry/role-removed").length, 1);
    assert.equal(acts.filter((act) => act === "undo/change-undone").length, 1);
    await world.settle();
    assert.equal(told(world, cast.mallory.address, /alice removed mallory/), 1);
    // What was undone is not kept afterwards by a window that was open all along.
    const kept = await alice.browser.submit(form.action, { ...form.fields, verdict: "kept" });
    expectPage(kept, /undone already/, 409);
  });

  story(
    "after a recovery too: the main address, an organisation, a yank; and what cannot be undone is said",
    DEMO,
    async (world) => {
      const { alice } = await takeOver(world);
      const owner = await signedIn(world, alice);
      await go(owner, "/account/confirm");
      await go(owner, "/account/organisations");
      expectPage(await owner.browser.submit("/account/organisations", { name: "ridge" }), /Who shares it/);
      await world.pass(20 * DAY);
      const in_ = await signedIn(world, alice);
      await go(in_, "/account/confirm");
      await addAddress(world, in_, "thief@evil.example");
      await pressAtAddress(in_, "main", "thief@evil.example");
      await go(in_, "/account/organisations/ridge");
      expectPage(
        await in_.browser.submit("/account/organisations/ridge/projects", { project: "alpenglow" }),
        /alpenglow/,
      );
      const accountId = await accountIdOf(world, "alice");
      const yanking = { project: "alpenglow", version: "1.0", because: "nobody should use it", by: accountId };
      await transact(world.runtime.db, { now: world.time.now() }, (tx) =>
        yankRelease(tx, world.runtime.random, yanking),
      );
      assert.match(await indexOf(world, "alpenglow"), /alpenglow-1\.0[^>]*data-yanked/);
      await go(in_, "/account/tokens");
      await makeToken(in_, "night job");
      assert.equal((await upload(world, in_, wheelOf("alpenstorm", "1.0"))).status, 200);
      await world.pass(60_000);

      const { back } = await recovered(world, alice);
      await world.pass(60_000);
      const again = back; // the browser of the recovery is known: no code goes to the thief's address
      expectPage(await signIn(again), /alice/);
      await go(again, UNDO);
      expectPage(await again.browser.submit(UNDO), /Was this you\?/);
      expectPage(await go(again, `${UNDO}/all`), /The project alpenstorm was made\. .* Its name stays taken/);
      assert.match(again.browser.page.text, /An API token was made\. .* It has ended already/);
      await go(again, UNDO);
      for (let left = 20; left > 0 && /Was this you\?/.test(again.browser.page.text); left -= 1)
        expectPage(await answer(again, "undone"), /Was this you\?|been through all of it/);
      expectPage(again.browser.page, /been through all of it/);
      assert.doesNotMatch(await indexOf(world, "alpenglow"), /data-yanked/);
      assert.match(await indexOf(world, "alpenstorm"), /data-yanked/);
      assert.match((await go(again, "/account/organisations/ridge")).text, /Projects None yet/);
      const addresses = await listAddresses(world.runtime.db, accountId);
      assert.deepEqual(
        addresses.map(({ address, isPrimary }) => [address, isPrimary]),
        [
          ["alice@alice.example", true],
          ["alice@second.example", false],
        ],
      );
    },
  );
});
