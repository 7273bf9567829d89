import assert from "node:assert/strict";
import { describe } from "node:test";
import { TOTP, URI } from "otpauth";
import {
  confirmDevice,
  codesIn,
  expectPage,
  makePerson,
  otpauthIn,
  type Person,
  registerAndConfirm,
  signIn,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { atTheDesk, elsewhere, forgetAttempts, staff, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Six digits from a clock that is wrong, recovery codes that are refused, and a code that was posted in public. */

const STEP_MS = 30_000;

const codeAt = (world: World, person: Person, steps: number): string =>
  (URI.parse(person.phone?.uri ?? "") as TOTP).generate({ timestamp: world.time.now().getTime() + steps * STEP_MS });

const toSecondStep = async (world: World, person: Person): Promise<Person> => {
  await forgetAttempts(world);
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there), /six digits/i);
  return there;
};

describe("the clock of a phone", () => {
  story("that is off is told by how much, and its codes are not accepted", { seed: "drift" }, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(10 * 60_000);
    const there = await toSecondStep(world, alice);
    const tryCode = (steps: number) =>
      there.browser.submit("/sign-in/second-factor", { code: codeAt(world, alice, steps) });
    expectPage(await tryCode(8), /about 4 minutes ahead of ours.*automatic date and time/, 401);
    expectPage(await tryCode(-6), /about 3 minutes old/, 401);
    expectPage(await tryCode(-2), /just run out/, 401);
    expectPage(await tryCode(40), /not right/, 401);
    assert(!there.browser.page.text.includes("minutes ahead"), "a code of another hour is simply wrong");
    await there.browser.submit("/sign-in/second-factor", { code: codeAt(world, alice, 0) });
    expectPage(await confirmDevice(there), /How you get in/);
  });

  story(
    "a code that was recognised too early is refused when its time comes: a lucky guess is worth nothing",
    { seed: "drift-guess" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(10 * 60_000);
      const mallory = await toSecondStep(world, alice);
      const guessed = codeAt(world, alice, 4);
      expectPage(await mallory.browser.submit("/sign-in/second-factor", { code: guessed }), /minutes ahead/, 401);
      await world.pass(4 * STEP_MS);
      expectPage(await mallory.browser.submit("/sign-in/second-factor", { code: guessed }), /used before/, 409);
      await world.pass(STEP_MS);
      expectPage(await mallory.browser.submit("/sign-in/second-factor", { code: guessed }), /used before/, 409);
      await world.pass(STEP_MS);
      expectPage(await signIn(await toSecondStep(world, alice)), /How you get in/);
    },
  );

  story("is told of when the app is set up, too", { seed: "drift-setup" }, async (world) => {
    const half = makePerson(world, "half-made");
    await registerAndConfirm(world, half);
    await half.browser.open("/account/setup");
    const page = await half.browser.submit("/account/setup/totp/begin");
    const app = URI.parse(otpauthIn(page)) as TOTP;
    const code = app.generate({ timestamp: world.time.now().getTime() + 6 * STEP_MS });
    expectPage(await half.browser.submit("/account/setup/totp", { code }), /about 3 minutes ahead/, 401);
  });
});

describe("a recovery code", () => {
  story("that is refused says why, and a used one is told and replaced", { seed: "codes-why" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const bob = await subscriber(world, "bob");
    await world.pass(24 * 3600_000);
    const [used = "", second = "", third = ""] = alice.codes;
    const first = await toSecondStep(world, alice);
    await first.browser.open("/sign-in/recovery-code");
    const shown = expectPage(await first.browser.submit("/sign-in/recovery-code", { code: used }), /replacement/);
    assert.equal(codesIn(shown).length, 1);
    await world.mailbox.wait(alice.address, /recovery code was used/);
    await world.pass(24 * 3600_000);

    const why = async (code: string, text: RegExp, status: number) => {
      await world.runtime.db.pool.query("update authenticators set consecutive_failures = 0, blocked_until = null");
      const there = await toSecondStep(world, alice);
      await there.browser.open("/sign-in/recovery-code");
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code }), text, status);
    };
    await why(used, /used before.*used on 2026-11-03/, 410);
    await why(`${second.slice(0, -1)}${second.endsWith("0") ? "1" : "0"}`, /typing mistake/, 422);
    await why("a1b2-c3d4", /another site/, 422);
    await why("12345678", /another site/, 422);
    await why(bob.codes[0] ?? "", /typed right, but is not one of this account/, 401);
    const there = elsewhere(world, alice);
    await signIn(there);
    await there.browser.open("/account/recovery-codes");
    expectPage(await there.browser.submit("/account/recovery-codes"), /Your recovery codes/);
    await why(third, /older set.*made on 2026-11-04/, 410);
  });

  story(
    "posted in public is burned at the desk by whoever pastes it; the set is not seen and the owner is told",
    { seed: "codes-burn" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const desk = await atTheDesk(world, await staff(world, "sam", "support"));
      await desk.browser.open("/console/leaked-codes");
      const [leaked = "", other = ""] = alice.codes;
      const text = `Help! I lost my phone. My code is ${leaked.toUpperCase()}, and ${leaked.replaceAll("-", " ")}\nthanks`;
      const where = "issue 4711 in the public tracker";
      const page = expectPage(
        await desk.browser.submit("/console/leaked-codes", { pastedCodes: text, where }),
        /One code is worthless now.*alice.*9/,
      );
      assert(!page.html.toLowerCase().includes(other), "no other code is shown");
      assert(!page.html.toLowerCase().includes(leaked), "nor this one again");
      const mail = await world.mailbox.wait(alice.address, /seen in public/);
      assert.match(mail.text, /issue 4711/);
      assert(!mail.text.includes(leaked));

      const there = await toSecondStep(world, alice);
      await there.browser.open("/sign-in/recovery-code");
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code: leaked }), /seen in public/, 410);
      expectPage(await there.browser.submit("/sign-in/recovery-code", { code: other }), /replacement/);

      await desk.browser.open("/console/leaked-codes");
      expectPage(
        await desk.browser.submit("/console/leaked-codes", { pastedCodes: leaked, where }),
        /No unused code of anybody.*1 more reads as a recovery code/,
      );
      expectPage(
        await desk.browser.submit("/console/leaked-codes", { pastedCodes: "lkrc-aaaaa", where }),
        /no recovery code of ours/,
        422,
      );
    },
  );

  story("burned by ten at the desk at once is burned once", { seed: "codes-burn-race" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const desk = await atTheDesk(world, await staff(world, "sam", "support"));
    await desk.browser.open("/console/leaked-codes");
    const csrf = /name="_csrf" value="([^"]+)"/.exec(desk.browser.page.html)?.[1] ?? "";
    const body = new URLSearchParams({ _csrf: csrf, pastedCodes: alice.codes[0] ?? "", where: "a wiki" });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    await Promise.all(
      Array.from({ length: 10 }, async () =>
        (await desk.browser.raw("/console/leaked-codes", { method: "POST", body: body.toString(), headers })).text(),
      ),
    );
    await world.settle();
    assert.equal(world.sent.filter((mail) => /seen in public/.test(mail.subject)).length, 1);
  });
});
