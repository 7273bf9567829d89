import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  confirmDevice,
  enrol,
  expectPage,
  linkIn,
  makePassphrase,
  makePerson,
  type Person,
  registerAndConfirm,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { confirmContact, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { elsewhere, forgetAttempts, HOUR, staff } from "../adversary/cast.ts";
import { type RangeServer, startRangeServer } from "../world/range-server.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/*
 * A password that is in lists of stolen ones: refused when it is chosen, and replaced right after the sign-in when it
 * turns out later. The service is a local one that speaks the protocol; here it can be away.
 */

const LEAKED = "orchard-lantern-fjord-1987";
const AFTER_THE_REST = 31_000;
let service: RangeServer;
before(async () => {
  service = await startRangeServer({ [LEAKED]: 4_321 });
});
after(() => service.close());

/** A world in which the service is asked. The service starts before any story, its port is known only then. */
const asked = (name: string, seed: string, play: (world: World) => Promise<void>): void =>
  story(
    name,
    {
      seed,
      get leaks() {
        return { url: service.url, file: null };
      },
    },
    async (world) => {
      service.behave("well");
      await play(world);
    },
  );

/** Somebody whose password leaked: chosen while the service was away. */
async function withLeakedPassword(world: World, username: string): Promise<Person> {
  service.behave("failing");
  const person = makePerson(world, username);
  person.password = LEAKED;
  await registerAndConfirm(world, person);
  await enrol(world, person);
  service.behave("well");
  await world.pass(AFTER_THE_REST);
  return person;
}

describe("choosing a leaked password", () => {
  asked("is refused with the number of times it was seen, wherever a password is chosen", "leak-set", async (world) => {
    const browser = openBrowser(world.origin);
    await browser.open("/register");
    const form = { username: "alice", address: "alice@mail.example", password: LEAKED };
    const refused = /thieves try first.*stands 4,321 times in lists of stolen passwords/;
    const page = expectPage(await browser.submit("/register", form), refused, 422);
    assert.match(page.html, /value="alice"/, "what was typed is kept");
    assert(!page.html.includes(LEAKED), "but for the secret");

    const alice = makePerson(world, "alice");
    await registerAndConfirm(world, alice);
    await enrol(world, alice);
    await alice.browser.open("/account/password");
    expectPage(await alice.browser.submit("/account/password", { password: LEAKED }), refused, 422);

    await browser.open("/reset");
    await browser.submit("/reset", { name: "alice" });
    const link = linkIn(await world.mailbox.wait(alice.address, /Choose a new password/), /\/reset\//);
    await browser.open(link);
    expectPage(await browser.submit(link, { password: LEAKED }), refused, 422);
    expectPage(await browser.submit(link, { password: makePassphrase() }), /password is changed/);
    for (const path of service.asked) assert.match(path, /^\/range\/[0-9A-F]{5}$/, "five digits and nothing else");
  });

  asked("is possible while the service is away: an outage keeps nobody out", "leak-away", async (world) => {
    for (const how of ["failing", "page", "broken"] as const) {
      service.behave(how);
      await world.pass(AFTER_THE_REST);
      await forgetAttempts(world);
      const person = makePerson(world, `during-${how}`);
      person.password = LEAKED;
      await registerAndConfirm(world, person);
    }
    assert(world.runtime.logLines.some((line) => line.includes("breach service away")));
  });
});

describe("signing in with a password that leaked meanwhile", () => {
  asked("leads to a new one there and then, with the second factor shown before and kept", "leak-in", async (world) => {
    const alice = await withLeakedPassword(world, "alice");
    const there = elsewhere(world, alice);
    expectPage(await signInWithPassword(there), /six digits/i);
    expectPage(await there.browser.open("/sign-in/new-password"), /Username or mail address/);
    await signInWithPassword(there);
    const code = (await there.phone?.code()) ?? "";
    await there.browser.submit("/sign-in/second-factor", { code });
    const page = expectPage(await confirmDevice(there), /known to thieves.*Choose a new password/);
    assert.equal(page.path, "/sign-in/new-password");
    for (const path of ["/account", "/account/tokens", "/account/password", "/account/setup", "/account/confirm"])
      assert.equal((await there.browser.open(path)).path, "/sign-in/new-password", path);
    const refused = await there.browser.raw("/account", { headers: { accept: "application/json" } });
    assert.equal(refused.status, 403);

    expectPage(await there.browser.submit("/sign-in/new-password", { password: LEAKED }), /4,321 times/, 422);
    expectPage(await there.browser.submit("/sign-in/new-password", { password: "short" }), /at least 8/, 422);
    const before = there.browser.cookies.get("session");
    const password = makePassphrase();
    expectPage(await there.browser.submit("/sign-in/new-password", { password }), /How you get in/);
    assert.notEqual(there.browser.cookies.get("session") ?? "new", before ?? "old", "the session has a new secret");
    expectPage(await alice.browser.open("/account"), /Username or mail address/, 200);
    await world.mailbox.wait(alice.address, /list of leaked passwords/);
    await world.mailbox.wait(alice.address, /password was changed/);

    expectPage(await signIn({ ...elsewhere(world, alice), password }), /How you get in/);
    expectPage(await signInWithPassword(elsewhere(world, alice)), /do not go together/, 401);
  });

  asked("tells the owner once, and remembers it while the service is away", "leak-once", async (world) => {
    const alice = await withLeakedPassword(world, "alice");
    const first = elsewhere(world, alice);
    assert.equal((await signIn(first)).path, "/sign-in/new-password");
    service.behave("failing");
    await world.pass(AFTER_THE_REST);
    const second = elsewhere(world, alice);
    assert.equal((await signIn(second)).path, "/sign-in/new-password");
    await world.settle();
    assert.equal(world.sent.filter((mail) => /list of leaked passwords/.test(mail.subject)).length, 1);
    await world.pass(11 * 60_000);
    assert.equal((await second.browser.open("/sign-in/new-password")).path, "/sign-in", "shown too long ago");
    assert.equal((await signIn(second)).path, "/sign-in/new-password", "and no dead end");
  });

  asked("without a second factor leads there as well", "leak-half", async (world) => {
    service.behave("failing");
    const half = makePerson(world, "half-made");
    half.password = LEAKED;
    await registerAndConfirm(world, half);
    service.behave("well");
    await world.pass(AFTER_THE_REST);
    const there = elsewhere(world, half);
    await signInWithPassword(there);
    expectPage(await confirmDevice(there), /known to thieves.*At least 15 characters/);
    expectPage(await there.browser.submit("/sign-in/new-password", { password: "short-one" }), /at least 15/, 422);
    const page = await there.browser.submit("/sign-in/new-password", { password: makePassphrase() });
    assert.equal(page.path, "/account/setup");
  });

  asked("at the desk opens nothing there, and says where to go", "leak-desk", async (world) => {
    const dana = await staff(world, "dana", "reviewer");
    await world.runtime.db.pool.query(
      `update authenticators set detail = detail || '{"leakedAt": "2026-11-01T00:00:00.000Z"}' where kind = 'password'`,
    );
    const there = elsewhere(world, dana);
    await signInWithPassword(there, "/console/sign-in");
    const code = (await there.phone?.code()) ?? "";
    const page = await there.browser.submit("/console/sign-in/second-factor", { code });
    expectPage(page, /stands in lists of stolen ones.*ordinary pages/, 403);
    expectPage(await there.browser.open("/console"), /Sign in to the desk/);
    const ordinary = elsewhere(world, dana);
    assert.equal((await signIn(ordinary)).path, "/sign-in/new-password");
    const password = makePassphrase();
    await ordinary.browser.submit("/sign-in/new-password", { password });
    const back = { ...elsewhere(world, dana), password };
    await signInWithPassword(back, "/console/sign-in");
    const next = (await back.phone?.code()) ?? "";
    await back.browser.submit("/console/sign-in/second-factor", { code: next });
    expectPage(await confirmDevice(back), /Queue/);
  });
});

describe("a leaked password in a recovery", () => {
  asked("proves nothing: neither typed at sign-in nor on the case page", "leak-case", async (world) => {
    const alice = await withLeakedPassword(world, "alice");
    await world.pass(10 * 24 * HOUR);
    const lost = elsewhere(world, alice);
    const { number } = await openFromStuckScreen(lost);
    const page = await confirmContact(world, lost, number);
    expectPage(page, /stands in lists of stolen passwords.*does not count/);
    const { rows } = await world.runtime.db.pool.query<{ verdict: string }>(
      "select verdict from findings where kind = 'password'",
    );
    assert.deepEqual(
      rows.map((row) => row.verdict),
      ["inconclusive"],
    );
  });
});
