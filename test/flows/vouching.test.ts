import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import { expectPage, type Person, signIn } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, restorationPath } from "../../src/bin/demo/recovery.ts";
import { restore } from "../../src/bin/demo/story.ts";
import { accountIdOf, DAY, elsewhere, maintainer, newestLink, stateOf, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/** Makes somebody a co-owner by invitation. */
async function share(owner: Person, project: string, other: Person) {
  const base = `/account/projects/${project}`;
  await owner.browser.open(base);
  await owner.browser.submit(`${base}/invite`, { who: other.username, role: "owner" });
  await other.browser.open("/account/invitations");
  expectPage(await other.browser.submit("/account/invitations/accept"), /Owner/);
}

/** A case of somebody who reads the account's mail and has nothing else. */
async function lockedOut(world: World, person: Person, contact = person.address) {
  const claimant = elsewhere(world, person);
  const opened = await openFromForm(claimant, { username: person.username, contact });
  await confirmContact(world, claimant, opened.number, contact);
  return { claimant, number: opened.number, caseCode: opened.code };
}

async function askVoucher(claimant: Person, voucher = "") {
  await openCasePage(claimant);
  return claimant.browser.submit("/recovery/case/prove/vouch", { voucher });
}

/** Opens what the newest mail asks, at a browser where they have just signed in. */
async function openAsked(world: World, person: Person): Promise<string> {
  await world.settle();
  const link = newestLink(world, person.address, /\/account\/vouches\//);
  await signIn(person);
  await person.browser.open(link);
  return link;
}

const submit = (person: Person, link: string, answer: string, how = "") => person.browser.submit(link, { answer, how });

const asked = (world: World, person: Person): number =>
  world.sent.filter((mail) => mail.to === person.address && /\/account\/vouches\//.test(mail.text)).length;

async function findings(world: World, number: string) {
  const { rows } = await sql<{ kind: string; verdict: string; reviewer_text: string }>`
    select f.kind, f.verdict, f.reviewer_text from findings f join recovery_cases c on c.id = f.case_id
    where c.number = ${number} and f.kind in ('vouch', 'recovery-contact') and f.replaced_at is null
    order by f.id`.execute(world.runtime.db.root);
  return rows;
}

async function twoOwners(world: World) {
  const alice = await maintainer(world, "alice", "alpenglow");
  const bob = await subscriber(world, "bob");
  await share(alice, "alpenglow", bob);
  await world.pass(20 * DAY);
  return { alice, bob };
}

describe("vouching", () => {
  story("a co-owner who has spoken with them vouches; with the mailbox it is enough", {}, async (world) => {
    const { alice, bob } = await twoOwners(world);
    await signIn(alice);
    await alice.browser.open("/account/projects/alpenglow");
    await alice.browser.submit("/account/projects/alpenglow/invite", { who: "d@d.example", role: "maintainer" });
    const { claimant, number, caseCode } = await lockedOut(world, alice);
    assert.equal(await stateOf(world, number), "collecting");
    expectPage(await askVoucher(claimant, "bob"), /If there is such a person, they have our mail now/);
    await signIn(bob);
    expectPage(await bob.browser.open("/account"), /asks you to speak for them/);
    const link = await openAsked(world, bob);
    assert.match(bob.browser.page.text, /alpenglow, together since/);
    expectPage(await submit(bob, link, "them"), /speak with them first/i, 422);
    assert.equal(await stateOf(world, number), "collecting", "nothing without having spoken");
    expectPage(await submit(bob, link, "them", "telephone"), /You vouched/);
    assert.equal(await stateOf(world, number), "waiting");
    assert.deepEqual(
      (await findings(world, number)).map(({ verdict }) => verdict),
      ["supports"],
    );
    await bob.browser.open("/account/history");
    assert.match(bob.browser.page.text, /Answered whether somebody is who they say/);

    // Restored: what was sent from the account before is void, and who shares it is not changed for a while.
    await world.pass(12 * DAY);
    const path = await restorationPath(world, alice.address, number);
    await claimant.browser.open(path);
    await claimant.browser.submit(/case-code$/, { code: caseCode });
    await restore(world, claimant, path);
    await world.settle();
    const { rows } = await sql<{ ended_as: string }>`
      select ended_as from invitations where role = 'maintainer'`.execute(world.runtime.db.root);
    assert.deepEqual(rows, [{ ended_as: "withdrawn" }]);
    await signIn(claimant);
    await claimant.browser.open("/account/projects/alpenglow");
    const fields = { who: "bob-two", role: "owner" };
    expectPage(await claimant.browser.submit("/account/projects/alpenglow/invite", fields), /is on hold until/, 403);
  });

  story("it counts for nothing that the two do not share", {}, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await share(alice, "alpenglow", bob);
    await sql`insert into projects values ('prj_own', 'own', 'own', 'own', ${world.time.now()}, ${await accountIdOf(world, "alice")})`.execute(
      world.runtime.db.root,
    );
    await sql`insert into project_roles values ('prj_own', ${await accountIdOf(world, "alice")}, 'owner', ${world.time.now()})`.execute(
      world.runtime.db.root,
    );
    await world.pass(20 * DAY);
    const { claimant, number } = await lockedOut(world, alice);
    await askVoucher(claimant);
    const link = await openAsked(world, bob);
    expectPage(await submit(bob, link, "them", "telephone"), /You vouched/);
    assert.deepEqual(
      (await findings(world, number)).map(({ verdict }) => verdict),
      ["supports"],
    );
    assert.equal(await stateOf(world, number), "collecting", "her own project is not opened by it");
  });

  story("the page tells nobody apart: co-owners, strangers, young co-owners, and none at all", {}, async (world) => {
    const { alice, bob } = await twoOwners(world);
    const carol = await subscriber(world, "carol");
    await signIn(alice);
    await share(alice, "alpenglow", carol);
    await world.pass(2 * DAY);
    const { claimant, number } = await lockedOut(world, alice, "claimant@elsewhere.example");
    const pages = [];
    for (const name of ["carol", "nobody-such", "bob"])
      pages.push((await askVoucher(claimant, name)).text.replaceAll(/\d\d:\d\d/g, ""));
    await world.settle();
    assert.equal(new Set(pages).size, 1, pages.join("\n"));
    assert(!pages[0]?.includes("bob"));
    assert.deepEqual([asked(world, bob), asked(world, carol)], [1, 0], "a co-owner of two days is not asked");
    await askVoucher(claimant, "bob");
    await askVoucher(claimant, "bob");
    expectPage(await askVoucher(claimant, "bob"), /as often as one case allows/, 429);
    await world.settle();
    assert.equal(asked(world, bob), 1, "once a case");
    assert.equal(await stateOf(world, number), "collecting");
  });

  story(
    "“this is not them” speaks against; “I cannot say” says nothing; an answer is given once",
    {},
    async (world) => {
      const { alice, bob } = await twoOwners(world);
      const { claimant, number } = await lockedOut(world, alice);
      await askVoucher(claimant);
      const link = await openAsked(world, bob);
      expectPage(await submit(bob, link, "not-them"), /You said that it was not them/);
      assert.deepEqual(
        (await findings(world, number)).map(({ verdict }) => verdict),
        ["contradicts"],
      );
      expectPage(await bob.browser.open(link), /People who ask you/);
      await claimant.browser.submit("/recovery/case/withdraw").catch(() => undefined);
      const mallory = await subscriber(world, "mallory");
      expectPage(await mallory.browser.open(link), /Nobody has asked/);
    },
  );
});

describe("recovery contacts who speak", () => {
  async function withContact(world: World) {
    const alice = await maintainer(world, "alice", "alpenglow");
    const carol = await subscriber(world, "carol");
    await alice.browser.open("/account/contacts");
    await alice.browser.submit("/account/contacts", { username: "carol" });
    await carol.browser.open("/account/contacts");
    expectPage(await carol.browser.submit("/account/contacts/accept"), /Stop being it/);
    await world.pass(20 * DAY);
    return { alice, carol };
  }
  const askContact = async (claimant: Person) => {
    await openCasePage(claimant);
    return claimant.browser.submit("/recovery/case/prove/recovery-contact", { contact: "" });
  };
  const type = async (claimant: Person, code: string) => {
    await openCasePage(claimant);
    return claimant.browser.submit("/recovery/case/prove/contact-code", { "contact-code": code });
  };

  story("the code is on their page and in no mail; it works once, in that case", {}, async (world) => {
    const { alice, carol } = await withContact(world);
    const { claimant, number } = await lockedOut(world, alice);
    await askContact(claimant);
    const link = await openAsked(world, carol);
    const page = expectPage(await submit(carol, link, "them", "video"), /Read this to alice/);
    const code = /\b(\d{4} \d{4})\b/.exec(page.text)?.[1] ?? "";
    assert(code);
    const wrong = code.startsWith("1") ? "2345 6789" : "1234 5678";
    const before = expectPage(await type(claimant, wrong), /Whether a code was right is not shown here/).text;
    assert.equal(await stateOf(world, number), "collecting");
    assert(!world.sent.some((mail) => mail.text.includes(code) || mail.text.includes(code.replace(" ", ""))));
    await type(claimant, code);
    assert.equal(await stateOf(world, number), "waiting");
    assert(before.includes("not shown here"));
    assert.deepEqual((await findings(world, number)).map(({ verdict }) => verdict).toSorted(), [
      "inconclusive",
      "supports",
    ]);
  });

  story("a contact who thinks better of it takes the code back; five codes may be typed", {}, async (world) => {
    const { alice, carol } = await withContact(world);
    const { claimant, number } = await lockedOut(world, alice);
    await askContact(claimant);
    const link = await openAsked(world, carol);
    const page = expectPage(await submit(carol, link, "them", "telephone"), /Read this to alice/);
    const code = /\b(\d{4} \d{4})\b/.exec(page.text)?.[1] ?? "";
    await carol.browser.open(link);
    expectPage(await submit(carol, link, "not-them"), /You said that it was not them/);
    for (let n = 0; n < 5; n += 1) await type(claimant, code);
    assert.equal((await findings(world, number)).filter(({ verdict }) => verdict === "supports").length, 0);
    assert.equal(await stateOf(world, number), "collecting");
    await openCasePage(claimant);
    assert(!claimant.browser.page.html.includes("contact-code"), "the card is closed after five");
  });
});
