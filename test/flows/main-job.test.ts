import assert from "node:assert/strict";
import { describe } from "node:test";
import { sql } from "kysely";
import { findAccountByName } from "../../src/accounts/index.ts";
import { verifyChain } from "../../src/audit/index.ts";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  codesIn,
  expectPage,
  makePerson,
  makeToken,
  registerAndConfirm,
  sdistOf,
  signIn,
  signInWithPassword,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
  proveSshKey,
  restorationPath,
  sshChallenge,
} from "../../src/bin/demo/recovery.ts";
import { decide, restore } from "../../src/bin/demo/story.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { makeSecurityKey, signWithSecurityKey } from "../world/security-key.ts";
import { atTheDesk, DAY, elsewhere, HOUR, maintainer, newestLink, staff } from "../adversary/cast.ts";
import { story } from "../world/story.ts";

describe("the main job", () => {
  story(
    "Alice loses her phone and her codes, proves four things, waits, and gets back in",
    { seed: "alice" },
    async (world) => {
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

      const ends = new Date(
        /class="[^"]*big-date[^"]*"[^>]*datetime="([^"]+)"|datetime="([^"]+)"/
          .exec(page.html)
          ?.slice(1)
          .find(Boolean) ?? "",
      );
      assert(ends.getTime() - world.time.now().getTime() >= 72 * HOUR, "tier 1 waits 72 hours at least");
      await world.time.until(new Date(ends.getTime() - HOUR));
      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      expectPage(await lost.browser.open(link), /Enter the case code/);
      expectPage(await lost.browser.submit(link, { code: "0000-0000-0000-0000" }), /does not open this case/, 401);
      expectPage(await lost.browser.submit(link, { code: opened.code.toLowerCase() }), /The waiting time runs/);
      await world.pass(HOUR + 1000);
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
    },
  );

  story(
    "publishing is held after a recovery: the refusal names the date, and ends by itself",
    { seed: "hold" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const account = await findAccountByName(world.runtime.db, "alice");
      assert(account);
      const { placeHold } = await import("../../src/registry/index.ts");
      const until = new Date(world.time.now().getTime() + 72 * HOUR);
      await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
        await placeHold(tx, world.runtime.random, {
          accountId: account.id,
          powers: ["publish"],
          caseId: null,
          until,
          because: "account recovery",
          actor: { kind: "clock" },
        });
        return ok();
      });
      const held = await upload(world, alice, wheelOf("alpenglow", "1.1"));
      assert.equal(held.status, 403);
      assert.match(held.reason, /2026/);
      await world.pass(72 * HOUR + 1000);
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200);
    },
  );

  story(
    "Bob knows only his name and mailbox: a reviewer asks for one thing more, he answers, she approves",
    { seed: "bob", policyFile: "policy/demo.json" },
    async (world) => {
      const dana = await staff(world, "dana", "reviewer");
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
      expectPage(
        await desk.browser.submit(/request-information$/, { question: "Please sign with the key on your laptop." }),
        /Information requested/,
      );
      await world.mailbox.wait(bob.address, /question about your recovery case/);
      expectPage(await openCasePage(away), /Please sign with the key/);
      await proveSshKey(away);
      expectPage(await away.browser.submit("/recovery/case/message", { body: "Done." }), /looks at it now|One of us/);

      const wrong = await (async () => {
        await desk.browser.open(`/console/cases/${opened.number}`);
        return desk.browser.submit(/approve$/, {
          reason: "The key and the mailbox agree.",
          username: "bobby",
          code: (await dana.phone?.code()) ?? "",
        });
      })();
      assert.equal(wrong.status, 422);
      expectPage(await decide(desk, opened.number, "approve", "bob"), /Waiting/);
      await world.pass(40_000);
      const path = await restorationPath(world, bob.address, opened.number);
      await restore(world, away, path);
      expectPage(await signIn(elsewhere(world, away)), /bob/);
    },
  );

  story(
    "the top tier needs two reviewers, neither of them the first one again",
    { seed: "grace", policyFile: "policy/demo.json" },
    async (world) => {
      const dana = await staff(world, "dana", "reviewer");
      const erin = await staff(world, "erin", "reviewer");
      const grace = await staff(world, "grace", "reviewer"); // staff: tier 3, whatever she publishes
      const securityKey = makeSecurityKey("grace@key");
      await grace.browser.open("/account/keys");
      expectPage(await grace.browser.submit("/account/keys", { key: securityKey.publicLine }), /SHA256:/);
      await world.pass(10_000);

      const away = elsewhere(world, grace);
      const opened = await openFromStuckScreen(away);
      await confirmContact(world, away, opened.number);
      const { message, namespace } = await sshChallenge(away);
      expectPage(
        await away.browser.submit(/prove\/ssh-signature$/, {
          signature: signWithSecurityKey(securityKey, namespace, message),
        }),
        /Two people of our staff/,
      );

      const first = await atTheDesk(world, dana);
      expectPage(await decide(first, opened.number, "approve", "grace"), /Second review/);
      await first.browser.open(`/console/cases/${opened.number}`);
      const twice = await first.browser.submit(/approve$/, {
        reason: "I am as sure as before.",
        username: "grace",
        code: (await dana.phone?.code()) ?? "",
      });
      assert.equal(twice.status, 403, "the second verdict must be another person's");

      const second = await atTheDesk(world, erin);
      const blind = await second.browser.open(`/console/cases/${opened.number}`);
      assert.match(blind.text, /after you have given yours/);
      assert(!blind.text.includes("the account was quiet"), "the first reason is not shown before the second verdict");
      expectPage(await decide(second, opened.number, "approve", "grace"), /Waiting/);
      await world.pass(60_000);
      await restore(world, away, await restorationPath(world, grace.address, opened.number));
      expectPage(await signIn(elsewhere(world, away)), /grace/);
    },
  );

  story(
    "Carol writes a name one letter off: she is matched by her mailbox, and the other is not disturbed",
    { seed: "carol" },
    async (world) => {
      const carol = await maintainer(world, "carol-ka", "chalk", "carol@chalk.example");
      const other = makePerson(world, "carol-ko", "other@other.example");
      await registerAndConfirm(world, other);
      await world.pass(10 * DAY);
      const away = elsewhere(world, carol);
      const opened = await openFromForm(away, { username: "carol-ko", contact: carol.address });
      const before = await openCasePage(away);
      assert(!before.text.includes("carol-ka"), "not told whose account it is");
      await confirmContact(world, away, opened.number);
      await world.settle();
      assert.equal(world.sent.filter((mail) => mail.to === other.address && /recovery/i.test(mail.subject)).length, 0);
      assert(
        world.sent.some((mail) => mail.to === carol.address && mail.text.includes("/objection/")),
        "her own account's owner is told",
      );
    },
  );

  story(
    "an objection needs no sign-in, acts only by its button, and freezes case and account",
    { seed: "objection" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const thief = elsewhere(world, alice);
      await openFromStuckScreen(thief, "thief@elsewhere.example");
      await world.settle();
      const path = newestLink(world, alice.address, /\/objection\//);
      const scanner = openBrowser(world.origin);
      for (let times = 0; times < 3; times += 1) expectPage(await scanner.open(path), /Was this not you/);
      expectPage(await openCasePage(thief), /Show that the account is yours|Your recovery case/);
      expectPage(await scanner.submit(path), /account is frozen/);
      assert.equal((await scanner.open(path)).status, 410, "once");
      const denied = await upload(world, alice, wheelOf("alpenglow", "1.1"));
      assert.equal(denied.status, 403);
      expectPage(await signInWithPassword(elsewhere(world, alice)), /Your account is frozen/);
      expectPage(await openCasePage(thief), /Stopped/);
    },
  );

  story(
    "Mallory knows every public fact, Trudy holds the mailbox too: neither gets past collecting, nor keeps Alice out",
    { seed: "thieves" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);

      const mallory = makePerson(world, "alice", "mallory@elsewhere.example");
      const first = await openFromForm(mallory, {
        username: "alice",
        contact: mallory.address,
        story: "alpenglow 1.0 was uploaded on 2 November 2026.",
      });
      expectPage(await confirmContact(world, mallory, first.number), /not enough yet/);
      await mallory.browser.submit(/prove\/records$/, { projects: "alpenglow" });
      expectPage(await openCasePage(mallory), /not enough yet/);
      await world.settle();
      assert(
        world.sent.some((mail) => mail.to === alice.address && mail.text.includes("/objection/")),
        "Alice is told of it",
      );

      const trudy = makePerson(world, "alice", alice.address);
      const second = await openFromForm(trudy, { username: "alice", contact: alice.address });
      expectPage(await confirmContact(world, trudy, second.number), /not enough yet/);
      expectPage(await openCasePage(mallory), /This case is closed/);

      // Alice herself still gets in by her phone, which ends Trudy's case, and could have opened one of her own.
      expectPage(await signIn(elsewhere(world, alice)), /alice/);
      expectPage(await openCasePage(trudy), /This case is closed/);
      await world.pass(40 * DAY);
      assert(
        !world.sent.some((mail) => /take your account back/.test(mail.subject)),
        "no right to restore was ever issued",
      );
    },
  );

  story(
    "Trudy alone: the mailbox is worth nothing against whoever holds the mailbox",
    { seed: "trudy" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const trudy = { ...makePerson(world, "alice", alice.address) };
      const opened = await openFromForm(trudy, { username: "alice", contact: alice.address });
      expectPage(await confirmContact(world, trudy, opened.number), /not enough yet/);
      await trudy.browser.submit(/prove\/records$/, { projects: "alpenglow", addresses: alice.address });
      const guess = await trudy.browser.open("/recovery/case");
      assert.match(guess.text, /not enough yet/);
      await world.pass(20 * DAY);
      assert(
        !world.sent.some((mail) => /take your account back/.test(mail.subject)),
        "no right to restore was ever issued",
      );
    },
  );

  story("signing in with the found phone ends the case", { seed: "found" }, async (world) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    await world.pass(10 * DAY);
    const away = elsewhere(world, alice);
    const opened = await openFromStuckScreen(away);
    await confirmContact(world, away, opened.number);
    expectPage(await signIn(elsewhere(world, alice)), /alice/);
    expectPage(await openCasePage(away), /This case is closed/);
  });

  story(
    "a recovery code signs in once, is replaced at once, and passes every gate",
    { seed: "codes" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const away = elsewhere(world, alice);
      await signInWithPassword(away);
      await away.browser.open("/sign-in/recovery-code");
      const typed = (alice.codes[0] ?? "").toUpperCase().replaceAll("-", " ");
      const page = expectPage(
        await away.browser.submit("/sign-in/recovery-code", { code: typed }),
        /Here is its replacement/,
      );
      assert.equal(codesIn(page).length, 1);
      const again = elsewhere(world, alice);
      await signInWithPassword(again);
      await again.browser.open("/sign-in/recovery-code");
      expectPage(
        await again.browser.submit("/sign-in/recovery-code", { code: typed }),
        /has been used before.*2026/,
        410,
      );
      expectPage(
        await again.browser.submit("/sign-in/recovery-code", { code: codesIn(page)[0] ?? "" }),
        /Here is its replacement/,
      );
    },
  );

  story(
    "the audit log proves all of it, and names a row that was altered with SQL",
    { seed: "audit" },
    async (world) => {
      await maintainer(world, "alice", "alpenglow");
      const { db } = world.runtime;
      assert.equal((await verifyChain(db)).isIntact, true);
      await assert.rejects(
        sql`update audit_events set act = 'nothing/happened' where seq = 3`.execute(db.root),
        /append only/,
      );
      await sql`alter table audit_events disable trigger user`.execute(db.root);
      const { rows } = await sql<{ act: string }>`select act from audit_events where seq = 3`.execute(db.root);
      await sql`update audit_events set act = 'nothing/happened' where seq = 3`.execute(db.root);
      const broken = await verifyChain(db);
      assert.equal(broken.isIntact, false);
      assert.equal(broken.breaches[0]?.seq, "3");
      await sql`update audit_events set act = ${rows[0]?.act ?? ""} where seq = 3`.execute(db.root);
      await sql`alter table audit_events enable trigger user`.execute(db.root);
    },
  );
});
