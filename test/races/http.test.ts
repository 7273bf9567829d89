import assert from "node:assert/strict";
import { describe } from "node:test";
import {
  accountIdOf,
  atTheDesk,
  csrfOf,
  elsewhere,
  isFrozen,
  maintainer,
  newestLink,
  postForm,
  type RawAnswer,
  staff,
  stateOf,
  subscriber,
} from "../adversary/cast.ts";
import { type Browser, formsOf, openBrowser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  makePassphrase,
  makePhone,
  otpauthIn,
  signInWithPassword,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openFromForm,
  openFromStuckScreen,
  proveSshKey,
  restorationPath,
} from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* The same races as a browser sees them: many requests on the wire at once. */

const DEMO = "policy/demo.json";

/** Sends one form many times at once, from one browser. */
async function press(
  world: World,
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
  times: number,
): Promise<readonly RawAnswer[]> {
  const body = new URLSearchParams({ ...fields, _csrf: await csrfOf(browser) }).toString();
  return Promise.all(Array.from({ length: times }, () => postForm(world, path, body, { browser })));
}

const statuses = (answers: readonly RawAnswer[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(Object.groupBy(answers, (one) => String(one.status))).map(([status, list]) => [
      status,
      list?.length ?? 0,
    ]),
  );

async function rows(world: World, query: string, ...values: readonly string[]): Promise<number> {
  const { rows: found } = await world.runtime.db.pool.query<{ n: number }>(`select count(*)::int as n from ${query}`, [
    ...values,
  ]);
  return found[0]?.n ?? -1;
}

describe("over HTTP", () => {
  story("a recovery code that is sent fifty times at once signs in once", { seed: "race-code" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const there = elsewhere(world, alice);
    expectPage(await signInWithPassword(there), /six digits/i);
    const answers = await press(world, there.browser, "/sign-in/recovery-code", { code: alice.codes[0] ?? "" }, 50);
    const signedIn = answers.filter((one) => one.status === 200);
    assert.equal(signedIn.length, 1, JSON.stringify(statuses(answers)));
    assert.match(signedIn[0]?.text ?? "", /Here is its replacement/);
    for (const one of answers) {
      // Used already; the ceremony is over; or too many tries in a row.
      assert([200, 303, 401, 409, 410, 429].includes(one.status), `${one.status}: ${one.text.slice(0, 300)}`);
    }
    const id = await accountIdOf(world, "alice");
    assert.equal(
      await rows(
        world,
        "one_time_secrets where purpose = 'recovery-code' and subject = $1 and spent_at is not null",
        id,
      ),
      1,
    );
    assert.equal(await rows(world, "audit_events where account_id = $1 and facts->'factors' ? 'recovery-code'", id), 1);
  });

  story(
    "a restoration that is sent forty times at once happens once",
    { seed: "race-restore", policyFile: DEMO },
    async (world) => {
      const alice = await subscriber(world, "alice");
      await world.pass(10_000);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      await world.pass(300_000);
      const path = await restorationPath(world, alice.address, opened.number);
      const page = await lost.browser.open(path);
      const phone = makePhone(otpauthIn(page), world.time);
      const fields = { password: makePassphrase(), code: await phone.code() };
      const answers = await press(world, lost.browser, path, fields, 40);
      assert.equal(answers.filter((one) => one.status === 200).length, 1, JSON.stringify(statuses(answers)));
      for (const one of answers)
        assert([200, 410, 429].includes(one.status), `${one.status}: ${one.text.slice(0, 300)}`);
      assert.equal(await rows(world, "outbox_mails where message = 'account-restored'"), 1);
      assert.equal(await rows(world, "audit_events where act = 'recovery/restore'"), 1);
    },
  );

  story(
    "an objection and an approval pressed at once: the account ends frozen, whoever was first",
    { seed: "race-object", policyFile: DEMO },
    async (world) => {
      const dana = await staff(world, "dana", "reviewer");
      const bob = await maintainer(world, "bob", "bedrock");
      const frank = await maintainer(world, "frank", "gneiss");
      for (const name of ["basalt", "schist"]) await upload(world, frank, wheelOf(name, "1.0", ["bedrock>=1"]));
      await world.pass(10_000);
      const away = elsewhere(world, bob);
      const opened = await openFromForm(away, { username: "bob", contact: bob.address });
      await confirmContact(world, away, opened.number);
      expectPage(await proveSshKey(away), /looks at it now|One of us|One person/);
      const desk = await atTheDesk(world, dana);
      const page = expectPage(await desk.browser.open(`/console/cases/${opened.number}`), new RegExp(opened.number));
      const form = formsOf(page.html).find(({ action }) => action.endsWith("/approve"));
      await world.pass(31_000); // the sign-in has used the code of this half minute
      const code = (await desk.phone?.code()) ?? "";
      const approval = { ...form?.fields, reason: "The key and the mailbox agree.", username: "bob", code };
      const owner = openBrowser(world.origin);
      const link = newestLink(world, bob.address, /\/objection\//);
      await owner.open(link);
      const [stopped, approved] = await Promise.all([
        press(world, owner, link, {}, 10),
        press(world, desk.browser, `/console/cases/${opened.number}/approve`, approval, 5), // more codes at once are not looked at
      ]);
      assert.equal(stopped.filter((one) => one.status === 200).length, 1, JSON.stringify(statuses(stopped)));
      assert.equal(stopped.filter((one) => one.status === 410).length, 9);
      const ways = approved.filter((one) => one.status === 303).length;
      assert(ways <= 1, JSON.stringify(statuses(approved)));
      // The others come too late for the case, or with a code that the first has spent.
      const late = approved.filter((one) => one.status === 409 || one.status === 403);
      assert.equal(late.length, 5 - ways, JSON.stringify(statuses(approved)));
      assert(
        approved.some((one) => one.status !== 403),
        "one at least had its code",
      );
      assert.equal(await stateOf(world, opened.number), "contested");
      assert(await isFrozen(world, "bob"));
    },
  );
});
