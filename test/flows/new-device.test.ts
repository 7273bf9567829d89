import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  confirmDevice,
  expectPage,
  linkIn,
  mailCodeIn,
  makePassphrase,
  makePerson,
  type Person,
  registerAndConfirm,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { listAddresses, weighUndelivered } from "../../src/accounts/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { listMails, noteUndelivered } from "../../src/notifications/index.ts";
import {
  accountIdOf,
  actsSince,
  addAddress,
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  HOUR,
  lastSeq,
  postForm,
  rawRequest,
  staff,
  subscriber,
} from "../adversary/cast.ts";
import { addPasskey, askOptions, nameHost, signInWithPasskey } from "../world/passkeys.ts";
import { makeAuthenticator } from "../world/software-authenticator.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/*
 * A browser that is new to the account, and something that can be phished was shown there: the sign-in ends only when its
 * owner has confirmed it. Each way of doing so, each way in which it does not work, and the way out.
 */

const MINUTE = 60_000;
const CODE = /Code to sign in on a new device/;
const MAIL_FORM = "/sign-in/new-device/mail";

/** Password and six digits at another browser, which stands before the question. */
async function atTheQuestion(world: World, person: Person): Promise<Person> {
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there), /six digits/i);
  const code = (await there.phone?.code()) ?? "";
  expectPage(await there.browser.submit("/sign-in/second-factor", { code }), /Confirm that it is you/);
  return there;
}

const isSignedIn = async ({ browser }: Person): Promise<boolean> =>
  (await browser.raw("/account", { redirect: "manual" })).status === 200;

/** Another browser that has this one's device cookie, as after a change of network and of version. */
function withDeviceOf(world: World, person: Person): Person {
  const browser = openBrowser(world.origin, "Mozilla/5.0 (iPhone) Safari/605");
  for (const [name, value] of person.browser.cookies)
    if (name.endsWith("device")) (browser.cookies as Map<string, string>).set(name, value); // the browser's own jar
  return { ...person, browser };
}

const SECOND = "alice@second.example";

/** A day ago she set her account up. */
async function aliceIn(world: World, more: { readonly second?: boolean } = {}): Promise<Person> {
  const alice = await subscriber(world, "alice");
  if (more.second) await addAddress(world, alice, SECOND);
  await world.pass(DAY);
  return alice;
}

describe("a new browser, after password and app", () => {
  story(
    "is confirmed with the code from the mail, once, and is known from then on",
    { seed: "device" },
    async (world) => {
      const alice = await aliceIn(world);
      const there = await atTheQuestion(world, alice);
      assert(!(await isSignedIn(there)), "no session yet");
      const before = there.browser.page;
      assert.match(before.text, /Your password and the code from your app were right/);
      assert.match(before.text, /a•••@a•••\.example/);
      assert(!before.html.includes(alice.address), "the address is not told");

      const mail = await world.mailbox.wait(alice.address, CODE);
      assert.match(mail.text, /Firefox on Linux/);
      assert.match(mail.text, /127\.0\.0\.1/);
      assert.match(mail.text, new RegExp(new URL(world.origin).host), "which page it belongs to");
      for (const link of mail.links) assert.match(link, /\/not-me\//, "no link signs anybody in");
      const seen = await there.browser.open("/sign-in/new-device");
      assert.match(seen.text, /Our mail to a•••@a•••\.example was accepted by test/);
      expectPage(await there.browser.open("/sign-in/second-factor"), /That was right already/);
      await there.browser.open("/sign-in/new-device");

      expectPage(await there.browser.submit("/sign-in/new-device", { code: mailCodeIn(mail) }), /How you get in/);
      await there.browser.submit("/sign-out");
      expectPage(await signInWithPassword(there), /six digits/i);
      const code = (await there.phone?.code()) ?? "";
      expectPage(await there.browser.submit("/sign-in/second-factor", { code }), /How you get in/);
      assert.equal((await there.browser.open("/account")).status, 200, "not asked again");
    },
  );

  story(
    "hangs on no network address and on no browser's name: what counts is the cookie",
    { seed: "device-ip" },
    async (world) => {
      const alice = await aliceIn(world);
      const moved = withDeviceOf(world, alice);
      expectPage(await signInWithPassword(moved), /six digits/i);
      const code = (await moved.phone?.code()) ?? "";
      expectPage(await moved.browser.submit("/sign-in/second-factor", { code }), /How you get in/);
    },
  );

  story(
    "takes no wrong, old, replaced or foreign code, and says which it was",
    { seed: "device-codes" },
    async (world) => {
      const alice = await aliceIn(world);
      const there = await atTheQuestion(world, alice);
      const first = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
      const other = await atTheQuestion(world, alice);
      const foreign = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
      const type = (code: string) => there.browser.submit("/sign-in/new-device", { code });
      expectPage(await type("12345"), /eight digits/, 401);
      expectPage(await type("00000000"), /not the code of our newest mail/, 401);
      expectPage(await type(foreign), /not the code of our newest mail/, 401);
      expectPage(await there.browser.submit(MAIL_FORM), /We mailed a code/);
      const second = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
      expectPage(await type(first), /replaced by a newer one/, 410);
      await world.pass(31 * MINUTE);
      expectPage(await type(second), /expired/, 410);
      expectPage(await there.browser.submit(MAIL_FORM), /We mailed a code/);
      const third = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
      const typed = ` ${third.slice(0, 4)}-${third.slice(-4)} `;
      expectPage(await type(typed), /How you get in/);
      assert(!(await isSignedIn(other)));
      await world.pass(HOUR);
      const late = await other.browser.open("/sign-in/new-device");
      assert.equal(late.path, "/sign-in", "an hour is enough");
    },
  );

  story("tries are counted, for one sign-in and for the account", { seed: "device-tries" }, async (world) => {
    const alice = await aliceIn(world);
    const there = await atTheQuestion(world, alice);
    const code = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
    for (let tries = 0; tries < 10; tries += 1)
      assert.equal((await there.browser.submit("/sign-in/new-device", { code: "00000000" })).status, 401);
    expectPage(await there.browser.submit("/sign-in/new-device", { code }), /Too many attempts/, 429);
    assert(!(await isSignedIn(there)), "the right one came too late");
    expectPage(await signIn(elsewhere(world, alice)), /How you get in/);
  });

  story(
    "mails are limited, and their number is not to be learned from outside",
    { seed: "device-mails" },
    async (world) => {
      const alice = await aliceIn(world);
      const there = await atTheQuestion(world, alice);
      for (let more = 1; more < 10; more += 1) expectPage(await there.browser.submit(MAIL_FORM), /We mailed a code/);
      expectPage(await there.browser.submit(MAIL_FORM), /Too many attempts/, 429);
      await world.settle();
      assert.equal(world.sent.filter((one) => CODE.test(one.subject)).length, 10);
      await there.browser.open("/sign-in/recovery-code");
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code: alice.codes[1] ?? "" }), /replacement/);
    },
  );
});

describe("other ways to confirm it", () => {
  story(
    "a recovery code, and whoever signs in with one is not asked at all",
    { seed: "device-code" },
    async (world) => {
      const alice = await aliceIn(world);
      const there = await atTheQuestion(world, alice);
      await there.browser.open("/sign-in/recovery-code");
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code: alice.codes[1] ?? "" }), /replacement/);
      assert(await isSignedIn(there));
      const again = elsewhere(world, alice);
      expectPage(await signInWithPassword(again), /six digits/i);
      await again.browser.open("/sign-in/recovery-code");
      expectPage(await again.browser.submit("/sign-in/recovery-code", { code: alice.codes[2] ?? "" }), /replacement/);
    },
  );

  story(
    "a passkey, on the same page; and whoever shows one first is not asked",
    { seed: "device-passkey" },
    async (world) => {
      nameHost(world);
      const alice = await subscriber(world, "alice");
      const key = makeAuthenticator();
      await addPasskey(world, alice, key);
      await world.pass(DAY);
      const there = elsewhere(world, alice);
      expectPage(await signInWithPassword(there), /Show your passkey/);
      const code = (await there.phone?.code()) ?? "";
      expectPage(await there.browser.submit("/sign-in/second-factor", { code }), /Confirm that it is you/);
      const { json } = await askOptions(there.browser, "/sign-in/second-factor/passkey/options");
      const answer = key.get(json, world.runtime.publicUrl.origin);
      expectPage(await there.browser.submit("/sign-in/second-factor/passkey", { answer }), /How you get in/);
      expectPage(await signInWithPasskey(world, openBrowser(world.origin), key), /How you get in/);
    },
  );

  story("a second address, where mail to the first comes back", { seed: "device-second" }, async (world) => {
    const alice = await aliceIn(world, { second: true });
    const there = await atTheQuestion(world, alice);
    const accountId = await accountIdOf(world, "alice");
    await world.settle();
    const mail = (await listMails(world.runtime.db, { accountId })).find((one) => one.message === "new-device-code");
    assert(mail);
    await transact(world.runtime.db, { now: world.time.now(), bookkeeping: "a bounce" }, async (tx) => {
      await noteUndelivered(tx, world.runtime, mail.id, { answer: "550 5.1.1 no such user" }, weighUndelivered);
      return ok();
    });
    const seen = await there.browser.open("/sign-in/new-device");
    assert.match(seen.text, /Our mail to a•••@a•••\.example could not be delivered/);
    expectPage(await there.browser.submit(MAIL_FORM), /We mailed a code to a•••@s•••\.example/);
    const second = await world.mailbox.wait(SECOND, CODE);
    expectPage(await there.browser.submit("/sign-in/new-device", { code: mailCodeIn(second) }), /How you get in/);
    await world.settle();
    const told = world.sent.filter((one) => /Sign-in from a new device/.test(one.subject)).map((one) => one.to);
    assert(told.includes(alice.address), "the channel that carried the code is not the only one that is told");
  });

  story("chosen from several; somebody else's address gets nothing", { seed: "device-choice" }, async (world) => {
    const alice = await aliceIn(world, { second: true });
    const bob = await accountIdOf(world, (await subscriber(world, "bob")).username);
    const [foreign] = await listAddresses(world.runtime.db, bob);
    const there = await atTheQuestion(world, alice);
    assert.match(there.browser.page.text, /a•••@a•••\.example, your main address.*a•••@s•••\.example/);
    const refused = await there.browser.submit(MAIL_FORM, { id: foreign?.id ?? "" });
    expectPage(refused, /cannot send a code there/, 409);
    await there.browser.open("/sign-in/new-device");
    const [, second] = [...there.browser.page.html.matchAll(/value="(adr_[a-z0-9]+)"/g)].map(([, id]) => id ?? "");
    expectPage(await there.browser.submit(MAIL_FORM, { id: second ?? "" }), /We mailed a code to a•••@s•••\.example/);
    await world.settle();
    assert.deepEqual(
      world.sent
        .filter((one) => CODE.test(one.subject))
        .map((one) => one.to)
        .toSorted(),
      [alice.address, SECOND],
    );
  });

  story(
    "none of them: the stuck screen, and a case that knows what was right",
    { seed: "device-stuck" },
    async (world) => {
      const alice = await aliceIn(world);
      const there = await atTheQuestion(world, alice);
      expectPage(await there.browser.open("/sign-in/stuck"), /Your password and the code from your app were right/);
      expectPage(await there.browser.open("/sign-in/stuck/case"), /confirmation mail for a new device does not come/);
      const claim = { contact: "alice@new.example", cause: "new-device", story: "" };
      const page = expectPage(await there.browser.submit("/sign-in/stuck/case", claim), /Note your case code/);
      const number = /LK-\w{4}-\w{4}/.exec(page.text)?.[0] ?? "";
      const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
      const seen = await dana.browser.open(`/console/cases/${number}`);
      assert.match(seen.text, /had shown the password and a right code of the authenticator app/);
      expectPage(await confirmDevice(there), /./);
    },
  );
});

describe("who is asked, and who is not", () => {
  story(
    "whoever has no second factor yet is, and may then finish setting up",
    { seed: "device-half" },
    async (world) => {
      const half = makePerson(world, "half-made");
      await registerAndConfirm(world, half);
      const there = elsewhere(world, half);
      expectPage(await signInWithPassword(there), /Your password was right. This browser is new/);
      assert(!(await isSignedIn(there)));
      assert.equal((await confirmDevice(there)).path, "/account/setup");
      const home = withDeviceOf(world, half);
      assert.equal((await signInWithPassword(home)).path, "/account/setup", "where it was registered");
    },
  );

  story(
    "an account without a confirmed address is not: nothing could answer",
    { seed: "device-none" },
    async (world) => {
      const nina = makePerson(world, "nina");
      await nina.browser.open("/register");
      await nina.browser.submit("/register", { username: "nina", address: nina.address, password: nina.password });
      assert.equal((await signInWithPassword(elsewhere(world, nina))).path, "/account/setup");
    },
  );

  story("the browser of a reset by mail is not: a mailbox was shown in it", { seed: "device-reset" }, async (world) => {
    const alice = await aliceIn(world);
    const there = elsewhere(world, alice);
    await there.browser.open("/reset");
    await there.browser.submit("/reset", { name: "alice" });
    const link = linkIn(await world.mailbox.wait(alice.address, /password/i), /\/reset\//);
    await there.browser.open(link);
    there.password = makePassphrase();
    expectPage(await there.browser.submit(link, { password: there.password }), /Now sign in/);
    expectPage(await signInWithPassword(there), /six digits/i);
    const code = (await there.phone?.code()) ?? "";
    expectPage(await there.browser.submit("/sign-in/second-factor", { code }), /How you get in/);
  });

  story("the desk asks too, and knows a browser of the ordinary pages", { seed: "device-desk" }, async (world) => {
    const dana = await staff(world, "dana", "reviewer");
    await world.pass(DAY);
    const there = elsewhere(world, dana);
    expectPage(await signInWithPassword(there, "/console/sign-in"), /code from your app/i);
    const first = (await there.phone?.code()) ?? "";
    const page = await there.browser.submit("/console/sign-in/second-factor", { code: first });
    expectPage(page, /Confirm that it is you.*d•••@d•••\.example/);
    assert.notEqual((await rawRequest(world, { path: "/console", browser: there.browser })).status, 200);
    expectPage(await there.browser.submit("/console/sign-in/new-device", { code: "00000000" }), /newest mail/, 401);
    expectPage(await there.browser.submit("/console/sign-in/new-device/mail"), /We mailed a code/);
    expectPage(await confirmDevice(there), /Recovery cases/);
    const ordinary = elsewhere(world, dana);
    expectPage(await signIn(ordinary), /How you get in/);
    expectPage(await signInWithPassword(ordinary, "/console/sign-in"), /code from your app/i);
    const code = (await ordinary.phone?.code()) ?? "";
    expectPage(await ordinary.browser.submit("/console/sign-in/second-factor", { code }), /Recovery cases/);
  });
});

describe("what a sign-in that waits is worth", () => {
  story(
    "nothing on any page, and nothing at all after a lock or a new password",
    { seed: "device-worth" },
    async (world) => {
      const alice = await aliceIn(world);
      const thief = await atTheQuestion(world, alice);
      const code = mailCodeIn(await world.mailbox.wait(alice.address, CODE));
      for (const path of ["/account", "/account/setup", "/account/tokens", "/sign-in/new-password", "/console"])
        assert.notEqual((await rawRequest(world, { path, browser: thief.browser })).status, 200, path);
      const seq = await lastSeq(world);
      await signIn(alice);
      await alice.browser.open("/account/lock");
      expectPage(await alice.browser.submit("/account/lock"), /The account is locked/);
      const body = `_csrf=${await csrfOf(thief.browser)}&code=${code.replace(" ", "")}`;
      const late = await postForm(world, "/sign-in/new-device", body, { browser: thief.browser });
      assert.match(String(late.headers["location"]), /^\/sign-in/);
      assert(!(await isSignedIn(thief)));
      assert((await actsSince(world, seq)).includes("recovery/account-locked"));
    },
  );
});
