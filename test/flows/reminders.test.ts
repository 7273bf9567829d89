import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { tellDesk } from "../../src/recovery/index.ts";
import { atTheDesk, DAY, elsewhere, HOUR, maintainer, newestLink, staff, stateOf } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Nobody is left waiting without a word. */

const to = (world: World, address: string, subject: RegExp) =>
  world.sent.filter((mail) => mail.to === address && subject.test(mail.subject));

describe("a case that waits", () => {
  story(
    "for its claimant: two reminders, rest, and a late word that takes it up again",
    { seed: "remind" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, opened.number);
      const reminders = () => to(world, alice.address, /waits for you$/);
      await world.pass(22 * DAY);
      assert.equal(reminders().length, 0);
      await world.pass(1 * DAY);
      assert.equal(reminders().length, 1);
      const text = reminders()[0]?.text ?? "";
      assert.match(text, /waits for something that shows the\s+account is yours/);
      assert.match(text, /You have shown/, "what there is");
      assert.match(text, /Without a sign from you it closes by itself: \w+day/);
      await world.pass(5 * DAY);
      assert.equal(reminders().length, 1, "one a moment");
      await world.pass(1 * DAY);
      assert.equal(reminders().length, 2);
      await world.pass(1 * DAY + HOUR);
      assert.equal(reminders().length, 2);
      assert.equal(await stateOf(world, opened.number), "expired");
      assert.equal(to(world, alice.address, /has come to rest/).length, 1);

      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      const back = elsewhere(world, alice);
      await back.browser.open(link);
      expectPage(await back.browser.submit(link, { code: opened.code }), /Reopen this case/);
      expectPage(await back.browser.submit("/recovery/case/reopen", {}), /Show that the account is yours/);
      await world.pass(23 * DAY);
      assert.equal(reminders().length, 3, "the new date is reminded of again");
    },
  );

  story(
    "for the desk: one mail a day to those who decide, with numbers and no names",
    { seed: "digest" },
    async (world) => {
      const rosa = await staff(world, "rosa", "reviewer");
      const ann = await staff(world, "ann", "auditor");
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      assert.equal(await tellDesk(world.runtime, world.time.now()), 0, "nothing waits, nobody is written to");
      const lost = elsewhere(world, alice);
      const opened = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, opened.number);
      await lost.browser.submit("/recovery/case/submit", {});
      await world.pass(DAY);
      assert.equal(await tellDesk(world.runtime, world.time.now()), 1);
      await world.settle();
      const [first] = to(world, rosa.address, /Recovery cases wait for the desk/);
      assert.match(first?.text ?? "", /Waiting for us: +1, the oldest for 24 hours/);
      assert.doesNotMatch(first?.text ?? "", /alice|LK-/);
      assert.equal(to(world, ann.address, /Recovery cases wait/).length, 0, "an auditor decides nothing");
      const queue = async () => (await (await atTheDesk(world, rosa)).browser.open("/console?lane=us")).text;
      assert.doesNotMatch(await queue(), /Overdue/);
      await world.pass(3 * DAY);
      await tellDesk(world.runtime, world.time.now());
      await world.settle();
      const [late] = to(world, rosa.address, /Recovery cases wait too long/);
      assert.match(late?.text ?? "", /One case has waited longer for us than we promise/);
      assert.match(late?.text ?? "", /the oldest for 4 days; 1 for longer than 72 hours/);
      assert.match(await queue(), /Overdue/);
    },
  );
});
