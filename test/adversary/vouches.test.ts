import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm } from "../../src/bin/demo/recovery.ts";
import type { World } from "../world/world.ts";
import { story } from "../world/story.ts";
import {
  accountIdOf,
  atTheDesk,
  DAY,
  elsewhere,
  forgetAttempts,
  maintainer,
  newestLink,
  staff,
  stateOf,
  subscriber,
} from "./cast.ts";

/* Insiders: people who share projects with Alice, and would like what is hers. */

async function share(owner: Person, project: string, other: Person) {
  const base = `/account/projects/${project}`;
  await owner.browser.open(base);
  await owner.browser.submit(`${base}/invite`, { who: other.username, role: "owner" });
  await other.browser.open("/account/invitations");
  expectPage(await other.browser.submit("/account/invitations/accept"), /Owner/);
}

/** Somebody claims to be a person, from a mailbox of their choice, and asks for a voucher by name. */
async function claim(world: World, person: Person, contact: string, voucher: string) {
  await forgetAttempts(world);
  const claimant = elsewhere(world, person);
  const opened = await openFromForm(claimant, { username: person.username, contact });
  await confirmContact(world, claimant, opened.number, contact);
  await openCasePage(claimant);
  await claimant.browser.submit("/recovery/case/prove/vouch", { voucher });
  return { claimant, number: opened.number };
}

async function vouch(world: World, person: Person, answer = "them") {
  await world.settle();
  const link = newestLink(world, person.address, /\/account\/vouches\//);
  await signIn(person);
  await person.browser.open(link);
  return person.browser.submit(link, { answer, how: answer === "them" ? "video" : "" });
}

async function verdicts(world: World, number: string) {
  const { rows } = await sql<{ verdict: string; text: string }>`
    select f.verdict, f.reviewer_text as text from findings f join recovery_cases c on c.id = f.case_id
    where c.number = ${number} and f.kind = 'vouch' and f.replaced_at is null`.execute(world.runtime.db.root);
  return rows;
}

const isAsked = (world: World, person: Person): boolean =>
  world.sent.some((mail) => mail.to === person.address && /\/account\/vouches\//.test(mail.text));

describe("insiders", () => {
  story(
    "an insider who opens a case for Alice and vouches for it stays at collecting, and people may not grant it either",
    {},
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const bob = await subscriber(world, "bob");
      const rita = await staff(world, "rita", "reviewer");
      await share(alice, "alpenglow", bob);
      await world.pass(20 * DAY);
      const { claimant, number } = await claim(world, alice, "bob-in-disguise@elsewhere.example", "bob");
      expectPage(await vouch(world, bob), /You vouched/);
      assert.deepEqual(
        (await verdicts(world, number)).map(({ verdict }) => verdict),
        ["supports"],
      );
      assert.equal(await stateOf(world, number), "collecting");
      await openCasePage(claimant);
      await claimant.browser.submit("/recovery/case/submit");
      const desk = await atTheDesk(world, rita);
      await desk.browser.open(`/console/cases/${number}`);
      assert(!desk.browser.page.html.includes("/approve"), "there is nothing to approve");
      assert.equal(await stateOf(world, number), "review");
      await world.settle();
      assert(
        world.sent.some((mail) => mail.to === alice.address && /\/objection\//.test(mail.text)),
        "Alice is told",
      );
    },
  );

  story("an insider with a big project's owner does not reach what they do not share", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await maintainer(world, "bob", "bedrock");
    const id = await accountIdOf(world, "alice");
    const { root } = world.runtime.db;
    // Bob has made Alice an owner of something of his, long ago; her own project is what he is after.
    await share(bob, "bedrock", alice);
    await world.pass(20 * DAY);
    const { number } = await claim(world, alice, alice.address, "bob");
    expectPage(await vouch(world, bob), /You vouched/);
    assert.equal(await stateOf(world, number), "collecting", "a mailbox and somebody who shares another project");
    const { rows } = await sql<{ limited_to: string[] }>`
      select limited_to from findings where kind = 'vouch' and account_id = ${id}`.execute(root);
    assert.equal(rows[0]?.limited_to.length, 1);
  });

  story("a co-owner added last week is not asked, and does not count", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const [bob, mallory] = [await subscriber(world, "bob"), await subscriber(world, "mallory")];
    await share(alice, "alpenglow", bob);
    await world.pass(20 * DAY);
    await signIn(alice);
    await signIn(mallory);
    await share(alice, "alpenglow", mallory); // from a session that was stolen, say
    await world.pass(5 * DAY);
    const { claimant, number } = await claim(world, alice, alice.address, "mallory");
    await claimant.browser.submit("/recovery/case/prove/vouch", { voucher: "" });
    await world.settle();
    assert.deepEqual([isAsked(world, mallory), isAsked(world, bob)], [false, true]);
    // Asked in spite of it, as an older version might have: it is looked at again when it is answered.
    await sql`update vouches set person_id = ${await accountIdOf(world, "mallory")}`.execute(world.runtime.db.root);
    const { rows } = await sql<{ id: string }>`select id from vouches`.execute(world.runtime.db.root);
    await signIn(mallory);
    const path = `/account/vouches/${rows[0]?.id}`;
    await mallory.browser.open(path);
    expectPage(await mallory.browser.submit(path, { answer: "them", how: "video" }), /You vouched/);
    assert.deepEqual(
      (await verdicts(world, number)).map(({ verdict }) => verdict),
      ["inconclusive"],
    );
    assert.equal(await stateOf(world, number), "collecting");
  });

  story("a circle of vouches, and whoever was let in by one lately, does not count", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const [bob, carol] = [await subscriber(world, "bob"), await subscriber(world, "carol")];
    await share(alice, "alpenglow", bob);
    await share(alice, "alpenglow", carol);
    await world.pass(20 * DAY);
    // Alice vouches for Bob; his case goes nowhere, and what she said is remembered.
    const first = await claim(world, bob, "new@bob.example", "alice");
    await vouch(world, alice);
    assert.deepEqual(
      (await verdicts(world, first.number)).map(({ verdict }) => verdict),
      ["supports"],
    );
    await world.pass(DAY);
    const back = await claim(world, alice, alice.address, "bob");
    await vouch(world, bob);
    const [answer] = await verdicts(world, back.number);
    assert.equal(answer?.verdict, "inconclusive");
    assert.match(answer?.text ?? "", /Each of the two has vouched for the other/);
    assert.equal(await stateOf(world, back.number), "collecting");
    // Bob, let in by a vouch a day ago, speaks for Carol.
    const third = await claim(world, carol, carol.address, "bob");
    await vouch(world, bob);
    const [other] = await verdicts(world, third.number);
    assert.equal(other?.verdict, "inconclusive");
    assert.match(other?.text ?? "", /was vouched for themselves/);
    // And Carol for Alice, after half a year: Alice spoke for Bob, Bob for Carol, Carol for Alice.
    await world.pass(200 * DAY);
    const last = await claim(world, alice, "third@alice.example", "carol");
    await vouch(world, carol);
    const [closing] = await verdicts(world, last.number);
    assert.equal(closing?.verdict, "inconclusive");
    assert.match(closing?.text ?? "", /closes a circle: 2 vouches/);
  });
});
