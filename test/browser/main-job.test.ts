import assert from "node:assert/strict";
import { describe } from "node:test";
import { makePerson, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { DAY, elsewhere, HOUR, maintainer, newestLink, staff } from "../adversary/cast.ts";
import { browserStories } from "./browser.ts";
import { openLaptop } from "./laptop.ts";
import { arrive, assertSound, bigDate, button, input, link, read } from "./people.ts";
import {
  approve,
  getCodes,
  lookAtCase,
  makeTokenAndKey,
  noteCase,
  openCase,
  proveSshKey,
  proveToken,
  register,
  restore,
  returnToCase,
  setUpApp,
  signIn,
  signInAtDesk,
  sit,
} from "./steps.ts";

/*
 * The main job in a real browser, with the keyboard alone: from the registration to the first release after the recovery.
 * The commands that the pages show are copied with their buttons and run as they are.
 */

const browserStory = browserStories();

const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

describe("the main job in a browser, with the keyboard alone", () => {
  browserStory(
    "Alice registers, loses her phone and her codes, proves what she holds, waits, and gets back in",
    { seed: "browser-alice" },
    async (world, sitDown) => {
      const laptop = await openLaptop();
      try {
        const alice = makePerson(world, "alice", "alice@alice.example");
        const first = sit(world, await sitDown(CLIPBOARD), alice);
        await register(first);
        await setUpApp(first);
        await getCodes(first);
        await makeTokenAndKey(first, laptop);
        assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.0"))).status, 200);
        await world.pass(10 * DAY);

        const lost = sit(world, await sitDown(CLIPBOARD), alice);
        const noted = await openCase(lost);
        await proveToken(lost, laptop);
        await proveSshKey(lost, laptop);
        await read(lost.page, /Your case is decided/);
        await assertSound(lost.page);

        // Looking at the page behind the objection link does nothing; it has one button, and says what that does.
        const other = await sitDown();
        await world.settle();
        await other.page.goto(newestLink(world, alice.address, /\/objection\//));
        await arrive(other.page, "Was this not you?");
        assert.equal(await other.page.getByRole("main").getByRole("button").count(), 1);

        const ends = await bigDate(lost.page);
        assert(ends.getTime() - world.time.now().getTime() >= 72 * HOUR, "an ordinary account waits 72 hours");
        await world.time.until(new Date(ends.getTime() - HOUR)); // everybody is told once more before the end
        await world.pass(HOUR + 1000);
        await returnToCase(lost, noted);
        await read(lost.page, "You can set up your account anew");
        await assertSound(lost.page);
        await restore(lost, noted);

        // The session of before is over, the old token is dead, and for a while nothing new is made.
        await first.page.goto("/account");
        await arrive(first.page, "Sign in");
        assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 403);
        await signIn(lost);
        await read(lost.page, "Some things wait for a while");
        await assertSound(lost.page);
        await lost.page.goto("/account/tokens");
        await lost.keys.type(input(lost.page, "Name"), "new laptop");
        await lost.keys.enter(button(lost.page, "Make token"));
        await read(lost.page, /on hold until/);
        await world.pass(73 * HOUR);
        await signIn(lost);
        await makeTokenAndKey(lost, laptop);
        assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200);
      } finally {
        await laptop.close();
      }
    },
  );

  browserStory(
    "Bob starts from the public form; the desk asks him one thing more, he answers, and it approves",
    { seed: "browser-bob", policyFile: "policy/demo.json" },
    async (world, sitDown) => {
      const laptop = await openLaptop();
      try {
        const dana = await staff(world, "dana", "reviewer");
        const bob = await maintainer(world, "bob", "bedrock");
        const frank = await maintainer(world, "frank", "gneiss");
        for (const name of ["basalt", "schist"]) await upload(world, frank, wheelOf(name, "1.0", ["bedrock>=1"]));
        await bob.browser.open("/account/keys");
        await bob.browser.submit("/account/keys", { key: laptop.publicLine });
        await world.pass(10_000);

        const away = sit(world, await sitDown(CLIPBOARD), bob);
        await away.page.goto("/sign-in");
        await away.keys.enter(link(away.page, "I cannot sign in"));
        await arrive(away.page, "Get back into your account");
        await away.keys.type(input(away.page, "Your username"), "bob");
        await away.keys.type(input(away.page, "Where can we write to you?"), bob.address);
        await away.keys.choose(away.page.getByRole("radio", { name: /I lost my authenticator app/ }));
        await away.keys.enter(button(away.page, "Open a recovery case"));
        const noted = await noteCase(away);
        await away.keys.enter(button(away.page, "Let a person look at it now"));
        await read(away.page, "A person looks at it now");
        await assertSound(away.page);

        const desk = sit(world, await sitDown(), dana);
        await signInAtDesk(desk);
        await lookAtCase(desk, noted);
        await desk.keys.enter(desk.page.locator("summary", { hasText: "Ask the claimant one thing more" }));
        await desk.keys.type(input(desk.page, "Question"), "Please sign with the SSH key on your laptop.");
        await desk.keys.enter(button(desk.page, "Ask"));
        await read(desk.page, "Information requested");
        await assertSound(desk.page);

        await world.mailbox.wait(bob.address, new RegExp(`question about your recovery case ${noted.number}`));
        await away.page.reload();
        await read(away.page, "Please sign with the SSH key on your laptop.");
        await assertSound(away.page);
        await proveSshKey(away, laptop);
        await away.keys.type(input(away.page, "Write to us"), "Here is the signature.");
        await away.keys.enter(button(away.page, "Send"));
        await read(away.page, "A person looks at it now");

        await approve(desk, noted, "bob");
        await world.pass(40_000);
        await restore(away, noted);
        await signIn(away);
      } finally {
        await laptop.close();
      }
    },
  );

  browserStory(
    "the owner stops a case with one button, without signing in",
    { seed: "browser-objection" },
    async (world, sitDown) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      await openFromStuckScreen(elsewhere(world, alice), "thief@elsewhere.example");
      await world.settle();
      const owner = sit(world, await sitDown(), alice);
      await owner.page.goto(newestLink(world, alice.address, /\/objection\//));
      await owner.keys.enter(button(owner.page, "Stop it and freeze the account"));
      await arrive(owner.page, "What happens next");
      await read(owner.page, /the account is frozen/);
      await assertSound(owner.page);
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 403);
    },
  );
});
