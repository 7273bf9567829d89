import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm, openFromStuckScreen, proveApiToken } from "../../src/bin/demo/recovery.ts";
import { atTheDesk, DAY, elsewhere, maintainer, staff, stateOf } from "../adversary/cast.ts";
import { story } from "../world/story.ts";

describe("strict mode", () => {
  story("no reviewer can approve; what the machine can check still opens the account", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const rita = await staff(world, "rita", "reviewer");
    expectPage(await alice.browser.open("/account/strict"), /Strict mode is off/);
    expectPage(await alice.browser.submit("/account/strict/begin"), /Strict mode is on/);
    await world.mailbox.wait(alice.address, /Strict mode of your account has begun/);
    await world.pass(20 * DAY);

    const thin = elsewhere(world, alice);
    const opened = await openFromForm(thin, { username: "alice", contact: alice.address });
    await confirmContact(world, thin, opened.number);
    await thin.browser.submit("/recovery/case/submit");
    const desk = await atTheDesk(world, rita);
    const page = expectPage(await desk.browser.open(`/console/cases/${opened.number}`), /Approval is not possible yet/);
    assert.match(page.text, /The owner has chosen strict mode/);
    await desk.browser.submit(/refuse$/, {
      reason: "Not enough, and strict mode.",
      username: "alice",
      code: (await desk.phone?.code()) ?? "",
    });
    assert.equal(await stateOf(world, opened.number), "refused");

    const able = elsewhere(world, alice);
    const second = await openFromStuckScreen(able);
    await confirmContact(world, able, second.number);
    await proveApiToken(world, able);
    assert.equal(await stateOf(world, second.number), "waiting", "password, mailbox and token need no person");
  });

  story("ending takes a week and can be taken back; a second request moves nothing", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await alice.browser.open("/account/strict");
    await alice.browser.submit("/account/strict/begin");
    const first = expectPage(await alice.browser.submit("/account/strict/end"), /about to end/);
    assert.match(first.text, /9 November/);
    await world.mailbox.wait(alice.address, /Strict mode of your account will end/);
    await world.pass(5 * 60_000);
    expectPage(await alice.browser.submit("/account/strict/begin"), /Strict mode is on/);
    expectPage(await alice.browser.submit("/account/strict/end"), /about to end/);
    await world.pass(8 * DAY);
    const back = elsewhere(world, alice);
    await signIn(back);
    expectPage(await back.browser.open("/account/strict"), /Strict mode is off/);
  });
});
