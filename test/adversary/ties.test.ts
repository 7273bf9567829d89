import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import { expectPage, type Person } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { accountIdOf, atTheDesk, csrfOf, DAY, elsewhere, maintainer, staff, stateOf } from "./cast.ts";

/* Nobody decides about themselves or somebody they have to do with, whatever the page offers them. */

const DEMO = { policyFile: "policy/demo.json" };

async function caseOf(world: World, person: Person, contact = person.address): Promise<string> {
  const away = elsewhere(world, person);
  const { number } = await openFromForm(away, { username: person.username, contact });
  await confirmContact(world, away, number, contact);
  await away.browser.submit("/recovery/case/submit");
  return number;
}

interface Ids {
  readonly bob: string;
  readonly dana: string;
  readonly number: string;
  readonly now: Date;
}

type Row = readonly [tie: string, says: RegExp, tiedBy: (world: World, ids: Ids) => Promise<unknown>];

const project = (world: World) =>
  sql<{ id: string }>`select id from projects where name = 'bedrock'`.execute(world.runtime.db.root);

const ROWS: readonly Row[] = [
  [
    "a maintainer of one of its projects",
    /You share a project or an organisation/,
    async (world, { dana, now }) =>
      sql`insert into project_roles values (${(await project(world)).rows[0]?.id}, ${dana}, 'maintainer', ${now})`.execute(
        world.runtime.db.root,
      ),
  ],
  [
    "a member of one of its organisations",
    /You share a project or an organisation/,
    async (world, { bob, dana, now }) => {
      const db = world.runtime.db.root;
      await sql`insert into organisations values ('org_t', 'Ties', 'ties', ${now})`.execute(db);
      for (const one of [bob, dana])
        await sql`insert into organisation_members values ('org_t', ${one}, 'member', ${now})`.execute(db);
    },
  ],
  [
    "its recovery contact",
    /recovery contact/,
    (world, { bob, dana, now }) =>
      sql`insert into recovery_contacts (id, account_id, contact_id, invited_at) values ('rct_t', ${bob}, ${dana}, ${now})`.execute(
        world.runtime.db.root,
      ),
  ],
  [
    "somebody whose recovery contact it is",
    /recovery contact/,
    (world, { bob, dana, now }) =>
      sql`insert into recovery_contacts (id, account_id, contact_id, invited_at) values ('rct_t', ${dana}, ${bob}, ${now})`.execute(
        world.runtime.db.root,
      ),
  ],
  [
    "somebody who was asked to vouch",
    /asked to speak for the claimant/,
    (world, { bob, dana, number, now }) =>
      sql`insert into vouches (id, kind, case_id, account_id, person_id, asked_at, expires_at)
          select 'vch_t', 'vouch', id, ${bob}, ${dana}, ${now}, ${new Date(now.getTime() + 30 * DAY)}
          from recovery_cases where number = ${number}`.execute(world.runtime.db.root),
  ],
];

async function refusedTo(world: World, dana: Person, number: string, username: string, says: RegExp): Promise<void> {
  const desk = await atTheDesk(world, dana);
  const page = expectPage(await desk.browser.open(`/console/cases/${number}`), /Somebody else decides this case/);
  assert.match(page.text, says);
  assert.doesNotMatch(page.html, /\/(?:approve|refuse|request-information)"/, "no form to decide with");
  const seenState = await stateOf(world, number);
  const body = new URLSearchParams({
    _csrf: await csrfOf(desk.browser),
    reason: "They are a good friend of mine.",
    username,
    seenState,
    code: (await desk.phone?.code()) ?? "",
  });
  for (const [power, fields] of [
    ["refuse", body],
    [
      "request-information",
      new URLSearchParams({ _csrf: body.get("_csrf") ?? "", question: "Shall I help you a little?" }),
    ],
  ] as const) {
    const answer = await desk.browser.raw(`/console/cases/${number}/${power}`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: fields.toString(),
    });
    assert.equal(answer.status, 403, power);
    assert.match(await answer.text(), says);
  }
  assert.equal(await stateOf(world, number), seenState, "nothing moved");
}

describe("nobody of the desk decides about", () => {
  for (const [at, [tie, says, tiedBy]] of ROWS.entries()) {
    story(`an account when they are ${tie}`, { ...DEMO, seed: `tie-${at}` }, async (world) => {
      const dana = await staff(world, "dana", "reviewer");
      const bob = await maintainer(world, "bob", "bedrock");
      await world.pass(10_000);
      const number = await caseOf(world, bob);
      const ids = { bob: await accountIdOf(world, "bob"), dana: await accountIdOf(world, "dana"), number };
      await tiedBy(world, { ...ids, now: world.time.now() });
      await refusedTo(world, dana, number, "bob", says);
    });
  }

  story("a case that they opened themselves, or that is about them", { ...DEMO, seed: "tie-own" }, async (world) => {
    const dana = await staff(world, "dana", "reviewer");
    const bob = await maintainer(world, "bob", "bedrock");
    await world.pass(10_000);
    await refusedTo(world, dana, await caseOf(world, bob, dana.address), "bob", /writes from an address of yours/);
  });
});
