import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import {
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  maintainer,
  newestLink,
  staff,
  stateOf,
  subscriber,
} from "../adversary/cast.ts";
import { story } from "../world/story.ts";

const invite = async (person: Person, username: string) => {
  await person.browser.open("/account/contacts");
  return person.browser.submit("/account/contacts", { username });
};

describe("recovery contacts", () => {
  story("a contact who accepted is told of a recovery and can stop it; one who did not is not", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    const carol = await subscriber(world, "carol");
    expectPage(await invite(alice, "bob"), /Invited/);
    expectPage(await invite(alice, "carol"), /carol/);
    await world.mailbox.wait(bob.address, /asks you to be their recovery contact/);
    await bob.browser.open("/account/contacts");
    expectPage(await bob.browser.submit("/account/contacts/accept"), /Stop being it/);
    await world.mailbox.wait(alice.address, /answer about your recovery contact/);
    await world.pass(20 * DAY);

    const stranger = elsewhere(world, alice);
    const opened = await openFromForm(stranger, { username: "alice", contact: alice.address });
    await confirmContact(world, stranger, opened.number);
    await world.settle();
    const told = (person: Person) =>
      world.sent.some((mail) => mail.to === person.address && /\/objection\//.test(mail.text));
    assert(told(bob), "the contact is told");
    assert(!told(carol), "an open invitation means nothing");
    const link = newestLink(world, bob.address, /\/objection\//);
    const anywhere = openBrowser(world.origin);
    await anywhere.open(link);
    expectPage(await anywhere.submit(link), /is stopped/);
    assert.equal(await stateOf(world, opened.number), "contested");
  });

  story("refused: unknown names, oneself, twice, a sixth; either side ends it", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    const others = await Promise.all(
      ["bob", "carol", "dave", "erin", "frank", "grace"].map((one) => subscriber(world, one)),
    );
    const [bob] = others;
    assert(bob);
    for (const [name, status] of [
      ["nobody-here", 404],
      ["alice", 422],
      [bob.address, 404],
      ["", 422],
    ] as const)
      assert.equal((await invite(alice, name)).status, status, name);
    for (const one of others.slice(0, 5)) expectPage(await invite(alice, one.username), new RegExp(one.username));
    assert.equal((await invite(alice, "bob")).status, 409);
    expectPage(await invite(alice, "grace"), /Five recovery contacts are the most/, 409);
    await bob.browser.open("/account/contacts");
    expectPage(await bob.browser.submit("/account/contacts/end"), /Nobody yet/);
    expectPage(await invite(alice, "grace"), /grace/);
  });

  story("a reviewer whom the account has named does not decide its case", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const rita = await staff(world, "rita", "reviewer");
    await invite(alice, "rita");
    await world.pass(20 * DAY);
    const away = elsewhere(world, alice);
    const opened = await openFromForm(away, { username: "alice", contact: alice.address });
    await confirmContact(world, away, opened.number);
    await away.browser.submit("/recovery/case/submit");
    const desk = await atTheDesk(world, rita);
    const page = expectPage(
      await desk.browser.open(`/console/cases/${opened.number}`),
      /Somebody else decides this case/,
    );
    assert.match(page.text, /One of you is the other's recovery contact/);
    const refused = await desk.browser.raw(`/console/cases/${opened.number}/refuse`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        _csrf: await csrfOf(desk.browser),
        reason: "I know her and she is not well.",
        username: "alice",
        seenState: "review",
        code: (await desk.phone?.code()) ?? "",
      }).toString(),
    });
    assert.equal(refused.status, 403);
    assert.equal(await stateOf(world, opened.number), "review");
  });
});
