import assert from "node:assert/strict";
import { describe } from "node:test";
import { listEvents } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  codesIn,
  expectPage,
  linkIn,
  makePassphrase,
  type Person,
  signIn,
  signInWithPassword,
  stepUp,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import { openCasePage, openFromForm, confirmContact } from "../../src/bin/demo/recovery.ts";
import {
  accountIdOf,
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  HOUR,
  isFrozen,
  maintainer,
  newestLink,
  postForm,
  rawRequest,
  staff,
  stateOf,
  subscriber,
  tables,
} from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* The panic button, signed in and from a mail, and the way back with a factor that was there before the trouble. */

const NOT_ME = /\/not-me\//;

/** Every "This was not me" that was mailed to the address, oldest first. */
const linksTo = (world: World, address: string): readonly string[] =>
  world.sent
    .filter((mail) => mail.to === address)
    .flatMap((mail) => mail.text.match(/http\S+/g) ?? [])
    .filter((link) => NOT_ME.test(link))
    .map((link) => new URL(link).pathname);

/** Password, then the form behind the frozen page. */
async function unlock(person: Person, code: string, password: string) {
  expectPage(await signInWithPassword(person), /Your account is locked/);
  await person.browser.open("/frozen/unlock");
  return person.browser.submit("/frozen/unlock", { code, password });
}

describe("This was not me, in a mail", () => {
  story(
    "looking never acts; one press signs everybody out, and nothing can be published or signed in to",
    { seed: "lock-link" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.settle();
      const link = newestLink(world, alice.address, NOT_ME);
      const before = await tables(world);
      for (const method of ["GET", "HEAD", "GET", "GET"])
        assert.equal((await rawRequest(world, { method, path: link })).status, 200, "a scanner looks");
      assert.deepEqual(await tables(world), before, "looking changed nothing");

      const reader = openBrowser(world.origin);
      expectPage(await reader.open(link), /Was this not you\?.*alice.*Without the button nothing happens/);
      expectPage(await reader.submit(link), /The account is locked.*1 session was ended.*1 API token is held/);
      assert(await isFrozen(world, "alice"));
      expectPage(await alice.browser.open("/account"), /Sign in/);
      assert.equal(alice.browser.page.path, "/sign-in");
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 403);
      const there = elsewhere(world, alice);
      expectPage(await signInWithPassword(there), /Your account is locked.*This was not me/);
      expectPage(await there.browser.open("/sign-in/second-factor"), /Sign in/);
      expectPage(await there.browser.open("/account"), /Sign in/);
      await world.mailbox.wait(alice.address, /Your account is locked/);

      expectPage(await reader.open(link), /locked the account on/, 410);
      const csrf = await csrfOf(reader);
      assert.equal((await postForm(world, link, `_csrf=${csrf}`, { browser: reader })).status, 410, "it works once");
    },
  );

  story(
    "is in every mail about the account's security, another one in each",
    { seed: "lock-every-mail" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.settle();
      const mails = world.sent.filter(
        (mail) => mail.to === alice.address && !/Confirm your address/.test(mail.subject),
      );
      assert(mails.length >= 4, "app, codes, token and key were told");
      for (const mail of mails) assert.match(mail.text, NOT_ME, mail.subject);
      const links = linksTo(world, alice.address);
      assert.equal(new Set(links).size, mails.length);
      const log = world.runtime.logLines.join("");
      for (const link of links) assert(!log.includes(link.slice("/not-me/".length)), "no link in the log");
    },
  );

  story("works for 30 days and says so afterwards", { seed: "lock-old-link" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.settle();
    const link = newestLink(world, alice.address, NOT_ME);
    await world.pass(30 * DAY + HOUR);
    const reader = openBrowser(world.origin);
    expectPage(await reader.open(link), /It worked until/, 410);
    const body = `_csrf=${await csrfOf(reader)}`;
    assert.equal((await postForm(world, link, body, { browser: reader })).status, 410);
    assert(!(await isFrozen(world, "alice")));
  });

  story("a sign-in from a new browser is told, with the link; from a known one it is not", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(DAY);
    const phone = elsewhere(world, alice);
    expectPage(await signIn(phone), /alice/);
    const mail = await world.mailbox.wait(alice.address, /Sign-in from a new device/);
    assert.match(mail.text, /Firefox on Linux/);
    const told = () => world.sent.filter((one) => /Sign-in from a new device/.test(one.subject)).length;
    const before = told();
    await phone.browser.open("/account");
    await phone.browser.submit("/sign-out");
    await world.pass(HOUR);
    expectPage(await signIn(phone), /alice/);
    await world.settle();
    assert.equal(told(), before, "the same browser again");
    const thief = elsewhere(world, alice);
    expectPage(await signIn(thief), /alice/);
    await world.settle();
    assert.equal(told(), before + 1);
    const link = newestLink(world, alice.address, NOT_ME);
    const reader = openBrowser(world.origin);
    expectPage(await reader.open(link), /a sign-in from a new device/);
    expectPage(await reader.submit(link), /2 sessions were ended|3 sessions were ended/);
    expectPage(await thief.browser.open("/account"), /Sign in/);
  });
});

describe("the panic button", () => {
  story("stops a running recovery, and the desk looks at it", { seed: "lock-case" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const rita = await staff(world, "rita", "reviewer");
    await world.pass(20 * DAY);
    const owner = elsewhere(world, alice);
    await signIn(owner);
    const thief = { ...elsewhere(world, alice), address: "thief@elsewhere.example" };
    const { number } = await openFromForm(thief, { username: "alice", contact: thief.address });
    await confirmContact(world, thief, number);
    assert.equal(await stateOf(world, number), "collecting");
    await owner.browser.open("/account/lock");
    expectPage(await owner.browser.submit("/account/lock"), /The account is locked.*is stopped/);
    assert.equal(await stateOf(world, number), "contested");
    expectPage(await openCasePage(thief), /Stopped/);
    const desk = await atTheDesk(world, rita);
    await desk.browser.open(`/console/cases/${number}`);
    const verdict = {
      reason: "The claimant may well be the owner.",
      username: "alice",
      code: (await desk.phone?.code()) ?? "",
    };
    await desk.browser.submit(/resume$/, verdict);
    assert.equal(await stateOf(world, number), "review");
    assert(await isFrozen(world, "alice"), "the desk goes on with the case; the lock stays its owner's");
    expectPage(await unlock(owner, (await alice.phone?.code()) ?? "", makePassphrase()), /open again/);
    assert.equal(await stateOf(world, number), "withdrawn", "who unlocks has shown that nobody needs to recover it");
  });

  story("strangers cannot lock somebody else's account", { seed: "lock-stranger" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await world.settle();
    const stranger = openBrowser(world.origin);
    const csrf = await csrfOf(stranger);
    const refused = await postForm(world, "/account/lock", `_csrf=${csrf}`, { browser: stranger });
    assert.equal(refused.status, 303);
    assert.match(String(refused.headers["location"]), /^\/sign-in/);
    const link = newestLink(world, alice.address, NOT_ME);
    for (const path of ["/not-me/AAAA", `${link.slice(0, -1)}${link.endsWith("A") ? "B" : "A"}`, link.toLowerCase()]) {
      const answer = await postForm(world, path, `_csrf=${csrf}`, { browser: stranger });
      assert(answer.status === 404 || answer.status === 400, `${path} answered ${answer.status}`);
    }
    const id = await accountIdOf(world, "alice");
    const [event] = await listEvents(world.runtime.db, { accountId: id, limit: 1 });
    assert(event);
    const page = expectPage(await bob.browser.open(`/account/lock?event=${event.seq}`), /Lock your account\?/);
    assert(!/Not you/.test(page.text), "an event of somebody else's history is not shown");
    expectPage(await bob.browser.submit("/account/lock"), /The account is locked/);
    assert(await isFrozen(world, "bob"));
    assert(!(await isFrozen(world, "alice")), "a press locks one's own account only");
    const bobs = newestLink(world, bob.address, NOT_ME);
    const reader = openBrowser(world.origin);
    await reader.open(bobs);
    assert(!(await isFrozen(world, "alice")));
    assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200, "alice goes on publishing");
  });
});

describe("undoing the lock", () => {
  story(
    "takes password and second factor; tokens stay held, powers for a day, and older links end",
    { seed: "unlock" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(20 * DAY);
      const links = linksTo(world, alice.address);
      const reader = openBrowser(world.origin);
      await reader.open(links[0] ?? "");
      expectPage(await reader.submit(links[0] ?? ""), /The account is locked/);

      const owner = elsewhere(world, alice);
      const next = makePassphrase();
      expectPage(await unlock(owner, "lkrc-00000-00000-00000-00000-00000", next), /Unlock your account/, 401);
      assert(await isFrozen(world, "alice"), "a wrong code opens nothing");
      expectPage(await unlock(owner, alice.codes[1] ?? "", alice.password), /not the one you had/, 422);
      const opened = expectPage(await unlock(owner, alice.codes[1] ?? "", next), /Your account is open again/);
      assert.equal(codesIn(opened).length, 1, "the used code is replaced");
      assert(!owner.browser.cookies.has("locksmith_session"), "nobody is signed in by it");
      await world.mailbox.wait(alice.address, /Your account is unlocked/);

      expectPage(await reader.open(links[1] ?? ""), /older links ended with that/, 410);
      expectPage(await signInWithPassword(elsewhere(world, alice)), /do not go together/, 401);
      owner.password = next;
      expectPage(await signIn(owner), /alice/);
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 403, "the token is held");
      await owner.browser.open("/account/tokens");
      expectPage(await owner.browser.submit("/account/tokens/release"), /laptop/);
      assert.equal(
        (await upload(world, alice, wheelOf("alpenglow", "1.1"))).status,
        403,
        "publishing is held for a day",
      );
      await world.pass(25 * HOUR);
      const published = await upload(world, alice, wheelOf("alpenglow", "1.1"));
      assert.equal(published.status, 200, published.reason);
    },
  );

  story(
    "is not for whoever was locked out: neither without a second factor, nor with one made days before",
    { seed: "unlock-thief" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(20 * DAY);
      const thief = elsewhere(world, alice);
      await signIn(thief);
      await thief.browser.open("/account/recovery-codes");
      await stepUp(thief);
      await thief.browser.open("/account/recovery-codes");
      const stolen = codesIn(await thief.browser.submit("/account/recovery-codes"));
      assert.equal(stolen.length, 10, "somebody made new codes in a session of the owner's");
      await world.settle();
      const link = newestLink(world, alice.address, NOT_ME);
      const reader = openBrowser(world.origin);
      await reader.open(link);
      expectPage(await reader.submit(link), /The account is locked/);

      const back = elsewhere(world, thief);
      expectPage(await unlock(back, stolen[0] ?? "", makePassphrase()), /changed only days before/, 403);
      expectPage(
        await unlock(back, alice.codes[1] ?? "", makePassphrase()),
        /Unlock your account|only days before/,
        403,
      );
      expectPage(await unlock(back, "000000", makePassphrase()), /Unlock your account/, 401);
      assert(await isFrozen(world, "alice"));
      const owner = elsewhere(world, alice);
      await world.pass(HOUR);
      const next = makePassphrase();
      const code = (await alice.phone?.code()) ?? "";
      expectPage(await unlock(owner, code, next), /Your account is open again/);
    },
  );

  story(
    "a password changed just before the lock unlocks nothing; a person has to look, who can be written to",
    { seed: "unlock-new-password" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(20 * DAY);
      const thief = elsewhere(world, alice);
      await signIn(thief);
      await thief.browser.open("/account/password");
      await stepUp(thief);
      await thief.browser.open("/account/password");
      const changed = makePassphrase();
      await thief.browser.submit("/account/password", { password: changed });
      const link = linkIn(await world.mailbox.wait(alice.address, /password/i), NOT_ME);
      const reader = openBrowser(world.origin);
      expectPage(await reader.open(link), /a changed password/);
      expectPage(await reader.submit(link), /The account is locked/);
      const back = { ...elsewhere(world, alice), password: changed };
      const page = expectPage(await signInWithPassword(back), /changed only days before the account was locked/);
      assert(!page.html.includes('href="/frozen/unlock"'));
      const code = (await alice.phone?.code()) ?? "";
      await back.browser.open("/frozen/unlock");
      const next = makePassphrase();
      expectPage(await back.browser.submit("/frozen/unlock", { code, password: next }), /only days before/, 403);
      assert(await isFrozen(world, "alice"));
    },
  );
});
