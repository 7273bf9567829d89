import assert from "node:assert/strict";
import { describe } from "node:test";
import { thawDue } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  makePerson,
  makeToken,
  type Person,
  registerAndConfirm,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { secret } from "../../src/kernel/secret.ts";
import { submitPassword } from "../../src/sign-in/index.ts";
import { watchAccounts } from "../../src/suspicion/index.ts";
import { accountIdOf, DAY, elsewhere, HOUR, isFrozen, newestLink, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Signs of somebody else at an account: asked first, stopped where asking did not help, told, and ended by a date. */

const MINUTE = 60_000;
const watch = (world: World) => watchAccounts(world.runtime, world.time.now());
const mailsTo = (world: World, address: string, subject: RegExp): number =>
  world.sent.filter((mail) => mail.to === address && subject.test(mail.subject)).length;

/** What a thief does in a session of their own, as the log has it. */
async function happens(
  world: World,
  person: Person,
  acts: readonly string[],
  more: { readonly ip?: string; readonly tokens?: boolean } = {},
): Promise<void> {
  const accountId = await accountIdOf(world, person.username);
  for (const [at, act] of acts.entries()) {
    await world.pass(MINUTE / 4);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      audit(tx, world.runtime.random, {
        act,
        actor: { kind: "subscriber", id: accountId },
        accountId,
        facts: more.tokens ? { token: `tok_${at}` } : {},
        personal: { ip: more.ip ?? "203.0.113.66", userAgent: "thief" },
      });
      return ok();
    });
  }
}

const TAKEOVER = [
  "authenticators/password-changed",
  "authenticators/totp-bound",
  "authenticators/recovery-codes-made",
  "accounts/address-added",
  "accounts/primary-address-changed",
];

/** Alice, at home for a week, and somebody signed in as her in a new browser. */
async function somebodyNew(world: World): Promise<{ readonly alice: Person; readonly thief: Person }> {
  const alice = await subscriber(world, "alice");
  await world.pass(7 * DAY);
  const thief = elsewhere(world, alice);
  expectPage(await signIn(thief), /How you get in/);
  return { alice, thief };
}

describe("a burst of changes", () => {
  story(
    "asks for the authenticators again, once, and tells the owner, who can lock",
    { seed: "burst" },
    async (world) => {
      const { alice, thief } = await somebodyNew(world);
      expectPage(await thief.browser.open("/account/password"), /New password/);
      await happens(world, alice, TAKEOVER);
      assert.deepEqual(await watch(world), { asked: 1, frozen: 0, tokens: 0, password: 0 });
      assert.deepEqual(
        await watch(world),
        { asked: 0, frozen: 0, tokens: 0, password: 0 },
        "twice the same does nothing",
      );
      assert.equal((await thief.browser.open("/account/password")).path, "/account/confirm");
      await world.settle();
      assert.equal(mailsTo(world, alice.address, /Was this you/), 1);
      const reader = openBrowser(world.origin);
      const link = newestLink(world, alice.address, /\/not-me\//);
      expectPage(await reader.open(link), /something unusual on the account/);
      expectPage(await reader.submit(link), /The account is locked/);
    },
  );

  story(
    "that goes on freezes, with class, date, an honest page and an appeal; the date ends it",
    { seed: "burst-on" },
    async (world) => {
      const { alice, thief } = await somebodyNew(world);
      await happens(world, alice, TAKEOVER);
      await watch(world);
      await happens(world, alice, ["accounts/address-removed"]);
      assert.deepEqual(await watch(world), { asked: 0, frozen: 1, tokens: 0, password: 0 });
      assert(await isFrozen(world, "alice"));
      assert.equal((await thief.browser.open("/account")).path, "/sign-in", "every session ended");
      await world.settle();
      assert.equal(mailsTo(world, alice.address, /Your account is frozen/), 1);

      const owner = elsewhere(world, alice);
      const page = expectPage(await signInWithPassword(owner), /Your account is frozen/);
      assert.match(page.text, /signs that somebody else was using it/);
      assert.match(page.text, /It ends by itself/);
      expectPage(await owner.browser.open("/frozen/appeal"), /Write to us about the freeze/);

      await world.pass(72 * HOUR + MINUTE);
      assert.equal(await thawDue(world.runtime, world.time.now()), 1);
      assert(!(await isFrozen(world, "alice")));
      assert.deepEqual(
        await watch(world),
        { asked: 0, frozen: 0, tokens: 0, password: 0 },
        "and is not frozen for the same again",
      );
      const back = elsewhere(world, alice);
      expectPage(await signInWithPassword(back), /six digits/i);
      const code = (await back.phone?.code()) ?? "";
      expectPage(await back.browser.submit("/sign-in/second-factor", { code }), /Confirm that it is you/);
    },
  );

  story(
    "is none where the account is being set up, and none from a browser known for long",
    { seed: "burst-none" },
    async (world) => {
      const fresh = await subscriber(world, "fresh");
      await happens(world, fresh, TAKEOVER);
      const settled = await subscriber(world, "settled");
      await world.pass(7 * DAY);
      await happens(world, settled, TAKEOVER);
      assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 0, password: 0 });
    },
  );
});

describe("right passwords that nobody confirms", () => {
  story(
    "from three networks are told, from five in a day they freeze the account; its owner is told what to do",
    { seed: "unconfirmed" },
    async (world) => {
      const half = makePerson(world, "half-made");
      await registerAndConfirm(world, half);
      await world.pass(2 * DAY);
      for (let network = 1; network <= 5; network += 1) {
        assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 0, password: network === 4 ? 1 : 0 });
        await world.pass(HOUR);
        const step = await submitPassword(world.runtime, {
          name: "half-made",
          password: secret(half.password),
          purpose: "subscriber",
          source: { ip: `198.51.100.${network}`, userAgent: "bot" },
          now: world.time.now(),
        });
        assert(step.ok && step.value.next === "confirm-device");
      }
      assert.deepEqual(await watch(world), { asked: 0, frozen: 1, tokens: 0, password: 0 });
      await world.settle();
      assert.equal(mailsTo(world, half.address, /Was this you/), 1);
      const mail = world.sent.findLast((one) => /Your account is frozen/.test(one.subject));
      assert.match(mail?.text ?? "", /came\s+from\s+many\s+networks/);
      assert.match(mail?.text ?? "", /write\s+to\s+us/);
    },
  );
});

describe("the right password, and nothing after it", () => {
  story("from three networks is told, once", { seed: "half-right-networks" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(2 * DAY);
    for (let network = 1; network <= 4; network += 1) {
      const step = await submitPassword(world.runtime, {
        name: "alice",
        password: secret(alice.password),
        purpose: "subscriber",
        source: { ip: `198.51.100.${network}`, userAgent: "bot" },
        now: world.time.now(),
      });
      assert(step.ok && step.value.next === "second-factor");
      assert.equal((await watch(world)).password, network === 3 ? 1 : 0);
      await world.pass(MINUTE);
    }
    assert.equal(mailsTo(world, alice.address, /Was this you/), 1);
    assert(!(await isFrozen(world, "alice")));
  });
});

describe("API tokens used in masses", () => {
  story("from a network never seen are told of, and held when there are more", { seed: "tokens" }, async (world) => {
    const { alice, thief } = await somebodyNew(world);
    await makeToken(thief, "laptop");
    const uploads = (count: number): readonly string[] =>
      Array.from({ length: count }, () => "registry/file-published");
    await happens(world, alice, uploads(3), { tokens: true });
    assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 1, password: 0 });
    assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 0, password: 0 });
    await happens(world, alice, uploads(6), { tokens: true });
    assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 1, password: 0 });
    assert.deepEqual(await watch(world), { asked: 0, frozen: 0, tokens: 0, password: 0 }, "held once");
    await world.settle();
    assert.equal(mailsTo(world, alice.address, /Was this you/), 2);
    assert.match(world.sent.findLast((one) => /Was this you/.test(one.subject))?.text ?? "", /API tokens are held/);
    await thief.browser.open("/account/tokens");
    assert.match(thief.browser.page.text, /[Hh]eld/);
  });
});

describe("a right password and a wrong second factor", () => {
  story("is told once a day, at the third time, from a new browser alone", { seed: "half-right" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(DAY);
    const told = async () => {
      await world.settle();
      return mailsTo(world, alice.address, /second factor was not/);
    };
    const home = elsewhere(world, alice);
    for (const [name, value] of alice.browser.cookies)
      if (name.endsWith("device")) (home.browser.cookies as Map<string, string>).set(name, value); // the browser's own jar
    expectPage(await signInWithPassword(home), /six digits/i);
    for (let wrong = 0; wrong < 4; wrong += 1) await home.browser.submit("/sign-in/second-factor", { code: "000000" });
    assert.equal(await told(), 0, "the owner's own slips are not worth a mail");
    const thief = elsewhere(world, alice);
    expectPage(await signInWithPassword(thief), /six digits/i);
    for (let wrong = 1; wrong <= 4; wrong += 1) {
      await thief.browser.submit("/sign-in/second-factor", { code: "000000" });
      assert.equal(await told(), wrong < 3 ? 0 : 1, `after ${wrong}`);
    }
    const link = newestLink(world, alice.address, /\/not-me\//);
    expectPage(await openBrowser(world.origin).open(link), /failed at the second factor/);
  });
});
