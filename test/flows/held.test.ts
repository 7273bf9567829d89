import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { insertStaffRole } from "../../src/accounts/index.ts";
import { expectPage, type Person, signInWithPassword, stepUp } from "../../src/bin/demo/person.ts";
import { confirmContact, proveSshKey } from "../../src/bin/demo/recovery.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { AccountId } from "../../src/kernel/ids.ts";
import { ok } from "../../src/kernel/result.ts";
import { KEEP_DAYS, runDueDeletions } from "../../src/privacy/index.ts";
import { placeHold } from "../../src/registry/index.ts";
import { accountIdOf, atTheDesk, DAY, elsewhere, maintainer, staff, stateOf } from "../adversary/cast.ts";
import { testDatabase } from "../world/database.ts";
import { story } from "../world/story.ts";
import { fileByMail } from "../world/sender.ts";
import type { World } from "../world/world.ts";
import { HELD } from "./held.ts";

/* What is held about a person: every table and column is decided about, and what was decided is what happens. */

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENT = join(ROOT, "docs", "privacy.md");

type Row = Readonly<Record<string, unknown>>;

const rowsOf = async (world: World, table: string): Promise<readonly Row[]> => {
  const { rows } = await sql<{ row: Row }>`select to_jsonb(one) as row from ${sql.table(table)} one`.execute(
    world.runtime.db.root,
  );
  return rows.map(({ row }) => row);
};

/** Rows that name one of these ids in any column. */
const rowsAbout = async (world: World, table: string, ids: readonly string[]): Promise<readonly Row[]> =>
  (await rowsOf(world, table)).filter((row) => ids.some((id) => JSON.stringify(row).includes(id)));

/** Whether an event is about the account, or by it, and says more than that. */
const isOf = (event: Row, id: string): boolean =>
  event["personal"] !== null && (event["account_id"] === id || event["actor_id"] === id);

/** A text of a column, for comparing; empty for nothing, an empty text and no bytes. */
const held = (value: unknown): string =>
  value === null || value === "\\x" ? "" : JSON.stringify(value).replace(/^""$/, "");

/** Everything that an account can have, so that nothing below is true of an empty table. */
async function fillAccount(world: World): Promise<{ readonly alice: Person; readonly id: AccountId }> {
  const alice = await maintainer(world, "alice", "alpenglow");
  const bob = await maintainer(world, "bob", "bedrock");
  const rita = await staff(world, "rita", "reviewer");
  const [id, other] = [await accountIdOf(world, "alice"), await accountIdOf(world, "bob")];
  const now = world.time.now();
  await alice.browser.open("/account/strict");
  expectPage(await alice.browser.submit("/account/strict/begin"), /Strict mode is on/);
  await alice.browser.open("/account/contacts");
  await alice.browser.submit("/account/contacts", { username: "bob" });
  await bob.browser.open("/account/contacts");
  expectPage(await bob.browser.submit("/account/contacts/accept"), /Stop being it/);
  await transact(world.runtime.db, { now, bookkeeping: "set by the test" }, async (tx) => {
    await insertStaffRole(tx, id, "support", null);
    const powers = ["publish"] as const;
    const hold = { accountId: id, powers, caseId: null, until: new Date(now.getTime() + DAY), because: "a recovery" };
    await placeHold(tx, world.runtime.random, { ...hold, actor: { kind: "clock" } });
    const db = tx.as<unknown>();
    await sql`insert into organisations values ('org_a', 'Alps', 'alps', ${now})`.execute(db);
    for (const one of [id, other])
      await sql`insert into organisation_members values ('org_a', ${one}, 'owner', ${now})`.execute(db);
    const [project] = (await sql<{ id: string }>`select id from projects where name = 'alpenglow'`.execute(db)).rows;
    await sql`insert into project_roles values (${project?.id}, ${other}, 'owner', ${now})`.execute(db);
    const until = new Date(now.getTime() + DAY);
    await sql`insert into invitations (id, project_id, role, invited_by, address, address_folded, invited_at, expires_at)
              values ('inv_a', ${project?.id}, 'owner', ${id}, 'c@c.example', 'c@c.example', ${now}, ${until})`.execute(
      db,
    );
    await sql`insert into vouches (id, kind, case_id, account_id, person_id, asked_at, expires_at)
              values ('vch_a', 'vouch', 'case_x', ${other}, ${id}, ${now}, ${until})`.execute(db);
    const [key] = (
      await sql<{ id: string }>`select id from authenticators where kind = 'totp' and account_id = ${id}`.execute(db)
    ).rows;
    await sql`insert into passkeys values (${key?.id}, ${id}, 'one', 'two', 1, true, true, true, true, 'a', '{usb}', null)`.execute(
      db,
    );
    await sql`insert into passkey_user_handles values (${id}, 'three') on conflict do nothing`.execute(db);
    await sql`insert into drill_reminders values (${id}, ${new Date(now.getTime() + 90 * DAY)}, null, null)`.execute(
      db,
    );
    await sql`insert into openpgp_keys (id, account_id, fingerprint, signers, blob, user_ids, algorithm, made_at, pasted_at, bound_at)
      values ('key_p', ${id}, 'AB', '{AB}', 'one', '{"Alice <alice@alice.example>"}', 'ed25519', ${now}, ${now}, ${now})`.execute(
      db,
    );
    await sql`insert into forge_identities (id, account_id, host, name, asked_at, bound_at)
      values ('frg_p', ${id}, 'forge.example', 'alice', ${now}, ${now})`.execute(db);
    await sql`insert into forge_keys values ('frg_p', 'SHA256:x', 'ssh-ed25519', 'one', false, ${now}, ${now}, null, null)`.execute(
      db,
    );
    await sql`insert into desk_views values ('view_p', ${id}, 'Mine', 'who=me', ${now})`.execute(db);
    await sql`insert into desk_drafts values ('draft_p', 'case_p', ${id}, 'note', 'half a sentence', ${now})`.execute(
      db,
    );
    await sql`insert into desk_presence values ('case_p', ${id}, ${now}, ${now})`.execute(db);
    await sql`insert into recovery_batches values ('bat_p', 'assign', ${id}, ${now}, null)`.execute(db);
    await sql`insert into registry_mail_uses values ('one', ${id}, 'case_x', ${now})`.execute(db);
    await sql`insert into undo_reviews values (${id}, 1, ${now}, ${now}, null)`.execute(db);
    await sql`insert into undo_decisions values (${id}, 1, 'token:tok_x', 'kept', ${now})`.execute(db);
    await sql`insert into drill_tests values (${id}, 'totp', ${now})`.execute(db);
    await sql`insert into drill_challenges values (${id}, 'ssh', 'sign this', ${new Date(now.getTime() + 90 * DAY)})`.execute(
      db,
    );
    return ok();
  });
  const lost = elsewhere(world, alice);
  expectPage(await signInWithPassword(lost), /six digits/i);
  await lost.browser.open("/sign-in/stuck/case");
  const claim = { contact: alice.address, cause: "second-factor", story: "My phone fell into the lake at Sils." };
  const page = await lost.browser.submit("/sign-in/stuck/case", claim);
  const opened = { number: /LK-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(page.text)?.[0] ?? "" };
  await confirmContact(world, lost, opened.number);
  await fileByMail(world, opened.number);
  await proveSshKey(lost);
  await lost.browser.submit("/recovery/case/submit");
  const desk = await atTheDesk(world, rita);
  const path = `/console/cases/${opened.number}`;
  await desk.browser.open(path);
  await desk.browser.submit(/ask$|request-information$/, { question: "Which of your projects came first?" });
  await lost.browser.open("/recovery/case");
  await lost.browser.submit(/message|answer/, { body: "It was alpenglow, in spring." });
  await desk.browser.open(path);
  await desk.browser.submit(/refuse$/, {
    reason: "It was not.",
    username: "alice",
    code: (await rita.phone?.code()) ?? "",
  });
  assert.equal(await stateOf(world, opened.number), "refused");
  expectPage(await signInWithPassword(elsewhere(world, alice)), /six digits/i);
  return { alice, id };
}

/** The account, and all that is kept under it by ids of its own. */
async function idsUnder(world: World, id: AccountId): Promise<readonly string[]> {
  const of = async (table: string, column: string): Promise<readonly string[]> =>
    (await rowsOf(world, table)).filter((row) => row[column] === id).map((row) => String(row["id"]));
  return [
    id,
    ...(await of("recovery_cases", "account_id")),
    ...(await of("addresses", "account_id")),
    ...(await of("forge_identities", "account_id")),
    ...(await of("authenticators", "account_id")),
    ...(await of("recovery_contacts", "account_id")),
  ];
}

describe("what is held about a person", () => {
  test("every table and every column is decided about", async (t) => {
    const database = await testDatabase();
    t.after(() => database.drop());
    const { rows } = await sql<{ name: string; columns: string[] }>`
      select table_name as name, array_agg(column_name::text order by column_name) as columns
      from information_schema.columns join information_schema.tables using (table_schema, table_name)
      where table_schema = 'public' and table_type = 'BASE TABLE' group by 1 order by 1`.execute(database.db.root);
    assert(rows.length >= 35, "the tables were read");
    const found = Object.fromEntries(rows.map(({ name, columns }) => [name, [...columns].sort()]));
    const decided = Object.fromEntries(
      Object.entries(HELD).map(([name, { columns }]) => [name, columns.split(" ").sort()]),
    );
    assert.deepEqual(decided, found, "decide about it in test/flows/held.ts, and say so in docs/privacy.md");
  });

  test("the document for people names every table that holds something, and every period", async () => {
    const text = await readFile(DOCUMENT, "utf8");
    for (const [name, { exported }] of Object.entries(HELD))
      assert(exported === "nothing about a person is in it" || text.includes(`\`${name}\``), `${name} is missing`);
    for (const [name, days] of Object.entries(KEEP_DAYS))
      assert(text.includes(`${days} days`), `${name}: ${days} days`);
  });

  story("an export gives what it says, a deletion takes what it says", { seed: "held" }, async (world) => {
    const { alice, id } = await fillAccount(world);
    const ids = await idsUnder(world, id);
    await alice.browser.open("/account/data");
    await stepUp(alice);
    const page = expectPage(await alice.browser.submit("/account/data/download"), /locksmith-account-data/);
    const given = JSON.parse(page.html) as Readonly<Record<string, unknown>>; // our own documented format
    expectPage(await alice.browser.open("/account/delete"), /Type your username/);
    expectPage(await alice.browser.submit("/account/delete", { username: "alice" }), /about to be deleted/);
    const before = new Map<string, readonly Row[]>();
    for (const table of Object.keys(HELD)) before.set(table, await rowsAbout(world, table, ids));

    for (const [table, { exported }] of Object.entries(HELD)) {
      if (typeof exported === "string") continue;
      for (const section of exported.filter((name) => name !== "deletion")) {
        const content = given[section];
        assert(content !== null && content !== undefined, `${table}: the export has no ${section}`);
        const text = JSON.stringify(content);
        assert(text.length > 2 && !/^\{("\w+":\[\],?)+\}$/.test(text), `${table}: ${section} of the export is empty`);
      }
    }
    for (const secret of [alice.password, /"phc"/, /"digest"/, /"sealed"/, /personalSalt/])
      assert(!(typeof secret === "string" ? page.html.includes(secret) : secret.test(page.html)), String(secret));

    await world.pass(7.5 * DAY);
    assert.equal((await runDueDeletions(world.runtime, world.time.now())).deleted, 1);
    await world.settle();
    for (const [table, { deletion }] of Object.entries(HELD)) {
      const was = (before.get(table) ?? []).filter((row) => table !== "audit_events" || isOf(row, id));
      if ("untouched" in deletion) continue;
      assert(was.length > 0, `${table} held nothing, so this proves nothing`);
      if ("rows" in deletion) {
        assert.deepEqual(await rowsAbout(world, table, ids), [], `${table} still names the account`);
        continue;
      }
      const key = table === "audit_events" ? "seq" : "id";
      const now = new Map((await rowsOf(world, table)).map((row) => [row[key], row]));
      for (const column of deletion.emptied) {
        const filled = was.filter((row) => held(row[column]) !== "");
        assert(filled.length > 0, `${table}.${column} held nothing, so this proves nothing`);
        for (const row of filled)
          assert.notDeepEqual(now.get(row[key])?.[column], row[column], `${table}.${column} is as it was`);
      }
    }
  });
});
