import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "node:test";
import { sql } from "kysely";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, signIn, signInWithPassword, stepUp } from "../../src/bin/demo/person.ts";
import { atTheDesk, DAY, elsewhere, forgetAttempts, HOUR, rawRequest, staff, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* What ASVS 5.0 asks of passwords and sessions and no other test shows; docs/asvs.md says which test is for which. */

const MINUTE = 60_000;

const isIn = async (world: World, browser: Browser, path = "/account"): Promise<boolean> =>
  (await rawRequest(world, { path, browser })).status === 200;

/** Uses what is open, again and again, until a time has passed. */
async function use(world: World, browser: Browser, path: string, everyMs: number, forMs: number): Promise<void> {
  for (let passed = 0; passed < forMs; passed += everyMs) {
    await world.pass(everyMs);
    await rawRequest(world, { path, browser });
  }
}

/** At the form for a new password, with authenticators shown a moment ago. */
async function atNewPassword(person: Person): Promise<void> {
  await person.browser.open("/account/password");
  await stepUp(person);
  expectPage(await person.browser.open("/account/password"), /new password/i);
}

describe("passwords", () => {
  story(
    "a password is taken as it is: seven signs are too few, 256 are not too many, each counts, none must be there",
    { seed: "asvs-taken" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await atNewPassword(alice);
      const submit = (password: string) => alice.browser.submit("/account/password", { password });
      expectPage(await submit("kqvbzrm"), /at least 8 characters/, 422);
      expectPage(await submit("kqvbzrmx".repeat(33)), /at most 256 characters/, 422);
      const words = "only small letters and no digit at all ";
      const long = words.repeat(7).slice(0, 255).trimEnd().padEnd(256, "z");
      assert.equal(long.length, 256);
      assert.equal((await submit(long)).status, 200);
      for (const wrong of [long.slice(0, -1), long.toUpperCase(), `${long.slice(0, -1)}y`, ` ${long.slice(1)}`]) {
        const typed = { ...elsewhere(world, alice), password: wrong };
        assert.equal((await signInWithPassword(typed)).status, 401);
      }
      await forgetAttempts(world);
      await world.pass(HOUR);
      expectPage(await signInWithPassword({ ...elsewhere(world, alice), password: long }), /six digits/i);
    },
  );

  story(
    "a password made of our name, the index's, the username or the address is refused with the reason",
    { seed: "asvs-context" },
    async (world) => {
      const alice = await subscriber(world, "liddell-alice", "white.rabbit@wonderland.example");
      await atNewPassword(alice);
      for (const password of [
        "locksmith-2026-locksmith",
        `${world.runtime.indexName} 1 2 3 4`,
        "liddell-alice-2026",
        "wonderland1234",
        "white.rabbit.1999",
      ])
        expectPage(await alice.browser.submit("/account/password", { password }), /made of your name/, 422);
    },
  );

  story("common passwords are refused although they are long enough", { seed: "asvs-common" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await atNewPassword(alice);
    for (const password of ["password1", "qwertyuiop", "Iloveyou1", "aaaaaaaaaaaaaaaa", "abcdefghijklmnop"])
      expectPage(await alice.browser.submit("/account/password", { password }), /thieves try first/, 422);
  });

  story("changing the password asks for the one there is", { seed: "asvs-change" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(11 * MINUTE);
    await alice.browser.open("/account/password");
    assert.equal(alice.browser.page.path, "/account/confirm", "what was shown eleven minutes ago does not do");
    const code = (await alice.phone?.code()) ?? "";
    const refused = await alice.browser.submit("/account/confirm", { password: "not this one, surely", code });
    assert.equal(refused.status, 401);
    await alice.browser.open("/account/password");
    assert.equal(alice.browser.page.path, "/account/confirm", "and a wrong one does not do either");
  });

  story("a password of two years ago still signs in", { seed: "asvs-age" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(730 * DAY);
    await signedInAnew(world, elsewhere(world, alice));
  });

  story(
    "every password field hides what is typed, has room, and says to password managers what it is",
    { seed: "asvs-fields" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await atNewPassword(alice);
      const pages = [
        alice.browser.page,
        await openBrowser(world.origin).open("/sign-in"),
        await openBrowser(world.origin).open("/register"),
        await openBrowser(world.origin).open("/console/sign-in"),
      ];
      for (const { html, path } of pages) {
        const fields = [...html.matchAll(/<input[^>]*\bname="password"[^>]*>/g)].map(([input]) => input);
        assert(fields.length > 0, path);
        for (const input of fields) {
          assert.match(input, /\btype="password"/, path);
          assert.doesNotMatch(input, /\breadonly\b/, path);
          assert.match(input, /\bautocomplete="(?:new|current)-password"/, path);
          assert(Number(/\bmaxlength="(\d+)"/.exec(input)?.[1] ?? Infinity) >= 64, path);
        }
        assert.doesNotMatch(html, /\bon(?:paste|copy|cut|drop)=/i, path);
      }
    },
  );
});

describe("sessions", () => {
  story(
    "a session ends after an hour unused and a day in all, at the desk after 15 minutes and 12 hours",
    { seed: "asvs-times" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(59 * MINUTE);
      assert(await isIn(world, alice.browser), "59 minutes unused");
      await world.pass(61 * MINUTE);
      assert(!(await isIn(world, alice.browser)), "61 minutes unused");

      const registered = await subscriber(world, "anna");
      await world.pass(MINUTE);
      const anna = await signedInAnew(world, elsewhere(world, registered));
      await use(world, anna.browser, "/account", 30 * MINUTE, 23 * HOUR);
      assert(await isIn(world, anna.browser), "used every half hour for 23 hours");
      await use(world, anna.browser, "/account", 30 * MINUTE, 90 * MINUTE);
      assert(!(await isIn(world, anna.browser)), "a day is over");

      const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
      await world.pass(14 * MINUTE);
      assert(await isIn(world, dana.browser, "/console"), "14 minutes unused");
      await world.pass(16 * MINUTE);
      assert(!(await isIn(world, dana.browser, "/console")), "16 minutes unused");
      const erin = await atTheDesk(world, await staff(world, "erin", "reviewer"));
      await use(world, erin.browser, "/console", 10 * MINUTE, 11 * HOUR);
      assert(await isIn(world, erin.browser, "/console"), "used every ten minutes for 11 hours");
      await use(world, erin.browser, "/console", 10 * MINUTE, 90 * MINUTE);
      assert(!(await isIn(world, erin.browser, "/console")), "twelve hours are over");
    },
  );

  story(
    "signing out ends the session at the server, and every page behind a sign-in has the button",
    { seed: "asvs-out" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const paths = ["/account", "/account/tokens", "/account/history", "/account/contacts", "/account/check-up"];
      for (const path of paths) {
        const { html } = expectPage(await alice.browser.open(path), /./);
        assert.equal(html.match(/action="\/sign-out"/g)?.length, 1, path);
      }
      const copy = openBrowser(world.origin);
      for (const [name, value] of alice.browser.cookies) (copy.cookies as Map<string, string>).set(name, value);
      assert(await isIn(world, copy));
      await alice.browser.submit("/sign-out");
      assert(!(await isIn(world, copy)), "a copy of the cookie");
      assert(!(await isIn(world, alice.browser)));
    },
  );

  story(
    "a session's token is 256 random bits, and the database has its digest alone",
    { seed: "asvs-token" },
    async (world) => {
      const tokens = [await subscriber(world, "alice"), await subscriber(world, "bob")].map(
        ({ browser }) => browser.cookies.get("locksmith_session") ?? "",
      );
      for (const token of tokens) {
        assert.equal(Buffer.from(token, "base64url").length, 32);
        const digest = createHash("sha256").update(token).digest();
        const { rows } = await sql<{ whole: string }>`
          select sessions::text as whole from sessions where digest = ${digest}`.execute(world.runtime.db.root);
        assert.equal(rows.length, 1, "found by its digest");
        assert(!rows[0]?.whole.includes(token), "and not kept itself");
      }
      assert.notEqual(tokens[0], tokens[1]);
    },
  );

  story("somebody ends one session, and all the others, from the account page", { seed: "asvs-end" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const others = [elsewhere(world, alice), elsewhere(world, alice), elsewhere(world, alice)];
    for (const other of others) {
      await world.pass(MINUTE);
      await signedInAnew(world, other);
    }
    await world.pass(MINUTE);
    await alice.browser.open("/account");
    await alice.browser.submit("/account/sessions/end");
    const left = () => Promise.all(others.map(({ browser }) => isIn(world, browser)));
    assert.equal((await left()).filter(Boolean).length, 2, "one of three is ended");
    await alice.browser.open("/account");
    await alice.browser.submit("/account/sessions/end-others");
    assert.deepEqual(await left(), [false, false, false]);
    assert(await isIn(world, alice.browser), "the one at hand goes on");
  });
});

/** Signed in at a browser that the account had not seen before. */
async function signedInAnew(world: World, person: Person): Promise<Person> {
  await signIn(person);
  assert(await isIn(world, person.browser));
  return person;
}
