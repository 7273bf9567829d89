import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, linkIn, makePerson, type Person, signIn } from "../../src/bin/demo/person.ts";
import { addAddress, HOUR, newestLink, pressAtAddress, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

const told = (world: World, to: string, pattern: RegExp) =>
  world.sent.filter((mail) => mail.to === to && pattern.test(mail.text));

describe("mail addresses", () => {
  story("a second address is confirmed, made the main one, and both are told", { seed: "addresses" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const second = "alice@second.example";
    await alice.browser.open("/account/addresses");
    expectPage(await alice.browser.submit("/account/addresses", { address: "late@slow.example" }), /on its way/);
    await world.settle();
    expectPage(await alice.browser.open("/account/addresses"), /accepted by test just now/);
    await addAddress(world, alice, second);
    expectPage(await pressAtAddress(alice, "main", second), new RegExp(second));
    await world.settle();
    assert.equal(told(world, alice.address, /made the main one/).length, 1);
    assert.equal(told(world, second, /made the main one/).length, 1);
    assert.equal(told(world, second, /\/undo-address\//).length, 0, "only the address of before can take it back");
    expectPage(await pressAtAddress(alice, "remove", alice.address), new RegExp(second));
    await world.settle();
    assert.equal(told(world, alice.address, /was removed/).length, 1, "the removed address is told too");
    await alice.browser.open("/account/addresses");
  });

  story(
    "the old address takes a thief's change back; a scanner's look does nothing",
    { seed: "undo" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const thief: Person = { ...alice, browser: openBrowser(world.origin) };
      await signIn(thief);
      await addAddress(world, thief, "mallory@evil.example");
      expectPage(await pressAtAddress(thief, "main", "mallory@evil.example"), /mallory@evil/);
      expectPage(await pressAtAddress(thief, "remove", alice.address), /mallory@evil/);
      await world.settle();
      const link = newestLink(world, alice.address, /\/undo-address\//);
      const scanner = openBrowser(world.origin);
      for (let look = 0; look < 3; look += 1) expectPage(await scanner.open(link), /Take the change back\?/);
      expectPage(await scanner.submit(link), /Taken back/);
      expectPage(await thief.browser.open("/account/addresses"), /Sign in/);
      await signIn(alice);
      const page = expectPage(await alice.browser.open("/account/addresses"), new RegExp(alice.address));
      assert.match(page.text, /Main/);
      expectPage(await scanner.open(link), /used already/, 410);
      await alice.browser.open("/account/addresses");
      const held = await alice.browser.submit("/account/addresses", { address: "again@evil.example" });
      assert.match(held.text, /until/, "addresses are held for a while");
      await world.pass(73 * HOUR);
    },
  );

  story(
    "what cannot be done is refused with the reason, and nothing changes",
    { seed: "address-refusals" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const bob = await subscriber(world, "bob");
      const open = () => alice.browser.open("/account/addresses");
      await open();
      for (const [address, reason] of [
        ["not an address", /does not read as a mail address/],
        [alice.address.toUpperCase(), /on this account already/],
        ['"quoted local"@mail.example', /does not read as a mail address/],
        ["alice@[192.0.2.1]", /does not read as a mail address/],
      ] as const) {
        const refused = await alice.browser.submit("/account/addresses", { address });
        assert.match(refused.text, reason, address);
        assert(refused.status >= 400 && refused.status < 500);
      }
      const page = await alice.browser.submit("/account/addresses", { address: bob.address });
      expectPage(page, new RegExp(bob.address));
      await world.settle();
      assert.equal(
        told(world, bob.address, /\/confirm-address\//).length,
        1,
        "the owner gets no link for somebody else's account",
      );
      const main = await alice.browser.submit("/account/addresses/remove", { id: "adr_00000000000000000000000000" });
      assert(main.status === 404 || main.status === 422, String(main.status));
      for (let count = 0; count < 8; count += 1) {
        await open();
        await alice.browser.submit("/account/addresses", { address: `alice+${count}@many.example` });
      }
      await open();
      expectPage(
        await alice.browser.submit("/account/addresses", { address: "one.more@many.example" }),
        /at most ten/,
        409,
      );
    },
  );

  story("a mistyped first address is corrected in place, and its link ends", { seed: "typo" }, async (world) => {
    const alice = makePerson(world, "alice", "alice@gmial.com");
    await alice.browser.open("/register");
    const { username, address, password } = alice;
    expectPage(await alice.browser.submit("/register", { username, address, password }), /Did you mean gmail\.com/);
    const wrong = linkIn(await world.mailbox.wait(address, /Confirm your address/), /\/confirm-address\//);
    const again = await alice.browser.submit("/account/setup/address", { address: "no address" });
    assert.equal(again.status, 422);
    assert.match(again.html, /value="no address"/, "what was typed comes back");
    expectPage(
      await alice.browser.submit("/account/setup/address", { address: "alice@gmail.com" }),
      /alice@gmail\.com/,
    );
    const right = linkIn(await world.mailbox.wait("alice@gmail.com", /Confirm your address/), /\/confirm-address\//);
    expectPage(await openBrowser(world.origin).open(wrong), /replaced by a newer one/, 410);
    await alice.browser.open(right);
    expectPage(await alice.browser.submit(right), /address is confirmed/i);
    const setup = await alice.browser.open("/account/setup");
    assert(!setup.html.includes("/account/setup/address"), "a confirmed address is not corrected but changed");
  });
});
