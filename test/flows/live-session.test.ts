import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm } from "../../src/bin/demo/recovery.ts";
import { accountIdOf, DAY, elsewhere, isFrozen, maintainer, stateOf } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Number matching: the claimant sees a number, a browser that is still signed in is asked for it. */

const numberOn = (text: string): string => {
  const found = /number to choose there: (\d\d)/.exec(text)?.[1];
  assert(found, text.slice(0, 2000));
  return found;
};
const offeredOn = (html: string): readonly string[] =>
  [...html.matchAll(/name="number" value="(\d\d)"/g)].map(([, number]) => number ?? "");

/** Alice at a laptop that is signed in to and known for a month, and at a new phone with her case open. */
async function lockedOut(
  world: World,
): Promise<{ readonly laptop: Person; readonly phone: Person; readonly number: string }> {
  const alice = await maintainer(world, "alice", "alpenglow");
  await world.pass(30 * DAY);
  expectPage(await signIn(alice), /alice/);
  await world.pass(60_000);
  const phone = elsewhere(world, alice);
  const { number } = await openFromForm(phone, { username: "alice", contact: alice.address });
  await confirmContact(world, phone, number);
  return { laptop: alice, phone, number };
}

const caseIdOf = async (world: World, number: string): Promise<string> => {
  const { rows } = await world.runtime.db.pool.query<{ id: string }>(
    "select id from recovery_cases where number = $1",
    [number],
  );
  return rows[0]?.id ?? "";
};
const countedKinds = async (world: World, number: string): Promise<readonly string[]> => {
  const { rows } = await world.runtime.db.pool.query<{ kinds: readonly string[] | null }>(
    `select (select array_agg(c->'finding'->>'kind') from jsonb_array_elements(decision->'weighing'->'counted') c) as kinds
     from recovery_cases where number = $1`,
    [number],
  );
  return rows[0]?.kinds ?? [];
};

describe("a device that is still signed in", () => {
  story("is asked for the number on the case page, and the right one counts", { seed: "live-right" }, async (world) => {
    const { laptop, phone, number } = await lockedOut(world);
    assert.doesNotMatch((await laptop.browser.open("/account/asked")).text, /Is it you/);
    await openCasePage(phone);
    const shown = numberOn((await phone.browser.submit(/prove\/number$/)).text);
    const account = expectPage(await laptop.browser.open("/account"), /Somebody asks to get back in. Is it you\?/);
    assert.equal(offeredOn(account.html).length, 3);
    assert(offeredOn(account.html).includes(shown));
    const answered = await laptop.browser.submit("/account/asked/number", { number: shown });
    expectPage(answered, /Nobody asks anything at the moment/);
    expectPage(await openCasePage(phone), /right number was chosen on a device that is still signed in/);
    assert((await countedKinds(world, number)).includes("live-session"));
  });

  story(
    "says no: the case stops, the account is locked and everybody signed out",
    { seed: "live-no" },
    async (world) => {
      const { laptop, phone, number } = await lockedOut(world);
      await openCasePage(phone);
      await phone.browser.submit(/prove\/number$/);
      await laptop.browser.open("/account/asked");
      expectPage(await laptop.browser.submit("/account/asked/not-me"), /It is stopped/);
      assert.equal(await stateOf(world, number), "contested");
      assert(await isFrozen(world, "alice"));
      assert.equal((await laptop.browser.open("/account")).path, "/sign-in");
      const { rows } = await world.runtime.db.pool.query(
        "select verdict from findings where case_id = $1 and kind = 'live-session'",
        [await caseIdOf(world, number)],
      );
      assert.deepEqual(rows, [{ verdict: "contradicts" }]);
    },
  );

  story(
    "is not asked without end: three numbers a case, and six a day of an account",
    { seed: "live-flood" },
    async (world) => {
      const { laptop, phone, number } = await lockedOut(world);
      await openCasePage(phone);
      const seen = new Set<string>();
      for (const _ of [1, 2, 3]) {
        const page = await phone.browser.submit(/prove\/number$/);
        seen.add(numberOn(page.text));
        await world.pass(11 * 60_000); // until it has run out, and a new one can be asked for
        await openCasePage(phone);
      }
      const fourth = await phone.browser.submit(/prove\/number$/);
      assert.equal(fourth.status, 429);
      assert.doesNotMatch((await laptop.browser.open("/account")).text, /Is it you/);
      const { rows } = await world.runtime.db.pool.query("select attempts from throttle_counters where bucket = $1", [
        `number-matching:${await accountIdOf(world, "alice")}`,
      ]);
      assert.deepEqual(rows, [{ attempts: 3 }]);
      assert.equal(await stateOf(world, number), "collecting");
    },
  );
});
