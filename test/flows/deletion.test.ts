import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "node:test";
import { sql } from "kysely";
import { listEvents, verifyChain } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { expectPage, linkIn, type Person, signIn, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { runDueDeletions } from "../../src/privacy/index.ts";
import { grantRole, placeHold } from "../../src/registry/index.ts";
import { accountIdOf, DAY, elsewhere, maintainer, newestLink, staff, subscriber } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/** Signs in anew, as the days between make necessary, and asks for the deletion. */
async function ask(person: Person, typed = person.username) {
  await person.browser.open("/account/delete");
  return person.browser.submit("/account/delete", { username: typed });
}

/** Lets days pass, and then runs what the clock brings about. */
async function after(world: World, days: number) {
  await world.pass(days * DAY);
  const work = await runDueDeletions(world.runtime, world.time.now());
  await world.settle();
  return work;
}

/** Makes somebody an owner beside the one there is. */
async function shareProject(world: World, project: string, from: string, to: string): Promise<void> {
  const [by, accountId] = [await accountIdOf(world, from), await accountIdOf(world, to)];
  const done = await transact(world.runtime.db, { now: world.time.now() }, (tx) =>
    grantRole(tx, world.runtime.random, { project, accountId, role: "owner", by }),
  );
  assert(done.ok);
}

/** As `ssh-keygen -l` shows it. */
const fingerprintOf = (person: Person): string =>
  `SHA256:${createHash("sha256").update(person.sshKey.blob).digest("base64").replace(/=+$/, "")}`;

/** The tables in which a text stands anywhere, in any column. */
async function tablesWith(world: World, text: string): Promise<readonly string[]> {
  const { root } = world.runtime.db;
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(root);
  const found: string[] = [];
  for (const { name } of rows) {
    const { rows: hits } = await sql`
      select 1 from ${sql.table(name)} one where strpos(lower(to_jsonb(one)::text), ${text.toLowerCase()}) > 0 limit 1`.execute(
      root,
    );
    if (hits.length > 0) found.push(name);
  }
  return found;
}

describe("deleting an account", () => {
  story(
    "after seven days nothing personal is left, the files stay, the name is nobody's, and the chain holds",
    { seed: "deletion" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await maintainer(world, "bob", "bedrock");
      await shareProject(world, "alpenglow", "alice", "bob");
      const id = await accountIdOf(world, "alice");
      const claimant = elsewhere(world, alice);
      const opened = await openFromForm(claimant, { username: "alice", contact: "claimant@elsewhere.example" });
      await claimant.browser.open(newestLinkOfCase(world, "claimant@elsewhere.example"));
      assert(opened.number);
      expectPage(await ask(alice), /about to be deleted/);
      await world.settle();
      const mail = await world.mailbox.wait(alice.address, /will be deleted/);
      linkIn(mail, /\/keep-account\//);
      const digest = await sha256Of(world, "alpenglow");

      assert.deepEqual(await after(world, 6.9), { deleted: 0, waiting: 0, takenBack: 0 });
      assert.deepEqual(await after(world, 0.2), { deleted: 1, waiting: 0, takenBack: 0 });
      assert.deepEqual(await after(world, 1), { deleted: 0, waiting: 0, takenBack: 0 }, "once");
      await world.mailbox.wait(alice.address, /was deleted/);

      assert.deepEqual(await tablesWith(world, alice.address), ["outbox_mails"], "only that the last mail was sent");
      assert.deepEqual(await tablesWith(world, fingerprintOf(alice)), []);
      assert.deepEqual(await tablesWith(world, '"alice"'), [], "no column holds the name");
      const kept = await tablesWith(world, id);
      assert.deepEqual(
        kept,
        ["accounts", "audit_events", "files", "projects", "releases"],
        "the id stands only where something stays that it did",
      );
      const events = await listEvents(world.runtime.db, { accountId: id, limit: 1000 });
      assert(events.length > 10, "what happened is still there");
      assert(events.every((event) => event.personal === null));
      assert.equal((await verifyChain(world.runtime.db)).isIntact, true);

      const late = elsewhere(world, alice);
      await late.browser.open("/sign-in");
      const { password } = alice;
      const refused = await late.browser.submit("/sign-in", { username: "alice", password });
      assert.doesNotMatch(refused.text, /six digits/i);
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "2.0"))).status, 403);
      for (const username of ["alice", "Al1ce", "a-lice"]) {
        const other = openBrowser(world.origin);
        await other.open("/register");
        const again = await other.submit("/register", {
          username,
          address: "other@other.example",
          password: "four unrelated words 7",
        });
        assert.equal(again.status, 409, username);
        assert.match(again.text, /taken/);
      }
      assert.equal(await sha256Of(world, "alpenglow"), digest, "the published file is as it was");
      const page = await openBrowser(world.origin).open("/project/alpenglow/");
      assert.equal(page.status, 200);
    },
  );

  story(
    "it is stopped by a button, by a link in the mail, and by a scanner not at all",
    { seed: "keep" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      expectPage(await ask(alice), /about to be deleted/);
      expectPage(await alice.browser.open("/account"), /about to be deleted/);
      expectPage(await alice.browser.submit("/account/delete/keep"), /alice/);
      await world.settle();
      await world.mailbox.wait(alice.address, /will not be deleted/);
      expectPage(
        await openBrowser(world.origin).open(newestLink(world, alice.address, /\/keep-account\//)),
        /replaced/,
        410,
      );

      expectPage(await ask(alice), /about to be deleted/);
      await world.settle();
      const link = newestLink(world, alice.address, /\/keep-account\//);
      const scanner = openBrowser(world.origin);
      for (let look = 0; look < 3; look += 1) expectPage(await scanner.open(link), /Keep the account\?/);
      expectPage(await scanner.submit(link), /The account stays/);
      expectPage(await scanner.open(link), /used already/, 410);
      assert.deepEqual(await after(world, 10), { deleted: 0, waiting: 0, takenBack: 0 });
      expectPage(await signIn(elsewhere(world, alice)), /alice/);
    },
  );

  story("an address that was removed lately is told, and can stop it", { seed: "former" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const thiefs = "mallory@evil.example";
    await alice.browser.open("/account/addresses");
    await alice.browser.submit("/account/addresses", { address: thiefs });
    const confirm = linkIn(await world.mailbox.wait(thiefs, /Confirm your address/), /\/confirm-address\//);
    await alice.browser.open(confirm);
    await alice.browser.submit(confirm);
    for (const [action, address] of [
      ["main", thiefs],
      ["remove", alice.address],
    ] as const) {
      const page = await alice.browser.open("/account/addresses");
      const card = page.html.split("<section").find((part) => part.includes(`>${address}<`)) ?? "";
      const id = /name="id" value="(adr_[a-z0-9]+)"/.exec(card)?.[1] ?? "";
      await alice.browser.submit(`/account/addresses/${action}`, { id });
    }
    expectPage(await ask(alice), /about to be deleted/);
    await world.settle();
    const link = newestLink(world, alice.address, /\/keep-account\//);
    const owner = openBrowser(world.origin);
    await owner.open(link);
    expectPage(await owner.submit(link), /The account stays/);
    await after(world, 8);
  });

  story(
    "what stands against it is named, and nothing is begun: alone on a project, a case, a hold, the last administrator",
    { seed: "obstacles" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      expectPage(await alice.browser.open("/account/delete"), /only owner of alpenglow/);
      const bob = await subscriber(world, "bob");
      expectPage(await ask(bob, "Bob"), /not the username/, 422);
      const held = await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
        await placeHold(tx, world.runtime.random, {
          accountId: await accountIdOf(world, "bob"),
          powers: ["deletion"],
          caseId: null,
          until: new Date(world.time.now().getTime() + DAY),
          because: "a recovery",
          actor: { kind: "clock" },
        });
        return ok();
      });
      assert(held.ok);
      expectPage(await bob.browser.open("/account/delete"), /on hold until/);

      const carol = await subscriber(world, "carol");
      await carol.browser.open("/account/delete");
      const form = await carol.browser.open("/account/delete");
      assert.match(form.text, /Type your username/);
      const lost = elsewhere(world, carol);
      await openFromStuckScreen(lost);
      expectPage(await carol.browser.submit("/account/delete", { username: "carol" }), /is open for this account/, 409);

      const admin = await staff(world, "dora", "administrator");
      expectPage(await admin.browser.open("/account/delete"), /only administrator/);
      await staff(world, "second", "administrator");
      expectPage(await admin.browser.open("/account/delete"), /Type your username/);
      assert.deepEqual(await after(world, 20), { deleted: 0, waiting: 0, takenBack: 0 });
    },
  );

  story(
    "what comes between the asking and the day is looked at again: a case makes it wait",
    { seed: "waits" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      expectPage(await ask(alice), /about to be deleted/);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      await world.pass(7.5 * DAY);
      assert.deepEqual(await runDueDeletions(world.runtime, world.time.now()), {
        deleted: 0,
        waiting: 1,
        takenBack: 0,
      });
      const back = elsewhere(world, alice);
      expectPage(await signIn(back), /about to be deleted/);
      await back.browser.submit("/account/delete/keep");
      await world.settle();
    },
  );

  story(
    "many workers at once delete it once, and two last administrators cannot both go",
    { seed: "deletion-race" },
    async (world) => {
      const [one, two] = [await staff(world, "one", "administrator"), await staff(world, "two", "administrator")];
      for (const person of [one, two]) expectPage(await ask(person), /about to be deleted/);
      await world.pass(8 * DAY);
      const works = await Promise.all(
        Array.from({ length: 6 }, () => runDueDeletions(world.runtime, world.time.now())),
      );
      assert.equal(
        works.reduce((sum, work) => sum + work.deleted, 0),
        1,
      );
      const { rows } = await sql<{ left: bigint }>`
        select count(*) as left from staff_roles where role = 'administrator'`.execute(world.runtime.db.root);
      assert.equal(rows[0]?.left, 1n);
    },
  );
});

const newestLinkOfCase = (world: World, address: string): string => {
  const found = world.sent.findLast((mail) => mail.to === address)?.text.match(/http\S+/)?.[0];
  return found ? new URL(found).pathname : "/recovery";
};

async function sha256Of(world: World, project: string): Promise<string> {
  const answer = await fetch(new URL(`/simple/${project}/`, world.origin), { headers: { accept: "text/html" } });
  const file = /\/files\/([0-9a-f]{64})\/([^"#]+)/.exec(await answer.text());
  assert(file, "the file is listed");
  const bytes = await fetch(new URL(`/files/${file[1]}/${file[2]}`, world.origin));
  assert.equal(bytes.status, 200);
  return file[1] ?? "";
}
