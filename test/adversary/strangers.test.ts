import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, signInWithPassword } from "../../src/bin/demo/person.ts";
import { story } from "../world/story.ts";
import { addPasskey, nameHost, signInWithPasskey } from "../world/passkeys.ts";
import { makeAuthenticator } from "../world/software-authenticator.ts";
import type { World } from "../world/world.ts";
import { DAY, elsewhere, forgetAttempts, HOUR, subscriber } from "./cast.ts";

/* Guessing as a weapon: whoever fails at somebody else's name must not keep its owner out. */

/** Wrong passwords for one name until the strangers' tries are used up, with the hours they have to wait. */
async function guessPasswords(world: World, name: string, times: number): Promise<void> {
  for (let guess = 0; guess < times; guess += 1) {
    await forgetAttempts(world); // from as many networks as it takes; the authenticator's own count stays
    world.runtime.clock.advance(HOUR);
    const stranger = openBrowser(world.origin);
    await stranger.open("/sign-in");
    await stranger.submit("/sign-in", { name, password: "not the right password" });
  }
}

/** The browser in which somebody was signed in before, signed out. */
function atHome(world: World, person: Person): Person {
  const browser = openBrowser(world.origin);
  for (const [name, value] of person.browser.cookies)
    if (name.endsWith("device")) (browser.cookies as Map<string, string>).set(name, value); // the browser's own jar
  return { ...person, browser };
}

describe("strangers guess at a name", () => {
  story(
    "and make each other wait; the browser its owner signed in with goes on",
    { seed: "lane-wait" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(DAY);
      const mallory = openBrowser(world.origin);
      for (let guess = 0; guess < 5; guess += 1) {
        await mallory.open("/sign-in");
        await mallory.submit("/sign-in", { name: "alice", password: "not the right password" });
      }
      expectPage(await signInWithPassword(elsewhere(world, alice)), /Too many attempts/, 429);
      const home = atHome(world, alice);
      expectPage(await signInWithPassword(home), /six digits/i);
      const code = (await home.phone?.code()) ?? "";
      expectPage(await home.browser.submit("/sign-in/second-factor", { code }), /How you get in/);
    },
  );

  story(
    "until the password is closed to strangers: neither a known browser nor a passkey is locked out",
    { seed: "lane-closed" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      nameHost(world);
      const key = makeAuthenticator();
      await addPasskey(world, alice, key);
      await world.pass(DAY);
      await guessPasswords(world, "alice", 90);
      await forgetAttempts(world);
      await world.pass(2 * HOUR);
      const away = elsewhere(world, alice);
      assert.equal((await signInWithPassword(away)).status, 401, "closed, with the answer of every wrong password");
      const home = atHome(world, alice);
      expectPage(await signInWithPassword(home), /passkey|six digits/i);
      const code = (await home.phone?.code()) ?? "";
      expectPage(await home.browser.submit("/sign-in/second-factor", { code }), /How you get in/);
      assert.equal(
        (await signInWithPassword(elsewhere(world, alice))).status,
        401,
        "it opens for strangers by no success",
      );
      expectPage(await signInWithPasskey(world, openBrowser(world.origin), key), /How you get in/);
    },
  );

  story(
    "a made-up cookie is no lane: all of them share the strangers' tries",
    { seed: "lane-forged" },
    async (world) => {
      await subscriber(world, "alice");
      const statuses: number[] = [];
      for (let guess = 0; guess < 8; guess += 1) {
        const stranger = openBrowser(world.origin);
        (stranger.cookies as Map<string, string>).set("locksmith_device", `${"A".repeat(42)}${guess}`);
        await stranger.open("/sign-in");
        statuses.push(
          (await stranger.submit("/sign-in", { name: "alice", password: "not the right password" })).status,
        );
      }
      assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    },
  );

  story("the known browser's own wrong tries wait as well", { seed: "lane-known" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(DAY);
    const home = { ...atHome(world, alice), password: "not the right password" };
    for (let guess = 0; guess < 5; guess += 1) assert.equal((await signInWithPassword(home)).status, 401);
    assert.equal((await signInWithPassword(home)).status, 429);
    expectPage(await signInWithPassword(elsewhere(world, alice)), /six digits/i);
  });
});
