import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe } from "node:test";
import { sql } from "kysely";
import { findAccount } from "../../src/accounts/index.ts";
import { createGuardedFetch, type GuardedFetch } from "../../src/kernel/net/guarded-fetch.ts";
import { formsOf } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, signIn, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { placeHold, verifyUrl } from "../../src/registry/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { accountIdOf, addAddress, DAY, maintainer, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

const PROJECT = "/account/projects/alpenglow";

const go = (person: Person, path: string) => person.browser.open(path);

async function invite(person: Person, base: string, who: string, role: string) {
  await go(person, base);
  return person.browser.submit(`${base}/invite`, { who, role });
}

async function accept(person: Person) {
  await go(person, "/account/invitations");
  return person.browser.submit("/account/invitations/accept");
}

/** Presses a button of somebody's row. */
async function press(world: World, person: Person, base: string, action: string, about: string, role?: string) {
  await go(person, base);
  const id = await accountIdOf(world, about);
  const csrf = formsOf(person.browser.page.html)[0]?.fields["_csrf"] ?? "";
  // By hand: the page shows no button for what one may not do.
  const body = new URLSearchParams({ _csrf: csrf, id, ...(role ? { role } : {}) }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const answer = await person.browser.raw(`${base}/${action}`, { method: "POST", headers, body });
  await go(person, base);
  return { status: answer.status, page: person.browser.page };
}

async function accountOf(world: World, username: string) {
  const account = await findAccount(world.runtime.db, await accountIdOf(world, username));
  assert(account);
  return account;
}

const told = (world: World, person: Person, words: RegExp) =>
  world.sent.filter((mail) => mail.to === person.address && words.test(mail.text)).length;

const publish = (world: World, person: Person, version: string) =>
  upload(world, person, wheelOf("alpenglow", version)).then(({ status }) => status);

describe("sharing projects", () => {
  story(
    "an invitation by name: nothing before it is accepted, then uploads; removed, and no more",
    {},
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const bob = await maintainer(world, "bob", "bedrock");
      assert.equal(await publish(world, bob, "1.1"), 403);
      expectPage(await invite(alice, PROJECT, "bob", "maintainer"), /Not answered yet/);
      await world.mailbox.wait(bob.address, /invitation to share/);
      assert.equal(await publish(world, bob, "1.1"), 403, "an invitation alone gives nothing");
      expectPage(await accept(bob), /Maintainer/);
      await world.settle();
      assert.equal(told(world, alice, /bob is now a maintainer, invited by alice/), 1);
      assert.equal(told(world, bob, /This was not me/), told(world, bob, /\/not-me\//));
      assert.equal(await publish(world, bob, "1.1"), 200);
      assert.equal((await press(world, bob, PROJECT, "remove", "alice")).status, 403, "a maintainer changes nobody");
      assert.equal((await press(world, alice, PROJECT, "remove", "bob")).status, 303);
      assert.equal(await publish(world, bob, "1.2"), 403);
      assert.equal((await go(bob, PROJECT)).status, 404);
      await world.settle();
      assert.equal(told(world, bob, /alice removed bob, who was a maintainer/), 1);
      await go(bob, "/account/history");
      assert.match(bob.browser.page.text, /Removed from a project/);
      await go(alice, "/account/history");
      assert.match(alice.browser.page.text, /Somebody else.s role/);
    },
  );

  story("by mail address: whoever confirms it answers; nobody is told whose it is", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    const same = [
      await invite(alice, PROJECT, "bob@home.example", "owner"),
      await invite(alice, PROJECT, bob.address, "owner"),
    ];
    for (const page of same) expectPage(page, /Not answered yet/);
    await go(bob, "/account/invitations");
    assert.equal(bob.browser.page.text.split("Accept").length - 1, 1, "only the address he has confirmed");
    await addAddress(world, bob, "bob@home.example");
    await go(bob, "/account/invitations");
    assert.equal(bob.browser.page.text.split("Accept alpenglow").length - 1, 2);
    expectPage(await accept(bob), /Owner/);
    expectPage(await accept(bob), /role there already/, 409);
  });

  story("taken back, declined, run out: void; and a decline is left in peace for a week", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await invite(alice, PROJECT, "bob", "owner");
    await go(bob, "/account/invitations");
    expectPage(await alice.browser.submit(`${PROJECT}/withdraw`), /Invite somebody/);
    expectPage(await bob.browser.submit("/account/invitations/accept"), /no such invitation any more/, 404);
    await invite(alice, PROJECT, "bob", "owner");
    await go(bob, "/account/invitations");
    expectPage(await bob.browser.submit("/account/invitations/decline"), /No open invitations/);
    expectPage(await invite(alice, PROJECT, "bob", "owner"), /declined in the last seven days/, 409);
    await world.pass(8 * DAY);
    await signInAgain(alice, bob);
    expectPage(await invite(alice, PROJECT, "bob", "owner"), /Not answered yet/);
    await world.pass(14 * DAY);
    await signInAgain(bob);
    expectPage(await go(bob, "/account/invitations"), /No open invitations/);
  });

  story("the last owner can neither leave nor step down; a second one lets them", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await go(alice, PROJECT);
    expectPage(await alice.browser.submit(`${PROJECT}/leave`), /without an owner/, 409);
    await invite(alice, PROJECT, "bob", "maintainer");
    await accept(bob);
    assert.equal((await press(world, alice, PROJECT, "role", "alice", "maintainer")).status, 409);
    await press(world, alice, PROJECT, "role", "bob", "owner");
    await world.settle();
    assert.equal(told(world, bob, /alice made bob an owner; before that they were a maintainer/), 1);
    await go(alice, PROJECT);
    assert.equal((await alice.browser.submit(`${PROJECT}/leave`)).status, 404, "what she left, she sees no more");
    assert.equal(await publish(world, alice, "1.1"), 403);
  });

  story("what a thief sent is void once the account is locked or held", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await invite(alice, PROJECT, "bob", "owner");
    await go(bob, "/account/invitations");
    const accountId = await accountIdOf(world, "alice");
    const until = new Date(world.time.now().getTime() + DAY);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      const actor = { kind: "clock" } as const;
      const because = "account recovery";
      await placeHold(tx, world.runtime.random, {
        accountId,
        powers: ["ownership"],
        caseId: null,
        until,
        because,
        actor,
      });
      return ok();
    });
    expectPage(await bob.browser.submit("/account/invitations/accept"), /no such invitation any more/, 404);
    expectPage(await invite(alice, PROJECT, "carol-x", "owner"), /Changing owners from this account is on hold/, 403);
    await world.pass(2 * DAY);
    await signInAgain(alice, bob);
    await go(alice, "/account/lock");
    await alice.browser.submit("/account/lock");
    await go(bob, "/account/invitations");
    expectPage(await bob.browser.submit("/account/invitations/accept"), /no such invitation any more/, 404);
  });
});

describe("pages of a project", () => {
  /** A web server of the project's own. The names of pages are https; here they are led to it, past no guard but that. */
  async function webServer(answer: (path: string) => { readonly status: number; readonly text: string }) {
    const server = createServer((request, response) => {
      const { status, text } = answer(request.url ?? "");
      response.writeHead(status, { "content-type": "text/html" }).end(text);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
    const real = createGuardedFetch({ allowPrivate: ["http://127.0.0.1/32:*"] });
    const fetchThere: GuardedFetch = (request) =>
      real({ ...request, url: request.url.replace("https://pages.example", `http://127.0.0.1:${port}`) });
    return { fetchThere, close: () => new Promise((resolve) => server.close(resolve)) };
  }

  story(
    "one that the release names and that links back is verified; seen again, it keeps its date",
    {},
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const bob = await subscriber(world, "bob");
      const { runtime } = world;
      const here = new URL("/project/alpenglow/", runtime.publicUrl).href;
      let text = `<a href="${here}">on the index</a>`;
      const web = await webServer((path) => (path === "/gone" ? { status: 404, text } : { status: 200, text }));
      try {
        const pages = ["https://pages.example/", "https://pages.example/gone", "https://127.0.0.1/", "https://[::1]/"];
        const metadata = JSON.stringify({ projectUrls: pages.map((url) => `Page, ${url}`) });
        await sql`update releases set metadata = ${metadata}::jsonb`.execute(runtime.db.root);
        const people = new Map(
          await Promise.all(
            [alice, bob].map(async (one) => [one.username, await accountOf(world, one.username)] as const),
          ),
        );
        const verify = async (url: string, by = "alice") => {
          const who = people.get(by);
          assert(who);
          const done = await verifyUrl(runtime, web.fetchThere, who, { project: "alpenglow", url }, world.time.now());
          return done.ok ? "ok" : done.refusal.code;
        };
        assert.equal(await verify(pages[0] ?? "", "bob"), "registry/no-such-project", "bob does not share it");
        assert.equal(await verify("http://pages.example/"), "registry/not-a-page");
        assert.equal(await verify("https://pages.example/other"), "registry/not-in-metadata");
        assert.equal(await verify(pages[1] ?? ""), "registry/page-unreachable");
        for (const inside of pages.slice(2)) assert.equal(await verify(inside), "registry/page-unreachable");
        text = "nothing";
        assert.equal(await verify(pages[0] ?? ""), "registry/no-link-back");
        text = `<link rel="me" href="${here}">`;
        assert.equal(await verify(pages[0] ?? ""), "ok");
        await signIn(alice);
        expectPage(await go(alice, PROJECT), /Verified since/);
        const bound = async () =>
          (
            await sql<{ bound_at: Date; checked_at: Date }>`select bound_at, checked_at from project_urls`.execute(
              runtime.db.root,
            )
          ).rows;
        const [before] = await bound();
        await world.pass(DAY);
        assert.equal(await verify(pages[0] ?? ""), "ok");
        const [again] = await bound();
        assert.deepEqual(again?.bound_at, before?.bound_at);
        assert.notDeepEqual(again?.checked_at, before?.checked_at);
        await signIn(alice);
        await go(alice, PROJECT);
        const removed = await alice.browser.submit(`${PROJECT}/pages/remove`);
        assert.equal(removed.status, 200);
        assert.doesNotMatch(removed.text, /Verified since/);
        await world.settle();
        assert.equal(told(world, alice, /had the page https:\/\/pages.example\/ verified/), 1);
      } finally {
        await web.close();
      }
    },
  );
});

describe("organisations", () => {
  const BASE = "/account/organisations/buildworks";

  story("roles give and take uploads; managers change members only; the project needs an owner", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await maintainer(world, "bob", "bedrock");
    const carol = await maintainer(world, "carol", "chalk");
    await go(alice, "/account/organisations");
    expectPage(await alice.browser.submit("/account/organisations", { name: "Buildworks" }), /Who shares it/);
    expectPage(await alice.browser.submit(`${BASE}/projects`, { project: "alpenglow" }), /Take out/);
    await invite(alice, BASE, "bob", "manager");
    await accept(bob);
    await invite(bob, BASE, "carol", "member");
    expectPage(await accept(carol), /Member/);
    assert.equal(await publish(world, bob, "1.1"), 200, "a manager owns its projects");
    assert.equal(await publish(world, carol, "1.2"), 200, "a member publishes");
    assert.equal((await press(world, bob, BASE, "role", "carol", "manager")).status, 403);
    assert.equal((await press(world, bob, BASE, "remove", "alice")).status, 403);
    assert.equal((await press(world, carol, BASE, "remove", "bob")).status, 403);
    await go(alice, BASE);
    expectPage(await alice.browser.submit(`${BASE}/leave`), /without an owner/, 409);
    // The project's own owner steps down: the organisation owns it, and it cannot be taken out again.
    await go(alice, PROJECT);
    expectPage(await alice.browser.submit(`${PROJECT}/leave`), /through Buildworks/);
    await go(alice, BASE);
    expectPage(
      await alice.browser.submit(`${BASE}/projects/remove`, { project: "alpenglow" }),
      /without an owner/,
      409,
    );
    assert.equal((await press(world, bob, BASE, "remove", "carol")).status, 303);
    assert.equal(await publish(world, carol, "1.3"), 403);
    const simple = await fetch(new URL("/simple/alpenglow/", world.origin));
    assert.match(await simple.text(), /alpenglow-1.2/, "what was published stays");
    assert.equal((await go(carol, BASE)).status, 404);
  });

  story("names, limits and strangers", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await go(alice, "/account/organisations");
    await alice.browser.submit("/account/organisations", { name: "Buildworks" });
    await go(bob, "/account/organisations");
    expectPage(await bob.browser.submit("/account/organisations", { name: "build_works" }), /Build|build/);
    await go(bob, "/account/organisations");
    expectPage(await bob.browser.submit("/account/organisations", { name: "BUILDWORKS" }), /taken/, 409);
    assert.equal((await go(bob, BASE)).status, 404);
    assert.equal((await go(bob, "/account/projects/alpenglow")).status, 404);
    for (let n = 0; n < 20; n += 1)
      expectPage(await invite(alice, BASE, `p${n}@many.example`, "member"), /Not answered yet/);
    expectPage(await invite(alice, BASE, "more@many.example", "member"), /as one account can send in a day/, 429);
  });
});

async function signInAgain(...people: readonly Person[]) {
  for (const person of people) await signIn(person);
}
