import assert from "node:assert/strict";
import { describe } from "node:test";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import {
  confirmDevice,
  expectPage,
  makePerson,
  mailCodeIn,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { shape } from "./alike.ts";
import { csrfOf, DAY, elsewhere, forgetAttempts, HOUR, postForm, rawRequest, subscriber } from "./cast.ts";

/* Lists of names and passwords from elsewhere, tried here one after the other (product §12: stuffing). */

const names = (count: number, from = 0): readonly string[] =>
  Array.from({ length: count }, (_, at) => `somebody-${from + at}`);

/** Tries a leaked password for each name, from the network that everybody in a test shares. */
async function stuff(world: World, list: readonly string[]): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const name of list) {
    const browser = openBrowser(world.origin);
    await browser.open("/sign-in");
    statuses.push((await browser.submit("/sign-in", { name, password: "summer-of-2019" })).status);
  }
  return statuses;
}

const opensAccount = async (world: World, browser: Browser): Promise<boolean> =>
  (await rawRequest(world, { path: "/account/setup", browser })).status === 200;

describe("credential stuffing", () => {
  story("a stuffing run with one right password gets no session", { seed: "stuffing" }, async (world) => {
    // Nobody is easier to take: no second factor, and no address that was ever confirmed.
    const nina = makePerson(world, "nina");
    await nina.browser.open("/register");
    await nina.browser.submit("/register", { username: "nina", address: nina.address, password: nina.password });
    assert.equal((await signInWithPassword(elsewhere(world, nina))).path, "/account/setup", "on an ordinary day");

    await stuff(world, names(9));
    assert.equal((await signInWithPassword(elsewhere(world, nina))).path, "/account/setup", "nine are no run");
    await stuff(world, names(1, 9));
    const thief = elsewhere(world, nina);
    const page = expectPage(await signInWithPassword(thief), /Confirm that it is you/);
    assert(!page.html.includes(nina.address));
    assert(!(await opensAccount(world, thief.browser)));
    for (let guess = 0; guess < 3; guess += 1)
      expectPage(await thief.browser.submit("/sign-in/new-device", { code: `0000000${guess}` }), /newest mail/, 401);
    assert(!(await opensAccount(world, thief.browser)));

    // Its owner, in the middle of it, reads the code at the address that was never confirmed.
    await world.pass(60_000); // hers is the later of two mails
    const owner = elsewhere(world, nina);
    await signInWithPassword(owner);
    assert.equal((await confirmDevice(owner)).path, "/account/setup");
    await world.pass(HOUR + 1000);
    assert.equal((await signInWithPassword(elsewhere(world, nina))).path, "/account/setup", "an hour later it is over");
  });

  story(
    "in a run from one's own network even a known browser is asked, and a recovery code passes",
    { seed: "stuffing-known" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(DAY);
      const home = elsewhere(world, alice);
      expectPage(await signIn(home), /How you get in/);
      await home.browser.submit("/sign-out");
      await stuff(world, names(10));
      await world.pass(60_000);
      expectPage(await signInWithPassword(home), /six digits/i);
      const code = (await home.phone?.code()) ?? "";
      expectPage(
        await home.browser.submit("/sign-in/second-factor", { code }),
        /many wrong passwords come from your network/,
      );
      const mail = await world.mailbox.wait(alice.address, /Code to sign in on a new device/);
      expectPage(await home.browser.submit("/sign-in/new-device", { code: mailCodeIn(mail) }), /How you get in/);
      const away = elsewhere(world, alice);
      expectPage(await signInWithPassword(away), /six digits/i);
      await away.browser.open("/sign-in/recovery-code");
      expectPage(await away.browser.submit("/sign-in/recovery-code", { code: alice.codes[1] ?? "" }), /replacement/);
    },
  );

  story("a run does not tell which of its names exist", { seed: "stuffing-alike" }, async (world) => {
    const people = [];
    for (const name of ["anna", "bert", "cleo", "dora"]) people.push(await subscriber(world, name));
    const answers = new Set<string>();
    for (const name of ["anna", "nobody-1", "bert", "nobody-2", ...names(10), "cleo", "nobody-3", "dora", "nobody-4"]) {
      const browser = openBrowser(world.origin);
      const body = new URLSearchParams({ _csrf: await csrfOf(browser), name, password: "summer-of-2019" }).toString();
      answers.add(JSON.stringify(shape(await postForm(world, "/sign-in", body, { browser }), [name])));
    }
    assert.equal(answers.size, 1, [...answers].join("\n"));
    await forgetAttempts(world);
    assert.equal(people.length, 4);
  });
});
