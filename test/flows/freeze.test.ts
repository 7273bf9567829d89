import assert from "node:assert/strict";
import { describe } from "node:test";
import { type FreezeReason, freezeAccount } from "../../src/accounts/index.ts";
import { jobs } from "../../src/app/jobs.ts";
import type { App } from "../../src/app/start.ts";
import { expectPage, makePassphrase, signIn, signInWithPassword, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { runDue } from "../../src/kernel/jobs/index.ts";
import { ok } from "../../src/kernel/result.ts";
import {
  accountIdOf,
  csrfOf,
  DAY,
  elsewhere,
  HOUR,
  isFrozen,
  maintainer,
  postForm,
  stateOf,
} from "../adversary/cast.ts";
import { act } from "../world/registry.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* A freeze with a reason and an end: its page says both, the job ends it, and an appeal reaches a person. */

const WHEEL = wheelOf("alpenglow", "1.1");

async function freeze(world: World, username: string, because: FreezeReason, until?: Date): Promise<void> {
  const accountId = await accountIdOf(world, username);
  await act(world.runtime, async (tx) => {
    const end = until === undefined ? {} : { until };
    const actor = { kind: "clock" } as const;
    await freezeAccount(tx, world.runtime.random, { accountId, because, caseId: null, actor, ...end });
    return ok();
  });
}

/** What the installation's own job does at its time; there must be one, once a minute. */
async function thaw(world: World): Promise<void> {
  const job = jobs({} as App).find(({ name }) => name === "accounts-thaw"); // of the application it needs nothing
  assert.equal(job?.every, "* * * * *");
  if (job) await runDue(world.runtime, [job]);
  await world.settle();
}

describe("a freeze with an end", () => {
  story("says why and until when, and ends by itself, told once", { seed: "freeze-end" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(20 * DAY);
    const until = new Date(world.time.now().getTime() + 3 * DAY);
    await freeze(world, "alice", "suspicious", until);
    assert.equal((await upload(world, alice, WHEEL)).status, 403);
    const owner = elsewhere(world, alice);
    const page = expectPage(await signInWithPassword(owner), /Your account is frozen/);
    assert.match(page.text, /signs that somebody else was using it/);
    assert.match(page.text, /It ends by itself/);
    assert(page.html.includes(`datetime="${until.toISOString().slice(0, 16)}`), "with the date");
    assert(!page.html.includes('href="/frozen/unlock"'), "it is not the owner's to end");
    await owner.browser.open("/frozen/unlock");
    const code = (await alice.phone?.code()) ?? "";
    const tried = await owner.browser.submit("/frozen/unlock", { code, password: makePassphrase() });
    expectPage(tried, /was not made by the account.s owner/, 403);

    await world.pass(3 * DAY - HOUR);
    await thaw(world);
    assert(await isFrozen(world, "alice"), "not before its time");
    await world.pass(HOUR);
    await Promise.all([thaw(world), thaw(world), thaw(world)]);
    assert(!(await isFrozen(world, "alice")));
    await thaw(world);
    const told = world.sent.filter((mail) => mail.to === alice.address && /is unlocked/.test(mail.subject));
    assert.equal(told.length, 1, "and once");
    expectPage(await signIn(elsewhere(world, alice)), /alice/);
    assert.equal((await upload(world, alice, WHEEL)).status, 200);
  });

  story("does not end while there is a stronger reason for it", { seed: "freeze-tighter" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await freeze(world, "alice", "suspicious", new Date(world.time.now().getTime() + DAY));
    await freeze(world, "alice", "staff");
    await freeze(world, "alice", "suspicious", new Date(world.time.now().getTime() + HOUR));
    await world.pass(2 * DAY);
    await thaw(world);
    assert(await isFrozen(world, "alice"));
    expectPage(await signInWithPassword(elsewhere(world, alice)), /The people who run the index froze it/);
  });
});

describe("an appeal", () => {
  story(
    "opens a case with the password proven; further words go to the desk, unseen by the claimant",
    { seed: "freeze-appeal" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(20 * DAY);
      await freeze(world, "alice", "staff");
      const owner = elsewhere(world, alice);
      expectPage(await signInWithPassword(owner), /Write to us about it/);
      await owner.browser.open("/frozen/appeal");
      const form = { cause: "frozen", contact: alice.address, story: "I changed phones on Monday." };
      const opened = expectPage(await owner.browser.submit("/frozen/appeal", form), /LK-/);
      const number = /LK-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(opened.text)?.[0] ?? "";
      assert.notEqual(await stateOf(world, number), "none");
      expectPage(await owner.browser.open("/recovery/case"), /password/i);
      assert(await isFrozen(world, "alice"), "an appeal ends nothing by itself");

      const again = elsewhere(world, alice);
      await signInWithPassword(again);
      await again.browser.open("/frozen/appeal");
      const words = { cause: "compromised", contact: "other@other.example", story: "The phone was stolen, I think." };
      await again.browser.submit("/frozen/appeal", words);
      const claimant = await owner.browser.open("/recovery/case");
      assert(!claimant.text.includes("stolen, I think"), "whoever holds the case does not read it");
    },
  );

  story("is for somebody whose password was right", { seed: "freeze-appeal-stranger" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await freeze(world, "alice", "staff");
    const stranger = { ...elsewhere(world, alice), password: makePassphrase() };
    const page = await signInWithPassword(stranger);
    expectPage(page, /do not go together/, 401);
    assert(!/frozen/i.test(page.text), "a stranger is not told of it");
    const { browser } = stranger;
    for (const path of ["/frozen", "/frozen/unlock", "/frozen/appeal"]) expectPage(await browser.open(path), /Sign in/);
    const body = new URLSearchParams({ _csrf: await csrfOf(browser), cause: "frozen", contact: "a@b.example" });
    const answer = await postForm(world, "/frozen/appeal", body.toString(), { browser });
    assert.equal(answer.headers["location"], "/sign-in");
  });
});
