import assert from "node:assert/strict";
import { describe } from "node:test";
import { TOTP, URI } from "otpauth";
import { verifyChain } from "../../src/audit/index.ts";
import {
  confirmDevice,
  expectPage,
  type Person,
  signInWithPassword,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import { confirmContact, openFromStuckScreen, proveApiToken, proveSshKey } from "../../src/bin/demo/recovery.ts";
import { elsewhere, maintainer, newestLink, stateOf, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/*
 * The machine's clock jumps an hour, forward or back, as after a wrong time server or a restored snapshot. Nothing may be
 * given away by it, and nobody may be kept out for longer than the jump.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A second browser, at the page that asks for six digits. */
async function atSecondFactor(world: World, person: Person): Promise<Person> {
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there), /six digits/i);
  return there;
}

/** What her app shows when that is the time; makePhone goes forward only. */
const codeAt = (person: Person, at: Date): string => {
  const totp = URI.parse(person.phone?.uri ?? "");
  assert(totp instanceof TOTP);
  return totp.generate({ timestamp: at.getTime() });
};

const caseOf = async (world: World, number: string) => {
  const { rows } = await world.runtime.db.pool.query<{
    wait_ends_at: Date;
    opened: number;
    midway: number;
    release: number;
  }>(
    `select wait_ends_at,
       (select count(distinct id)::int from recovery_notices where case_id = c.id and moment = 'opened') as opened,
       (select count(distinct id)::int from recovery_notices where case_id = c.id and moment = 'midway') as midway,
       (select count(distinct id)::int from recovery_notices where case_id = c.id and moment = 'before-release') as release
     from recovery_cases c where number = $1`,
    [number],
  );
  assert(rows[0]);
  return rows[0];
};

describe("the clock jumps an hour", () => {
  story(
    "back: sessions go on, a used six-digit code stays used, a recovery code lets in",
    { seed: "clock-back" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(5 * MINUTE);
      const code = (await alice.phone?.code()) ?? "";
      const first = await atSecondFactor(world, alice);
      await first.browser.submit("/sign-in/second-factor", { code });
      expectPage(await confirmDevice(first), /alice/);
      world.runtime.clock.advance(-HOUR);
      expectPage(await alice.browser.open("/account"), /alice/);
      expectPage(await first.browser.open("/account"), /alice/);
      const again = await atSecondFactor(world, alice);
      const shown = codeAt(alice, world.time.now());
      expectPage(await again.browser.submit("/sign-in/second-factor", { code: shown }), /used before/, 409);
      expectPage(await again.browser.submit("/sign-in/second-factor", { code }), /./, 401);
      await again.browser.open("/sign-in/recovery-code");
      expectPage(await again.browser.submit("/sign-in/recovery-code", { code: alice.codes[1] ?? "" }), /replacement/);
      await world.pass(HOUR + MINUTE);
      const later = await atSecondFactor(world, alice);
      const now = codeAt(alice, world.time.now());
      await later.browser.submit("/sign-in/second-factor", { code: now });
      expectPage(await confirmDevice(later), /alice/);
      assert.deepEqual((await verifyChain(world.runtime.db)).breaches, [], "the log goes by numbers, not by times");
    },
  );

  story(
    "forward: a sign-in under way is over, and back again no used code comes to life",
    { seed: "clock-forward" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const half = await atSecondFactor(world, alice);
      world.runtime.clock.advance(HOUR);
      const code = codeAt(alice, world.time.now());
      // A sign-in that was under way is over; a page says where to begin again.
      const late = await half.browser.submit("/sign-in/second-factor", { code });
      assert.match(late.text, /Sign in|start again/i);
      assert.equal(late.path.startsWith("/account"), false);
      expectPage(await alice.browser.open("/account"), /alice/);
      const fresh = await atSecondFactor(world, alice);
      await fresh.browser.submit("/sign-in/second-factor", { code });
      expectPage(await confirmDevice(fresh), /alice/);
      world.runtime.clock.advance(-HOUR);
      expectPage(await fresh.browser.open("/account"), /alice/);
      const again = await atSecondFactor(world, alice);
      const old = codeAt(alice, world.time.now());
      expectPage(await again.browser.submit("/sign-in/second-factor", { code: old }), /used before/, 409);
      world.runtime.clock.advance(HOUR); // or the mails of the hour that was wrong would wait for it
      assert.deepEqual((await verifyChain(world.runtime.db)).breaches, []);
    },
  );

  story(
    "during a waiting time: it ends when it was said to end, and everybody is told once",
    { seed: "clock-wait" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * 24 * HOUR);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      assert.equal((await proveApiToken(world, lost)).status, 200);
      expectPage(await proveSshKey(lost), /Your case is decided/);
      const { wait_ends_at: ends, opened: told } = await caseOf(world, opened.number);
      await world.time.until(new Date((world.time.now().getTime() + ends.getTime()) / 2));
      assert.equal((await caseOf(world, opened.number)).midway, told, "told halfway");
      await world.pass(-HOUR);
      await world.pass(HOUR);
      assert.equal(
        (await caseOf(world, opened.number)).midway,
        told,
        "the same moment a second time tells nobody again",
      );

      await world.time.until(new Date(ends.getTime() - MINUTE));
      await world.pass(-HOUR);
      assert.equal(await stateOf(world, opened.number), "waiting");
      await world.pass(HOUR);
      assert.equal(await stateOf(world, opened.number), "waiting", "a minute is left");
      await world.pass(HOUR); // too far, by 59 minutes
      assert.equal(await stateOf(world, opened.number), "ready");
      await world.pass(-HOUR);
      await world.pass(0);
      assert.equal(await stateOf(world, opened.number), "ready", "what was released is not taken back");
      assert.equal((await caseOf(world, opened.number)).release, told);
      const mails = world.sent.filter(
        (mail) => mail.to === alice.address && /take your account back/.test(mail.subject),
      );
      assert.equal(mails.length, 1);
      const restoration = newestLink(world, alice.address, /\/restore\//);
      expectPage(await lost.browser.open(restoration), /Enter your case code/);
      expectPage(
        await lost.browser.submit(`${restoration}/case-code`, { code: opened.code }),
        /Set up your account anew/,
      );
      await world.pass(HOUR);
      assert.equal(
        (await upload(world, alice, wheelOf("alpenglow", "1.1"))).status,
        403,
        "the token shown as proof is held",
      );
      assert.deepEqual((await verifyChain(world.runtime.db)).breaches, []);
    },
  );
});
