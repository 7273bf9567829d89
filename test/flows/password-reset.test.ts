import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  linkIn,
  makePassphrase,
  makePerson,
  type Person,
  registerAndConfirm,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import {
  accountIdOf,
  actsSince,
  csrfOf,
  elsewhere,
  forgetAttempts,
  HOUR,
  lastSeq,
  maintainer,
  newestLink,
  postForm,
  rawRequest,
  stateOf,
  subscriber,
  tables,
} from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* A forgotten password, told from the sign-in page to the sign-in that follows; and everything that may come between. */

const MINUTE = 60_000;

/** Asks from the sign-in page, at a browser where nobody is signed in. */
async function ask(world: World, name: string) {
  const browser = openBrowser(world.origin);
  const page = await browser.open("/sign-in");
  assert.match(page.html, /href="\/reset"/);
  await browser.open("/reset");
  expectPage(await browser.submit("/reset", { name }), /Look into your mailbox/);
  await world.settle();
  return browser;
}

async function linkFor(world: World, person: Person, name = person.username): Promise<string> {
  await ask(world, name);
  return linkIn(await world.mailbox.wait(person.address, /Choose a new password/), /\/reset\//);
}

const mailsTo = (world: World, address: string, since = 0): readonly string[] =>
  world.sent.slice(since).flatMap((mail) => (mail.to === address ? [mail.subject.replace(/^\[.*?\] /, "")] : []));

const sessionsOf = async (world: World, username: string): Promise<number> => {
  const { rows } = await world.runtime.db.pool.query(
    "select 1 from sessions where ended_at is null and account_id = $1",
    [await accountIdOf(world, username)],
  );
  return rows.length;
};

describe("a forgotten password", () => {
  story(
    "is replaced by mail; the second factor is still asked for, nobody is signed in by it, and everybody is told",
    { seed: "reset-main" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      assert.equal(await sessionsOf(world, "alice"), 1);
      const old = alice.password;
      const link = await linkFor(world, alice);
      const browser = openBrowser(world.origin);
      expectPage(await browser.open(link), /Choose a new password.*alice.*app and your recovery codes stay/);
      const password = makePassphrase();
      expectPage(await browser.submit(link, { password }), /password is changed.*Now sign in/);
      expectPage(await browser.open("/account"), /Username or mail address/);
      assert.equal(browser.cookies.has("session"), false);
      assert.equal(await sessionsOf(world, "alice"), 0, "every session is ended");
      expectPage(await alice.browser.open("/account"), /Username or mail address/);
      await world.mailbox.wait(alice.address, /password was reset by mail/);

      const there = { ...elsewhere(world, alice), password: old };
      expectPage(await signInWithPassword(there), /do not go together/, 401);
      const now = { ...there, password };
      expectPage(await signInWithPassword(now), /six digits/i);
      expectPage(await now.browser.open("/account"), /Username or mail address/);
      expectPage(await signIn(now), /alice/);
    },
  );

  story("a link is good once, for an hour, and not after a newer one", { seed: "reset-once" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const first = await linkFor(world, alice);
    const second = await linkFor(world, alice);
    const browser = openBrowser(world.origin);
    expectPage(await browser.open(first), /does not work any more/, 410);
    await browser.open(second);
    expectPage(await browser.submit(second, { password: makePassphrase() }), /password is changed/);
    expectPage(await browser.open(second), /used already/, 410);
    const third = await linkFor(world, alice);
    await world.pass(61 * MINUTE);
    expectPage(await browser.open(third), /expired/, 410);
  });

  story(
    "a password that does not do leaves the link as it is, and says why",
    { seed: "reset-rules" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const link = await linkFor(world, alice);
      const browser = openBrowser(world.origin);
      await browser.open(link);
      for (const [password, why] of [
        ["short", /at least 8 characters/],
        ["password1", /thieves try first/],
        ["alice-alice-1", /made of your name/],
      ] as const) {
        expectPage(await browser.submit(link, { password }), why, 422);
      }
      expectPage(await browser.submit(link, { password: "correct horse battery" }), /password is changed/);
    },
  );

  story("signing in and changing the password end a link that is out", { seed: "reset-ended" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const browser = openBrowser(world.origin);
    const first = await linkFor(world, alice);
    expectPage(await signIn(elsewhere(world, alice)), /alice/);
    expectPage(await browser.open(first), /does not work any more/, 410);
    const second = await linkFor(world, alice);
    const there = elsewhere(world, alice);
    const { rows } = await world.runtime.db.pool.query("select 1 from sessions where ended_at is null");
    assert(rows.length > 1);
    await world.pass(MINUTE);
    await forgetAttempts(world);
    await signIn(there);
    expectPage(await browser.open(second), /does not work any more/, 410);
    const third = await linkFor(world, alice);
    await there.browser.open("/account/password");
    expectPage(await there.browser.submit("/account/password", { password: makePassphrase() }), /alice/);
    expectPage(await browser.open(third), /does not work any more/, 410);
  });

  story(
    "looking never uses a link up, however often, and it leads to our own address whatever the request said",
    { seed: "reset-scanner" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const browser = openBrowser(world.origin);
      const csrf = await csrfOf(browser);
      const forged = { host: "evil.example", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" };
      const body = new URLSearchParams({ _csrf: csrf, name: "alice" }).toString();
      assert.equal((await postForm(world, "/reset", body, { browser, headers: forged })).status, 200);
      const mail = await world.mailbox.wait(alice.address, /Choose a new password/);
      for (const url of mail.links) assert.equal(new URL(url).origin, world.origin);
      assert(!/evil/.test(mail.text));
      const link = linkIn(mail, /\/reset\//);
      const before = await tables(world);
      for (const method of ["GET", "HEAD", "GET"]) {
        for (const path of [link, `${link}/lost`]) {
          const answer = await rawRequest(world, { method, path });
          assert.equal(answer.status, 200);
          assert.equal(answer.headers["cache-control"], "no-store");
          assert.equal(answer.headers["referrer-policy"], "no-referrer");
        }
      }
      assert.deepEqual(await tables(world), before);
      await browser.open(link);
      expectPage(await browser.submit(link, { password: makePassphrase() }), /password is changed/);
    },
  );

  story("fifty at once with one link: one password is set", { seed: "reset-race" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const link = await linkFor(world, alice);
    const browser = openBrowser(world.origin);
    const csrf = await csrfOf(browser);
    const seq = await lastSeq(world);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        await forgetAttempts(world);
        const body = new URLSearchParams({ _csrf: csrf, password: `lantern-orchard-fjord-${at}` }).toString();
        return postForm(world, link, body, { browser });
      }),
    );
    const statuses = Map.groupBy(answers, (one) => one.status);
    assert.equal(
      statuses.get(200)?.length,
      1,
      JSON.stringify([...statuses].map(([status, of]) => [status, of.length])),
    );
    assert([...statuses.keys()].every((status) => [200, 410, 429].includes(status)));
    const acts = await actsSince(world, seq);
    assert.equal(acts.filter((act) => act === "authenticators/password-reset").length, 1);
    const { rows } = await world.runtime.db.pool.query(
      "select 1 from authenticators where kind = 'password' and state = 'active' and account_id = $1",
      [await accountIdOf(world, "alice")],
    );
    assert.equal(rows.length, 1);
  });

  story(
    "an address is written to where it was typed; a name, at the account's main address",
    { seed: "reset-where" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.runtime.db.pool.query(
        `insert into addresses (id, account_id, address, address_folded, domain, is_primary, added_at, verified_at)
         select 'adr_second', account_id, 'Alice@Second.example', 'alice@second.example', 'second.example', false, added_at, verified_at
         from addresses where address = $1`,
        [alice.address],
      );
      await world.settle();
      const before = world.sent.length;
      await ask(world, "ALICE@second.example");
      assert.deepEqual(mailsTo(world, "Alice@Second.example", before), ["Choose a new password"]);
      assert.deepEqual(mailsTo(world, alice.address, before), []);
      const link = newestLink(world, "Alice@Second.example", /\/reset\//);
      const browser = openBrowser(world.origin);
      await browser.open(link);
      await browser.submit(link, { password: makePassphrase() });
      await world.settle();
      for (const address of ["Alice@Second.example", alice.address])
        assert(mailsTo(world, address, before).includes("Your password was reset by mail"), address);
      const { rows } = await world.runtime.db.pool.query<{ detail: Record<string, unknown> }>(
        "select detail from authenticators where kind = 'password' and state = 'active'",
      );
      assert.equal(rows[0]?.detail["origin"], "mail-reset");
      assert.equal(rows[0]?.detail["mailboxDomain"], "second.example", "it is that mailbox's root");
    },
  );

  story(
    "an address that was taken off the account has no say any more: a link that went there is dead",
    { seed: "reset-removed" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const link = await linkFor(world, alice);
      await world.runtime.db.pool.query("update addresses set removed_at = now() where address = $1", [alice.address]);
      const browser = openBrowser(world.origin);
      expectPage(await browser.open(link), /does not work any more/, 410);
    },
  );

  story("at most three mails an hour go to an account, and nobody is told", { seed: "reset-flood" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.settle();
    const before = world.sent.length;
    for (let times = 0; times < 6; times += 1) {
      await world.runtime.db.pool.query("delete from throttle_counters where bucket like 'ask-by-mail%'");
      await ask(world, times % 2 === 0 ? "alice" : alice.address);
    }
    assert.equal(mailsTo(world, alice.address, before).length, 3);
    await world.pass(HOUR);
    await ask(world, "alice");
    assert.equal(mailsTo(world, alice.address, before).length, 4);
  });

  story("an owner whom guesses keep waiting gets past the wait with it", { seed: "reset-wait" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const mallory = openBrowser(world.origin);
    await mallory.open("/sign-in");
    for (let times = 0; times < 6; times += 1) await mallory.submit("/sign-in", { name: "alice", password: "guess" });
    expectPage(await signInWithPassword(elsewhere(world, alice)), /do not go together|Too many/, 429);
    const link = await linkFor(world, alice);
    const browser = openBrowser(world.origin);
    await browser.open(link);
    const password = makePassphrase();
    await browser.submit(link, { password });
    expectPage(await signIn({ ...elsewhere(world, alice), password }), /alice/);
  });
});

describe("a forgotten password, and something else besides", () => {
  story(
    "the second factor is gone too: the link opens a recovery case in which the mailbox is proven",
    { seed: "reset-lost" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * 24 * HOUR);
      const link = await linkFor(world, alice);
      const lost = elsewhere(world, alice);
      const page = await lost.browser.open(link);
      assert.match(page.html, /lost all of these too/);
      expectPage(await lost.browser.open(`${link}/lost`), /alice@alice\.example.*first proof/);
      const opened = expectPage(
        await lost.browser.submit(`${link}/lost`, { cause: "recovery-codes", story: "The phone fell into a lake." }),
        /Note your case code/,
      );
      const number = /LK-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(opened.text)?.[0] ?? "";
      assert.equal(await stateOf(world, number), "collecting");
      expectPage(await lost.browser.open("/recovery/case"), /You can read that mailbox/);
      expectPage(await lost.browser.open(link), /used already/, 410);
      await world.settle();
      assert(newestLink(world, alice.address, /\/objection\//), "the owner is told, and can object");
    },
  );

  story(
    "a case is open already: whoever shows the mailbox again does not get into it, and keeps the link",
    { seed: "reset-open-case" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * 24 * HOUR);
      const owner = elsewhere(world, alice);
      await openFromStuckScreen(owner);
      const link = await linkFor(world, alice);
      const thief = openBrowser(world.origin);
      await thief.open(`${link}/lost`);
      expectPage(await thief.submit(`${link}/lost`, { cause: "other" }), /open already/, 409);
      expectPage(await thief.open(link), /Choose a new password/);
    },
  );

  story(
    "a frozen account: a mail says so, there is no link, and one that was out is refused",
    { seed: "reset-frozen" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const link = await linkFor(world, alice);
      await world.runtime.db.pool.query("update accounts set frozen_at = now(), frozen_because = 'staff'");
      const browser = openBrowser(world.origin);
      expectPage(await browser.open(link), /account is frozen/, 403);
      const csrf = await csrfOf(browser);
      const body = new URLSearchParams({ _csrf: csrf, password: makePassphrase() }).toString();
      assert.equal((await postForm(world, link, body, { browser })).status, 403);
      const before = world.sent.length;
      await ask(world, "alice");
      assert.deepEqual(mailsTo(world, alice.address, before), ["Your account is frozen"]);
      assert(!world.sent.slice(before).some((mail) => mail.text.includes("/reset/")));
    },
  );

  story(
    "an address that was never confirmed gets no link, but the way on",
    { seed: "reset-unconfirmed" },
    async (world) => {
      const fresh = makePerson(world, "fresh-one");
      await fresh.browser.open("/register");
      const { username, address, password } = fresh;
      await fresh.browser.submit("/register", { username, address, password });
      await world.settle();
      for (const typed of ["fresh-one", address]) {
        const before = world.sent.length;
        await ask(world, typed);
        assert.deepEqual(mailsTo(world, address, before), ["This address was never confirmed"], typed);
        const text = world.sent.at(-1)?.text ?? "";
        assert(text.includes("/recovery") && !text.includes("/reset/"));
      }
    },
  );

  story(
    "no second factor yet: the mailbox is enough where there is nothing to steal, and not where there is",
    { seed: "reset-one-factor" },
    async (world) => {
      const half = makePerson(world, "half-made");
      await registerAndConfirm(world, half);
      const link = await linkFor(world, half);
      const browser = openBrowser(world.origin);
      expectPage(await browser.open(link), /At least 15 characters/);
      expectPage(await browser.submit(link, { password: "lantern-7" }), /at least 15 characters/, 422);
      const second = await linkFor(world, half);
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.runtime.db.pool.query(
        `insert into project_roles (project_id, account_id, role, granted_at)
         select project_id, $1, 'maintainer', granted_at from project_roles`,
        [await accountIdOf(world, "half-made")],
      );
      assert(alice.token);
      expectPage(await browser.open(second), /One more proof is needed/);
      const csrf = await csrfOf(browser);
      const body = new URLSearchParams({ _csrf: csrf, password: makePassphrase() }).toString();
      const answer = await postForm(world, second, body, { browser });
      assert.equal(answer.status, 403);
      assert.match(answer.text, /One more proof is needed/);
      await browser.open(`${second}/lost`);
      expectPage(await browser.submit(`${second}/lost`, { cause: "other" }), /Note your case code/);
    },
  );
});

describe("a forgotten username", () => {
  story("is mailed to the mailbox, which can also sign in with its address", { seed: "finder" }, async (world) => {
    const alice = await subscriber(world, "alice", "Alice.Liddell@wonder.example");
    const browser = openBrowser(world.origin);
    await browser.open("/account-finder");
    const page = await browser.submit("/account-finder", { address: "alice.liddell@WONDER.example" });
    expectPage(page, /Look into your mailbox/);
    assert(!page.text.includes("alice.liddell"));
    const mail = await world.mailbox.wait("alice.liddell@wonder.example", /Your username/).catch(() => null);
    const sent = mail ?? (await world.mailbox.wait(alice.address, /Your username/));
    assert.match(sent.text, /belongs to:\s+\W*alice\b/);
    assert(!sent.text.includes("/reset/"), "it answers the question and opens nothing");
    const there = elsewhere(world, alice);
    expectPage(await signIn({ ...there, username: "ALICE.liddell@wonder.example" }), /alice/);
  });
});
