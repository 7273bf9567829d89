import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  enrol,
  expectPage,
  makePerson,
  makeToken,
  type Person,
  registerAndConfirm,
  signIn,
  upload,
} from "../../src/bin/demo/person.ts";
import { sql } from "kysely";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
  restorationPath,
} from "../../src/bin/demo/recovery.ts";
import { decide, restore } from "../../src/bin/demo/story.ts";
import type { Decision } from "../../src/recovery/policy/index.ts";
import { atTheDesk, DAY, elsewhere, staff } from "../adversary/cast.ts";
import { client } from "../clients.ts";
import { makeWheel } from "../world/distributions.ts";
import { type GitServer, serveGit, type WorkingCopy } from "../world/git-server.ts";
import { startWorld, type World } from "../world/world.ts";

/* A push that proves who one is, from the page that shows the command to the account that is open again. */

const missing = ["git", "openssl"].filter((name) => client(name) === null);
const FORGE = "git.alpine.club";

const unescape = (html: string): string =>
  html
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

/** The text of the command box with this id, as a person would copy it. */
function commandOn(html: string, id: string): string {
  const box = new RegExp(`<pre[^>]*id="${id}"[^>]*>([\\s\\S]*?)</pre>`).exec(html)?.[1];
  assert(box !== undefined, `the page shows ${id}`);
  return unescape(box.replace(/<[^>]+>/g, "")).trim();
}

describe("proofs by places", { skip: missing.length > 0 ? `not installed: ${missing.join(", ")}` : false }, () => {
  let forge: GitServer;
  before(async () => {
    forge = await serveGit([FORGE]);
  });
  after(() => forge.close());

  const release = (world: World, person: Person, version: string, repository: string) =>
    upload(world, person, {
      ...makeWheel({ name: "alpenglow", version, projectUrls: [`Source, ${forge.origin(FORGE)}/${repository}`] }),
      fields: { name: "alpenglow", version, filetype: "bdist_wheel", pyversion: "py3" },
    });

  /** Alice, a month after a release that links to her repository. */
  async function maintainer(world: World, path: string): Promise<{ alice: Person; copy: WorkingCopy }> {
    const alice = makePerson(world, "alice", "alice@big-mail.net");
    await registerAndConfirm(world, alice);
    await enrol(world, alice);
    await makeToken(alice, "laptop");
    const copy = await forge.makeRepository(FORGE, path);
    const uploaded = await release(world, alice, "1.0", path);
    assert.equal(uploaded.status, 200, uploaded.reason);
    await world.pass(30 * DAY);
    return { alice, copy };
  }

  /** Does what the card says, and looks there. */
  async function prove(person: Person, copy: WorkingCopy, repository: string) {
    await openCasePage(person);
    const page = await person.browser.submit(/prove\/challenge$/, { kind: "repository" });
    await copy.shell(commandOn(page.html, "command-repository"));
    return person.browser.submit(/prove\/repository$/, { repository: `${forge.origin(FORGE)}/${repository}` });
  }

  const decisionOf = async (world: World, number: string): Promise<Decision> => {
    const { rows } = await sql<{ decision: Decision }>`
      select decision from recovery_cases where number = ${number}`.execute(world.runtime.db.root);
    assert(rows[0]);
    return rows[0].decision;
  };

  async function inWorld(seed: string, play: (world: World) => Promise<void>): Promise<void> {
    const world = await startWorld({ seed, outside: forge.outside() });
    try {
      await play(world);
    } catch (error) {
      await world.abandon();
      throw error;
    }
    await world.close();
  }

  test("Alice has only her password and pushes a branch: a reviewer approves, and she is in again", () =>
    inWorld("place-alice", async (world) => {
      const { alice, copy } = await maintainer(world, "alice/alpenglow");
      const dana = await staff(world, "dana", "reviewer");
      const lost = elsewhere(world, alice);
      // Her mailbox is gone too: what she writes from is not the account's.
      const opened = await openFromStuckScreen(lost, "alice@new-home.net");
      const there = await confirmContact(world, lost, opened.number, "alice@new-home.net");
      expectPage(there, /push to your code repository/i);
      assert.equal((await decisionOf(world, opened.number)).route, "insufficient");
      const page = await prove(lost, copy, "alice/alpenglow");
      expectPage(page, /You can write to a repository/);
      await copy.shell(commandOn(page.html, "afterwards-repository"));
      assert.equal((await decisionOf(world, opened.number)).route, "one-reviewer");
      const desk = await atTheDesk(world, dana);
      expectPage(await decide(desk, opened.number, "approve", "alice"), /Waiting/);
      await world.pass(15 * DAY);
      const path = await restorationPath(world, "alice@new-home.net", opened.number);
      await lost.browser.open(path);
      await lost.browser.submit(/case-code$/, { code: opened.code });
      await restore(world, lost, path);
      expectPage(await signIn(elsewhere(world, lost)), /alice/);
    }));

  test("a thief with her upload token plants a repository of theirs, and gets nowhere with it", () =>
    inWorld("place-thief", async (world) => {
      const { alice } = await maintainer(world, "alice/alpenglow-2");
      const planted = await forge.makeRepository(FORGE, "thief/alpenglow");
      // The token is all that was stolen.
      assert.equal((await release(world, alice, "1.1", "thief/alpenglow")).status, 200);
      await world.pass(5 * DAY);
      const thief = { ...elsewhere(world, alice), address: "thief@throw-away.net" };
      const opened = await openFromForm(thief, { username: "alice", contact: thief.address });
      await confirmContact(world, thief, opened.number);
      const page = await prove(thief, planted, "thief/alpenglow");
      expectPage(page, /not linked to a project of this account early enough/);
      assert.equal((await proveApiToken(world, thief)).status, 200);
      const decision = await decisionOf(world, opened.number);
      assert.equal(decision.route, "insufficient");
      await world.pass(40 * DAY);
      expectPage(await signIn(elsewhere(world, alice)), /alice/);
    }));

  test("one who planted it more than a week before has nothing but what a forge holder has: not enough", () =>
    inWorld("place-patient", async (world) => {
      const { alice } = await maintainer(world, "alice/alpenglow-3");
      const planted = await forge.makeRepository(FORGE, "patient/alpenglow");
      assert.equal((await release(world, alice, "1.1", "patient/alpenglow")).status, 200);
      await world.pass(20 * DAY);
      const thief = { ...elsewhere(world, alice), address: "thief@throw-away.net" };
      const opened = await openFromForm(thief, { username: "alice", contact: thief.address });
      await confirmContact(world, thief, opened.number);
      await prove(thief, planted, "patient/alpenglow");
      assert.equal((await proveApiToken(world, thief)).status, 200);
      assert.equal((await decisionOf(world, opened.number)).route, "insufficient");
      await world.pass(40 * DAY);
      expectPage(await signIn(elsewhere(world, alice)), /alice/);
    }));
});
