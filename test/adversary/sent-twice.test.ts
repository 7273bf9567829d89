import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import type { Browser } from "../../src/bin/demo/browser.ts";
import {
  expectPage,
  linkIn,
  mailCodeIn,
  makePerson,
  type Person,
  signInWithPassword,
} from "../../src/bin/demo/person.ts";
import { openFromForm } from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { elsewhere, postForm, type RawAnswer, subscriber } from "./cast.ts";

/*
 * A form that is sent three times: pressed twice while the first answer is on its way, so that both carry the same
 * cookies, and once more with the browser's “send again”, which carries what the answer has set. test/races shows the same
 * for the same moment; here it is what the person is told, and what is there afterwards.
 */

const PASSWORD = "amber-bridge-copper-delta-77";

const count = async (world: World, table: string): Promise<number> => {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(
    world.runtime.db.root,
  );
  return rows[0]?.count ?? 0;
};

/** How often a mail with that subject went out. */
async function mails(world: World, subject: RegExp): Promise<number> {
  await world.settle();
  return world.sent.filter((mail) => subject.test(mail.subject)).length;
}

/** Sends the form of a page three times. Gives the second answer and the third. */
async function again(
  world: World,
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
  action = path,
): Promise<readonly [RawAnswer, RawAnswer]> {
  const { html } = await browser.open(path);
  const form = html.split("<form").find((part) => part.includes(`action="${action}"`)) ?? "";
  const csrf = /name="_csrf" value="([^"]+)"/.exec(form)?.[1];
  assert(csrf, `${path} has the form ${action}`);
  const body = new URLSearchParams({ ...fields, _csrf: csrf }).toString();
  const asItWas = { ...browser, cookies: new Map(browser.cookies) };
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const first = await browser.raw(action, { method: "POST", body, headers });
  assert(first.status < 400, `${action}: ${first.status} ${(await first.text()).slice(0, 300)}`);
  const pressed = await postForm(world, action, body, { browser: asItWas });
  const resent = await postForm(world, action, body, { browser });
  for (const answer of [pressed, resent]) {
    assert(answer.status < 500, `${action} again: ${answer.status}`);
    if (answer.status >= 400) assert.match(answer.text, /<h1[^>]*>[^<]{5}/, "the answer is a page that says why");
  }
  return [pressed, resent];
}

const atNewDevice = async (world: World, person: Person): Promise<Person> => {
  await world.pass(60_000);
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there), /six digits/i);
  await there.browser.submit("/sign-in/second-factor", { code: (await person.phone?.code()) ?? "" });
  return there;
};

describe("a form that is sent again", () => {
  story("registers one account with one mail, and confirms its address once", { seed: "twice-new" }, async (world) => {
    const alice = makePerson(world, "alice");
    const fields = { username: "alice", address: alice.address, password: PASSWORD };
    const [pressed] = await again(world, alice.browser, "/register", fields);
    assert.match(pressed.text, /username is taken/);
    assert.equal(await count(world, "accounts"), 1);
    assert.equal(await mails(world, /Confirm your address/), 1);
    const link = linkIn(await world.mailbox.wait(alice.address, /Confirm your address/), /\/confirm-address\//);
    for (const answer of await again(world, alice.browser, link, {}))
      assert.match(answer.text, /has been used already/);
    expectPage(await alice.browser.open("/account/setup"), /authenticator app/i);
  });

  story("signs in once", { seed: "twice-in" }, async (world) => {
    const there = await atNewDevice(world, await subscriber(world, "alice"));
    const before = await count(world, "sessions");
    const mail = await world.mailbox.wait(there.address, /Code to sign in on a new device/);
    await again(world, there.browser, "/sign-in/new-device", { code: mailCodeIn(mail) });
    assert.equal(await count(world, "sessions"), before + 1);
    expectPage(await there.browser.open("/account"), /How you get in/);
  });

  story(
    "changes a password, an address and a deletion once, each with one mail",
    { seed: "twice-own" },
    async (world) => {
      const { browser } = await subscriber(world, "alice");
      const addresses = await again(world, browser, "/account/addresses", { address: "a@second.example" });
      for (const answer of addresses) assert.match(answer.text, /on this account already/);
      assert.equal(await count(world, "addresses"), 2);
      assert.equal(await mails(world, /Confirm your address/), 2, "the first address's and the second's");

      await again(world, browser, "/account/password", { password: PASSWORD });
      assert.equal(await mails(world, /password was changed/), 1);
      expectPage(await browser.open("/account"), /How you get in/);

      for (const answer of await again(world, browser, "/account/delete", { username: "alice" }))
        assert.match(answer.text, /about to be deleted/);
      assert.equal(await mails(world, /will be deleted/), 1);
    },
  );

  story("makes an API token each time, all of them listed and told of", { seed: "twice-token" }, async (world) => {
    const { browser } = await subscriber(world, "alice");
    await again(world, browser, "/account/tokens", { name: "laptop", project: "", days: "30" });
    assert.equal(await count(world, "api_tokens"), 3, "one that was never seen opens nothing, and can be ended");
    assert.equal(await mails(world, /API token was made/), 3);
    const { html } = await browser.open("/account/tokens");
    assert.equal(html.match(/action="\/account\/tokens\/revoke"/g)?.length, 3);
  });

  story(
    "confirms a claimant once, who stays where they were, and says a thing once",
    { seed: "twice-case" },
    async (world) => {
      const bob = await subscriber(world, "bob");
      const claimant = elsewhere(world, bob);
      const { number } = await openFromForm(claimant, { username: "bob", contact: bob.address });
      const mail = await world.mailbox.wait(bob.address, new RegExp(`recovery case ${number}`));
      const code = { code: mailCodeIn(mail) };
      const answers = await again(world, claimant.browser, "/recovery/case", code, "/recovery/case/confirm");
      for (const answer of answers) assert.equal(answer.headers["location"], "/recovery/case");
      expectPage(await claimant.browser.open("/recovery/case"), /You can now prove that the account is yours/);
      assert.equal(await mails(world, new RegExp(`${number}.*is open`)), 1);
      const said = { body: "I lost my phone on Tuesday." };
      await again(world, claimant.browser, "/recovery/case", said, "/recovery/case/message");
      const { text } = await claimant.browser.open("/recovery/case");
      assert.equal(text.split(said.body).length - 1, 1);
      await world.pass(11 * 60_000);
      await claimant.browser.submit("/recovery/case/message", said);
      assert.equal(claimant.browser.page.text.split(said.body).length - 1, 2, "later it is said again");
    },
  );
});
