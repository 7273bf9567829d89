import assert from "node:assert/strict";
import { describe } from "node:test";
import { expectPage, makePerson, type Person, registerAndConfirm } from "../../src/bin/demo/person.ts";
import { confirmContact, openFromForm } from "../../src/bin/demo/recovery.ts";
import {
  actsSince,
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  HOUR,
  lastSeq,
  maintainer,
  postForm,
  staff,
  stateOf,
} from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

const MINUTE = 60_000;

/** Opens a case about somebody's account from another machine and confirms its contact address. */
async function openCase(world: World, person: Person): Promise<string> {
  const away = elsewhere(world, person);
  const { number } = await openFromForm(away, { username: person.username, contact: person.address });
  await confirmContact(world, away, number);
  return number;
}

/** The boxes of a page of the queue, by case number. */
const boxes = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/name="(pick-\d+)" value="(LK-[0-9A-Z-]+)"/g)].map(([, name = "", number = ""]) => [
      number,
      name,
    ]),
  );

async function tick(person: Person, path: string, act: string, ...numbers: readonly string[]) {
  const page = await person.browser.open(path);
  const names = boxes(page.html);
  const ticked = numbers.map((number) => [names.get(number) ?? assert.fail(`${number} is not on the page`), number]);
  return person.browser.submit("/console/bulk", { ...Object.fromEntries(ticked), act });
}

describe("the desk's queue", () => {
  story("cases are taken, given on, given back, and all of it taken back", { seed: "queue-hands" }, async (world) => {
    const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
    const erin = await atTheDesk(world, await staff(world, "erin", "support"));
    const people = await Promise.all(["bob", "carol"].map((name) => maintainer(world, name, `${name}-project`)));
    const numbers: string[] = [];
    for (const person of people) numbers.push(await openCase(world, person));
    const [first = "", second = ""] = numbers;

    const before = await lastSeq(world);
    expectPage(await tick(dana, "/console?lane=them", "take", first, second), /2 cases changed hands/);
    assert.deepEqual(
      (await actsSince(world, before)).filter((act) => act === "recovery/assigned").length,
      2,
      "each is on the log",
    );
    const mine = await dana.browser.open("/console?lane=them&who=me");
    assert.deepEqual([...boxes(mine.html).keys()].sort(), [...numbers].sort());
    assert.equal(boxes((await dana.browser.open("/console?lane=them&who=nobody")).html).size, 0);

    expectPage(await erin.browser.open(`/console/cases/${first}`), /Taken by.*dana/s);
    expectPage(await erin.browser.submit(/hand$/), /Taken by.*you/s);
    await dana.browser.open("/console?lane=them&who=me");
    const batch = /name="batch" value="(bat_\w+)"/.exec(
      (await tick(dana, "/console?lane=them", "give-back", second)).html,
    )?.[1];
    assert(batch, "the way back is on the page");
    expectPage(await dana.browser.submit("/console/bulk/undo"), /Taken back/);
    expectPage(await dana.browser.open(`/console/cases/${second}`), /Taken by.*you/s);
    expectPage(await dana.browser.open("/console?lane=them"), /erin/);
  });

  story(
    "what was done to several cases is taken back once, by its author, for five minutes, and never over somebody's head",
    { seed: "queue-undo" },
    async (world) => {
      const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
      const erin = await atTheDesk(world, await staff(world, "erin", "reviewer"));
      const number = await openCase(world, await maintainer(world, "bob", "bedrock"));

      await tick(dana, "/console?lane=them", "take", number);
      await erin.browser.open(`/console/cases/${number}`);
      await erin.browser.submit(/hand$/);
      expectPage(await dana.browser.submit("/console/bulk/undo"), /Taken back/);
      expectPage(await erin.browser.open(`/console/cases/${number}`), /Taken by.*you/s);

      await tick(erin, "/console?lane=them", "give-back", number);
      await world.pass(6 * MINUTE);
      expectPage(await erin.browser.submit("/console/bulk/undo"), /cannot be taken back any more/, 409);
      const page = await tick(dana, "/console?lane=them", "take", number);
      const stolen = /name="batch" value="(bat_\w+)"/.exec(page.html)?.[1] ?? "";
      await tick(erin, "/console?lane=them", "take", number);
      expectPage(
        await erin.browser.submit("/console/bulk/undo", { batch: stolen }),
        /cannot be taken back any more/,
        409,
      );
    },
  );

  story(
    "claimants are asked whether they still need their case, once a week, and not when it is taken back in time",
    { seed: "queue-needed" },
    async (world) => {
      const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
      const bob = await maintainer(world, "bob", "bedrock");
      const number = await openCase(world, bob);
      const asked = () => world.sent.filter(({ subject }) => /still need recovery case/.test(subject)).length;

      expectPage(await tick(dana, "/console?lane=them", "still-needed", number), /1 case will be asked/);
      expectPage(await dana.browser.submit("/console/bulk/undo"), /Taken back/);
      await world.pass(10 * MINUTE);
      assert.equal(asked(), 0, "taken back in time");

      await tick(dana, "/console?lane=them", "still-needed", number);
      await world.settle();
      assert.equal(asked(), 0, "not before it can no more be taken back");
      await world.pass(6 * MINUTE);
      assert.equal(asked(), 1);
      expectPage(await tick(dana, "/console?lane=them", "still-needed", number), /Nothing was done/);
      await world.pass(8 * DAY);
      const later = await atTheDesk(world, dana);
      await tick(later, "/console?lane=them", "still-needed", number);
      await world.pass(6 * MINUTE);
      assert.equal(asked(), 2);
      assert.equal(await stateOf(world, number), "collecting", "asking moves nothing");
    },
  );

  story("cases are found by number, name, address and project", { seed: "queue-search" }, async (world) => {
    const dana = await atTheDesk(world, await staff(world, "dana", "auditor"));
    const bob = await maintainer(world, "bob-builder", "bedrock");
    const number = await openCase(world, bob);
    const find = (typed: string) => dana.browser.open(`/console?search=${encodeURIComponent(typed)}`);
    for (const typed of [
      number,
      number.toLowerCase(),
      number.replaceAll("-", " "),
      number.slice(3, 7),
      number.slice(0, 9),
      "bob-builder",
      "BOB_B",
      "b0b",
      bob.address,
      bob.address.toUpperCase(),
      "bedrock",
      "Bed-Rock".replace("-", ""),
    ])
      expectPage(await find(typed), new RegExp(number));
    for (const typed of ["carol", "LK-ZZZZ-ZZZZ", "nobody@nowhere.example", "%", "_", "' or 1=1", "b".repeat(90)])
      expectPage(await find(typed), /Nothing found/);
    const page = await find("bob");
    assert(!page.html.includes("data-pick"), "an auditor has nothing to tick");
  });

  story(
    "the queue is filtered, and what is seen is kept as a view of one's own",
    { seed: "queue-views" },
    async (world) => {
      const atHome = [await staff(world, "dana", "reviewer"), await staff(world, "erin", "reviewer")] as const;
      const bob = await maintainer(world, "bob", "bedrock");
      const carol = makePerson(world, "carol", "carol@chalk.example");
      await registerAndConfirm(world, carol);
      await world.pass(HOUR);
      const [dana, erin] = [await atTheDesk(world, atHome[0]), await atTheDesk(world, atHome[1])];
      const owner = await openCase(world, bob);
      const harmless = await openCase(world, carol);
      const listed = async (query: string) => [...boxes((await dana.browser.open(`/console?${query}`)).html).keys()];
      assert.deepEqual((await listed("lane=them")).sort(), [owner, harmless].filter(Boolean).sort());
      assert.deepEqual(await listed("lane=them&tier=1"), [owner]);
      assert.deepEqual(await listed("lane=them&cause=frozen"), []);
      expectPage(await dana.browser.open("/console?lane=them&tier=1"), /Without filter/);
      expectPage(await dana.browser.submit("/console/views", { name: "Tier one" }), /Your views \(1\)/);
      expectPage(await dana.browser.submit("/console/views", { name: "Tier one" }), /Please choose another name/, 422);
      const page = await dana.browser.open("/console");
      assert.match(page.html, /href="\/console\?lane=them&amp;tier=1">Tier one</);
      assert(!(await erin.browser.open("/console")).text.includes("Tier one"), "views are one's own");
      const id = /name="id" value="(view_\w+)"/.exec(page.html)?.[1] ?? "";
      await erin.browser.submit("/console/views", { name: "Hers", query: "lane=done&who=me&evil=1" });
      await erin.browser.open("/console");
      await erin.browser.submit("/console/views/remove", { id });
      expectPage(await dana.browser.open("/console"), /Tier one/);
      await dana.browser.submit("/console/views/remove");
      assert(!(await dana.browser.open("/console")).text.includes("Tier one"));
    },
  );

  story(
    "pages of the queue follow one another without loss, whoever comes or goes",
    { seed: "queue-pages" },
    async (world) => {
      const dana = await atTheDesk(world, await staff(world, "dana", "reviewer"));
      await world.runtime.db.pool.query(
        `insert into recovery_cases (id, number, state, origin, cause, claimed_name, claimed_name_folded, contact_address, contact_folded,
         opened_at, opened_from_ip, opened_from_agent, state_since, policy_version, expires_at, story)
       select 'case_' || lpad(n::text, 26, '0'), 'LK-0000-' || lpad(n::text, 4, '0'), 'unconfirmed', 'form', 'other', 'somebody', 'somebody',
         'me@elsewhere.example', 'me@elsewhere.example', now(), '8.8.8.8', 'test', '2026-01-01T00:00:00.123456Z'::timestamptz + (n / 3) * interval '1 microsecond', 'test',
         now() + interval '90 days', ''
       from generate_series(1, 120) n`,
      );
      const seen: string[] = [];
      for (let path: string | undefined = "/console?lane=them"; path; ) {
        const page = await dana.browser.open(path);
        seen.push(...boxes(page.html).keys());
        path = /href="(\/console\?[^"]*after=[^"]*)"/.exec(page.html)?.[1]?.replaceAll("&amp;", "&");
        await world.runtime.db.pool.query("update recovery_cases set state_since = now() where number = $1", [seen[0]]);
      }
      assert.equal(new Set(seen).size, 120, "each is shown, the one that moved to the end again");
      assert.equal((await dana.browser.open("/console?lane=them&after=yesterday")).status, 400);
      expectPage(await dana.browser.open("/console?search=somebody"), /120 cases found/);
      expectPage(await dana.browser.open("/console?search=somebody&page=3"), /Page 3 of 3/);
    },
  );

  story(
    "who looks at a case is seen by the others, and looking by itself keeps nobody signed in",
    { seed: "queue-presence" },
    async (world) => {
      const atHome = [await staff(world, "dana", "reviewer"), await staff(world, "erin", "auditor")] as const;
      const number = await openCase(world, await maintainer(world, "bob", "bedrock"));
      const [dana, erin] = [await atTheDesk(world, atHome[0]), await atTheDesk(world, atHome[1])];
      const presence = `/console/cases/${number}/presence`;
      expectPage(await dana.browser.open(`/console/cases/${number}`), /Nobody else is looking/);
      expectPage(await erin.browser.open(`/console/cases/${number}`), /dana.*is looking at this case too/s);
      expectPage(await dana.browser.open(presence), /erin.*is looking at this case too/s);
      expectPage(await dana.browser.open("/console?lane=them"), /erin is looking at it/);
      await world.pass(4 * MINUTE);
      expectPage(await dana.browser.open(presence), /Nobody else is looking/);
      for (let minutes = 0; minutes < 15; minutes += 5) {
        await world.pass(5 * MINUTE);
        await dana.browser.open(presence);
      }
      expectPage(await dana.browser.open(`/console/cases/${number}`), /Sign in to the desk/);
    },
  );

  story(
    "what was half written is there again after a lost session, for its writer alone",
    { seed: "queue-drafts" },
    async (world) => {
      const atHome = [await staff(world, "dana", "reviewer"), await staff(world, "erin", "reviewer")] as const;
      const number = await openCase(world, await maintainer(world, "bob", "bedrock"));
      const dana = await atTheDesk(world, atHome[0]);
      const path = `/console/cases/${number}`;
      await dana.browser.open(path);
      const text = "He wrote from work, and so";
      await postForm(
        world,
        `${path}/draft`,
        new URLSearchParams({ _csrf: await csrfOf(dana.browser), field: "note", text }).toString(),
        { browser: dana.browser },
      );
      await world.pass(HOUR);
      const erin = await atTheDesk(world, atHome[1]);
      assert(!(await erin.browser.open(path)).text.includes("He wrote from work"));
      const back = await atTheDesk(world, atHome[0]);
      expectPage(await back.browser.open(path), /He wrote from work/);
      const rows = await world.runtime.db.pool.query<{ body: string }>("select body from desk_drafts");
      assert.equal(rows.rows.length, 1);
      assert(!rows.rows[0]?.body.includes("He wrote"), "sealed at rest");
      expectPage(await back.browser.submit(/note$/, { note: "He wrote from work." }), /He wrote from work\./);
      assert.equal(
        (await world.runtime.db.pool.query("select 1 from desk_drafts")).rowCount,
        0,
        "said, and so forgotten",
      );
    },
  );
});
