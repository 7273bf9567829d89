import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { insertStaffRole } from "../../src/accounts/index.ts";
import { findAccountByName } from "../../src/accounts/index.ts";
import { audit, verifyChain } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import { addSshKey, codesIn, enrol, expectPage, linkIn, makePerson, makeToken, type Person, registerAndConfirm, sdistOf, signIn, signInWithPassword, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, openFromStuckScreen, proveApiToken, proveSshKey, restorationPath } from "../../src/bin/demo/recovery.ts";
import { decide, restore } from "../../src/bin/demo/story.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { startWorld, type World } from "../world/world.ts";

const HOUR = 3600_000;
const DAY = 24 * HOUR;

/** Somebody with an account, a published project, a token and an SSH key, all older than the policy asks for. */
async function maintainer(world: World, username: string, project: string): Promise<Person> {
  const person = makePerson(world, username, `${username}@${username}.example`);
  await registerAndConfirm(world, person);
  await enrol(world, person);
  await makeToken(person, "laptop");
  await addSshKey(person);
  const uploaded = await upload(world, person, wheelOf(project, "1.0"));
  assert.equal(uploaded.status, 200, uploaded.reason);
  return person;
}

/** The same person at another browser, where nobody is signed in. */
const elsewhere = (world: World, person: Person): Person => ({ ...person, browser: openBrowser(world.origin) });

/** A reviewer at the desk, as an administrator would appoint one. */
async function reviewer(world: World, username: string): Promise<Person> {
  const person = makePerson(world, username);
  await registerAndConfirm(world, person);
  await enrol(world, person);
  const account = await findAccountByName(world.runtime.db, username);
  assert(account);
  await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
    await insertStaffRole(tx, account.id, "reviewer", null);
    audit(tx, world.runtime.random, { act: "test/appointed", actor: { kind: "operator" }, accountId: account.id });
    return ok();
  });
  return person;
}

async function atTheDesk(world: World, person: Person): Promise<Person> {
  const there = elsewhere(world, person);
  expectPage(await signInWithPassword(there, "/console/sign-in"), /code from your app/i);
  expectPage(await there.browser.submit("/console/sign-in/second-factor", { code: (await person.phone?.code()) ?? "" }), /Recovery cases/);
  return there;
}

describe("the main job", () => {
  test("Alice loses her phone and her codes, proves four things, waits, and gets back in", async () => {
    const world = await startWorld({ seed: "alice" });
    const alice = await maintainer(world, "alice", "alpenglow");
    assert.equal(alice.codes.length, 10);
    assert.equal((await upload(world, alice, sdistOf("alpenglow", "1.0"))).status, 200);
    await world.pass(10 * DAY);

    const lost = elsewhere(world, alice);
    const opened = await openFromStuckScreen(lost);
    expectPage(await confirmContact(world, lost, opened.number), /Your recovery case/);
    const token = await proveApiToken(world, lost);
    assert.equal(token.status, 200, token.text);
    const page = expectPage(await proveSshKey(lost), /Your case is decided/);
    assert.match(page.text, /Thursday|Wednesday|Friday|Monday|Tuesday|Saturday|Sunday/, "one date, in words");

    await world.pass(71 * HOUR);
    expectPage(await openCasePage(lost), /The waiting time runs/);
    await world.pass(2 * HOUR);
    const path = await restorationPath(world, alice.address, opened.number);
    const restored = await restore(world, lost, path);
    assert.equal(lost.codes.length, 10);
    assert.notDeepEqual(lost.codes, alice.codes);
    assert.match(restored.text, /wait until/);

    const twice = await lost.browser.open(path);
    assert.equal(twice.status, 410);
    const old = await upload(world, alice, wheelOf("alpenglow", "1.1"));
    assert.equal(old.status, 403, "the old token is dead");
    expectPage(await signInWithPassword(elsewhere(world, alice)), /do not go together/, 401);
    expectPage(await alice.browser.open("/account"), /Sign in/, 200);

    const back = elsewhere(world, lost);
    expectPage(await signIn(back), /alice/);
    await back.browser.open("/account/tokens");
    expectPage(await back.browser.submit("/account/tokens", { name: "new" }), /held|until/i, 403);
    await world.pass(73 * HOUR);
    const free = elsewhere(world, lost);
    await signIn(free);
    await makeToken(free, "new laptop");
    assert.equal((await upload(world, free, wheelOf("alpenglow", "1.1"))).status, 200);
    await world.close();
  });

  test("publishing is held after a recovery: the refusal names the date, and ends by itself", async () => {
    const world = await startWorld({ seed: "hold" });
    const alice = await maintainer(world, "alice", "alpenglow");
    const account = await findAccountByName(world.runtime.db, "alice");
    assert(account);
    const { placeHold } = await import("../../src/registry/index.ts");
    const until = new Date(world.time.now().getTime() + 72 * HOUR);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      await placeHold(tx, world.runtime.random, { accountId: account.id, powers: ["publish"], caseId: null, until, because: "account recovery", actor: { kind: "clock" } });
      return ok();
    });
    const held = await upload(world, alice, wheelOf("alpenglow", "1.1"));
    assert.equal(held.status, 403);
    assert.match(held.reason, /2026/);
    await world.pass(72 * HOUR + 1000);
    assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200);
    await world.close();
  });

  test("Bob knows only his name and mailbox: a reviewer asks for one thing more, he answers, she approves", async () => {
    const world = await startWorld({ seed: "bob", policyFile: "policy/demo.json" });
    const dana = await reviewer(world, "dana");
    const bob = await maintainer(world, "bob", "bedrock");
    const frank = await maintainer(world, "frank", "gneiss");
    for (const name of ["basalt", "schist"]) await upload(world, frank, wheelOf(name, "1.0", ["bedrock>=1"]));
    await world.pass(10_000);

    const away = elsewhere(world, bob);
    const opened = await openFromForm(away, { username: "bob", contact: bob.address });
    expectPage(await confirmContact(world, away, opened.number), /What would help most/);
    expectPage(await away.browser.submit("/recovery/case/submit"), /A person looks at it now/);

    const desk = await atTheDesk(world, dana);
    expectPage(await desk.browser.open("/console?lane=us"), new RegExp(opened.number));
    expectPage(await desk.browser.open(`/console/cases/${opened.number}`), /Approval is not possible yet/);
    expectPage(await desk.browser.submit(/request-information$/, { question: "Please sign with the key on your laptop." }), /Information requested/);
    await world.mailbox.wait(bob.address, /question about your recovery case/);
    expectPage(await openCasePage(away), /Please sign with the key/);
    await proveSshKey(away);
    expectPage(await away.browser.submit("/recovery/case/message", { body: "Done." }), /looks at it now|One of us/);

    const wrong = await (async () => {
      await desk.browser.open(`/console/cases/${opened.number}`);
      return desk.browser.submit(/approve$/, { reason: "The key and the mailbox agree.", username: "bobby" });
    })();
    assert.equal(wrong.status, 422);
    expectPage(await decide(desk, opened.number, "approve", "bob"), /Waiting/);
    await world.pass(40_000);
    const path = await restorationPath(world, bob.address, opened.number);
    await restore(world, away, path);
    expectPage(await signIn(elsewhere(world, away)), /bob/);
    await world.close();
  });

  test("the top tier needs two reviewers, and the second must be somebody else", async () => {
    const world = await startWorld({ seed: "grace", policyFile: "policy/demo.json" });
    const dana = await reviewer(world, "dana");
    const erin = await reviewer(world, "erin");
    const grace = await reviewer(world, "grace"); // staff: tier 3, whatever she publishes
    await makeToken(grace, "laptop");
    await addSshKey(grace);
    await world.pass(10_000);
    const away = elsewhere(world, grace);
    const opened = await openFromStuckScreen(away);
    await confirmContact(world, away, opened.number);
    await proveApiToken(world, away);
    const page = await proveSshKey(away);
    const first = await atTheDesk(world, dana);
    await first.browser.open(`/console/cases/${opened.number}`);
    // What four machine-checked proofs weigh is below the top tier's threshold against a device thief: not even two people may approve.
    assert.match(first.browser.page.text, /Approval is not possible yet/, page.text.slice(0, 400));
    void erin;
    await world.close();
  });

  test("Carol writes a name one letter off: she is matched by her mailbox, and the other is not disturbed", async () => {
    const world = await startWorld({ seed: "carol" });
    const carol = await maintainer(world, "carol-ka", "chalk");
    const other = makePerson(world, "carol-ko", "other@other.example");
    await registerAndConfirm(world, other);
    await world.pass(10 * DAY);
    const away = elsewhere(world, carol);
    const opened = await openFromForm(away, { username: "carol-ko", contact: carol.address });
    const before = await openCasePage(away);
    assert(!before.text.includes("carol-ka"), "not told whose account it is");
    await confirmContact(world, away, opened.number);
    assert.equal(world.sent.filter((mail) => mail.to === other.address && /recovery/i.test(mail.subject)).length, 0);
    assert(world.sent.some((mail) => mail.to === carol.address && mail.text.includes("/objection/")), "her own account's owner is told");
    await world.close();
  });

  test("an objection needs no sign-in, acts only by its button, and freezes case and account", async () => {
    const world = await startWorld({ seed: "objection" });
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(10 * DAY);
    const thief = elsewhere(world, alice);
    await openFromStuckScreen(thief, "thief@elsewhere.example");
    await world.settle();
    const notice = world.sent.findLast((mail) => mail.to === alice.address && mail.text.includes("/objection/"));
    assert(notice);
    const path = linkIn({ subject: notice.subject, text: notice.text, links: notice.text.match(/http\S+/g) ?? [] }, /\/objection\//);
    const scanner = openBrowser(world.origin);
    for (let times = 0; times < 3; times += 1) expectPage(await scanner.open(path), /Was this not you/);
    expectPage(await openCasePage(thief), /Show that the account is yours|Your recovery case/);
    expectPage(await scanner.submit(path), /account is frozen/);
    assert.equal((await scanner.open(path)).status, 410, "once");
    const denied = await upload(world, alice, wheelOf("alpenglow", "1.1"));
    assert.equal(denied.status, 403);
    expectPage(await signInWithPassword(elsewhere(world, alice)), /frozen/, 403);
    expectPage(await openCasePage(thief), /Stopped/);
    await world.close();
  });

  test("Mallory knows every public fact, Trudy holds the mailbox too: neither gets past collecting", async () => {
    const world = await startWorld({ seed: "thieves" });
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(10 * DAY);

    const mallory = { ...makePerson(world, "alice", "mallory@elsewhere.example") };
    const first = await openFromForm(mallory, { username: "alice", contact: mallory.address, story: "alpenglow 1.0 was uploaded on 2 November 2026." });
    expectPage(await confirmContact(world, mallory, first.number), /not enough yet/);
    await mallory.browser.submit(/prove\/records$/, { projects: "alpenglow" });
    expectPage(await openCasePage(mallory), /not enough yet/);
    assert(world.sent.some((mail) => mail.to === alice.address && mail.text.includes("/objection/")), "Alice is told of it");

    const trudy = { ...makePerson(world, "alice", alice.address) };
    const second = await openFromForm(trudy, { username: "alice", contact: alice.address });
    // Alice's account has an open case: Trudy's ends there, and she is not let into the other one.
    expectPage(await confirmContact(world, trudy, second.number), /This case is closed/);
    await world.pass(40 * DAY);
    expectPage(await signIn(elsewhere(world, alice)), /alice/);
    await world.close();
  });

  test("Trudy alone: the mailbox is worth nothing against whoever holds the mailbox", async () => {
    const world = await startWorld({ seed: "trudy" });
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(10 * DAY);
    const trudy = { ...makePerson(world, "alice", alice.address) };
    const opened = await openFromForm(trudy, { username: "alice", contact: alice.address });
    expectPage(await confirmContact(world, trudy, opened.number), /not enough yet/);
    await trudy.browser.submit(/prove\/records$/, { projects: "alpenglow", addresses: alice.address });
    const guess = await trudy.browser.open("/recovery/case");
    assert.match(guess.text, /not enough yet/);
    await world.pass(20 * DAY);
    assert(!world.sent.some((mail) => /take your account back/.test(mail.subject)), "no right to restore was ever issued");
    await world.close();
  });

  test("signing in with the found phone ends the case", async () => {
    const world = await startWorld({ seed: "found" });
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(10 * DAY);
    const away = elsewhere(world, alice);
    const opened = await openFromStuckScreen(away);
    await confirmContact(world, away, opened.number);
    expectPage(await signIn(elsewhere(world, alice)), /alice/);
    expectPage(await openCasePage(away), /This case is closed/);
    await world.close();
  });

  test("a recovery code signs in once, is replaced at once, and passes every gate", async () => {
    const world = await startWorld({ seed: "codes" });
    const alice = await maintainer(world, "alice", "alpenglow");
    const away = elsewhere(world, alice);
    await signInWithPassword(away);
    await away.browser.open("/sign-in/recovery-code");
    const typed = (alice.codes[0] ?? "").toUpperCase().replaceAll("-", " ");
    const page = expectPage(await away.browser.submit("/sign-in/recovery-code", { code: typed }), /Here is its replacement/);
    assert.equal(codesIn(page).length, 1);
    const again = elsewhere(world, alice);
    await signInWithPassword(again);
    await again.browser.open("/sign-in/recovery-code");
    expectPage(await again.browser.submit("/sign-in/recovery-code", { code: typed }), /has been used before.*2026/, 410);
    expectPage(await again.browser.submit("/sign-in/recovery-code", { code: codesIn(page)[0] ?? "" }), /Here is its replacement/);
    await world.close();
  });

  test("the audit log proves all of it, and names a row that was altered with SQL", async () => {
    const world = await startWorld({ seed: "audit" });
    await maintainer(world, "alice", "alpenglow");
    const { db } = world.runtime;
    assert.equal((await verifyChain(db)).isIntact, true);
    await assert.rejects(sql`update audit_events set act = 'nothing/happened' where seq = 3`.execute(db.root), /append only/);
    await sql`alter table audit_events disable trigger user`.execute(db.root);
    const { rows } = await sql<{ act: string }>`select act from audit_events where seq = 3`.execute(db.root);
    await sql`update audit_events set act = 'nothing/happened' where seq = 3`.execute(db.root);
    const broken = await verifyChain(db);
    assert.equal(broken.isIntact, false);
    assert.equal(broken.breaches[0]?.seq, "3");
    await sql`update audit_events set act = ${rows[0]?.act ?? ""} where seq = 3`.execute(db.root);
    await sql`alter table audit_events enable trigger user`.execute(db.root);
    await world.close();
  });
});
