import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { freezeAccount } from "../../src/accounts/index.ts";
import { formsOf, openBrowser, type Page } from "../../src/bin/demo/browser.ts";
import { expectPage, linkIn, mailCodeIn, type Person, signIn, stepUp } from "../../src/bin/demo/person.ts";
import { sweepReminders } from "../../src/drill/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import { ok } from "../../src/kernel/result.ts";
import { askContactsDue } from "../../src/recovery-contacts/index.ts";
import {
  accountIdOf,
  actsSince,
  DAY,
  elsewhere,
  forgetAttempts,
  lastSeq,
  subscriber,
  tables,
} from "../adversary/cast.ts";
import { client } from "../clients.ts";
import { story } from "../world/story.ts";
import { startWorld, type World } from "../world/world.ts";

/* “Could you get back in today?”: each way back is tested for real, and is as good after the test as before. */

const PATH = "/account/drill";
const TITLE = /Could you get back in today\?/;
const run = promisify(execFile);

/** Opens the page of one way, showing both authenticators where the server asks for them. */
async function openWay(person: Person, label: RegExp): Promise<Page> {
  const { browser } = person;
  await browser.open(PATH);
  await stepUp(person);
  expectPage(browser.page, TITLE);
  const link = [...browser.page.html.matchAll(/href="(\/account\/drill\/[^"]+)">Test<span[^>]*> ([^<]+)</g)].find(
    ([, , name]) => label.test(name ?? ""),
  );
  assert(link?.[1], `no ${String(label)} in ${browser.page.text}`);
  return browser.open(link[1]);
}

/** Types an answer on the page of a way. */
const answer = (person: Person, code: string): Promise<Page> =>
  person.browser.submit(/^\/account\/drill\/[a-z]{3}_[0-9a-z]+$/, { code });
const begin = (person: Person): Promise<Page> => person.browser.submit(/\/begin$/);

/** The row of a way in the table of the drill or the check-up. */
const rowOf = (page: Page, label: string): string =>
  [...page.html.matchAll(/<tr\b[\s\S]*?<\/tr>/g)]
    .map(([row]) => row.replace(/<[^>]+>/g, " "))
    .findLast((row) => row.includes(label)) ?? "";

const unusedCodes = async (world: World): Promise<number> => {
  const { rows } = await world.runtime.db.pool.query<{ n: number }>(
    "select count(*)::int as n from one_time_secrets where purpose = 'recovery-code' and spent_at is null and revoked_at is null",
  );
  return rows[0]?.n ?? 0;
};

/** A contact of the account who has accepted. */
async function addContact(owner: Person, contact: Person): Promise<void> {
  await owner.browser.open("/account/contacts");
  await stepUp(owner);
  await owner.browser.submit("/account/contacts", { username: contact.username });
  await contact.browser.open("/account/contacts");
  await stepUp(contact);
  expectPage(await contact.browser.submit("/account/contacts/accept"), /Stop being it/);
}

describe("the yearly drill", () => {
  story(
    "each way is tested and used up by none: app, recovery code, mailbox, recovery contact",
    { seed: "drill" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const bob = await subscriber(world, "bob");
      await addContact(alice, bob);
      await world.pass(400 * DAY);
      await signIn(alice);
      const seq = await lastSeq(world);

      await alice.browser.open(PATH);
      expectPage(alice.browser.page, /1 of your 4 ways back has worked in the last year/);
      assert.match(rowOf(alice.browser.page, "Recovery codes"), /Long ago/);
      await world.pass(60_000);
      expectPage(await openWay(alice, /app/), /wait for the code after this one/);
      const digits = (await alice.phone?.code()) ?? "";
      expectPage(await answer(alice, digits), /That works.*Authenticator app/);
      await openWay(alice, /app/);
      expectPage(await answer(alice, digits), /used before/, 409);
      await world.pass(60_000);
      expectPage(await signIn(elsewhere(world, alice)), /How you get in/);

      const before = await unusedCodes(world);
      const [, typed = ""] = alice.codes;
      await openWay(alice, /Recovery codes/);
      expectPage(await answer(alice, ` ${typed.toUpperCase().replaceAll("-", " ")} `), /That works.*Recovery codes/);
      assert.equal(await unusedCodes(world), before, "nothing is spent");
      const away = elsewhere(world, alice);
      await away.browser.open("/sign-in");
      await away.browser.submit("/sign-in", { name: "alice", password: alice.password });
      await away.browser.open("/sign-in/recovery-code");
      expectPage(await away.browser.submit("/sign-in/recovery-code", { code: typed }), /replacement/);

      expectPage(await openWay(alice, /mailbox/), /We mail a code/);
      assert.equal(formsOf(alice.browser.page.html).filter((one) => "code" in one.fields).length, 0, "not yet");
      expectPage(await begin(alice), /on its way/);
      const mail = await world.mailbox.wait(alice.address, /Code to test this mailbox/);
      const code = mailCodeIn(mail);
      expectPage(await answer(alice, code === "0000 0000" ? "1111 1111" : "0000 0000"), /not the code/, 401);
      expectPage(await answer(alice, code), /That works.*mailbox/);

      expectPage(await openWay(alice, /contact bob/), /We ask them by mail/);
      expectPage(await begin(alice), /No answer yet/);
      expectPage(await begin(alice), /asked in the last seven days/, 409);
      expectPage(await alice.browser.open(PATH), /Nothing is left for you to do; an answer is still to come/);
      const asked = await world.mailbox.wait(bob.address, /still there/);
      const link = linkIn(asked, /\/still-there\//);
      const anywhere = openBrowser(world.origin);
      const untouched = await tables(world);
      await anywhere.open(link);
      assert.deepEqual(await tables(world), untouched, "a scanner that follows the link changes nothing");
      expectPage(await anywhere.submit(link), /Thank you/);
      expectPage(await anywhere.open(link), /used already/, 410);

      expectPage(await alice.browser.open(PATH), /Yes: every way back has worked/);
      await alice.browser.open("/account/check-up");
      for (const label of ["Authenticator app", "Recovery codes (", "The mailbox", "contact bob"])
        assert.match(rowOf(alice.browser.page, label), /Today/, label);
      await alice.browser.open("/account/kit");
      expectPage(alice.browser.page, /authenticator app, last tested 2027-12-07/);
      expectPage(alice.browser.page, /recovery-codes-alice.*unused, last tested 2027-12-07/);
      expectPage(await alice.browser.open("/account/history"), /A way back was tested and works/);
      const acts = await actsSince(world, seq);
      assert.equal(acts.filter((act) => act === "drill/way-tested").length, 3);
      assert.equal(acts.filter((act) => act === "drill/way-failed").length, 2, "the used digits and the wrong code");
      assert.equal(acts.filter((act) => act === "contacts/confirmed").length, 1);
    },
  );

  test("an SSH key signs with ssh-keygen; another key, another text and a second time do not count", {
    skip: client("ssh-keygen") === null && "ssh-keygen is not installed",
  }, async () => {
    const world = await startWorld({ seed: "drill-ssh" });
    const folder = await mkdtemp(join(tmpdir(), "locksmith-drill-"));
    try {
      const alice = await subscriber(world, "alice");
      const keys = ["one", "two"].map((name) => join(folder, name));
      for (const key of keys) {
        await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", `alice@${key.slice(-3)}`, "-f", key]);
        await alice.browser.open("/account/keys");
        await alice.browser.submit("/account/keys", { key: await readFile(`${key}.pub`, "utf8") });
      }
      const [mine = "", other = ""] = keys;
      const sign = async (key: string, text: string, namespace: string): Promise<string> => {
        const file = join(folder, "drill.txt");
        await writeFile(file, text);
        await rm(`${file}.sig`, { force: true });
        await run("ssh-keygen", ["-Y", "sign", "-f", key, "-n", namespace, file]);
        return readFile(`${file}.sig`, "utf8");
      };
      await openWay(alice, /alice@one/);
      assert.match(alice.browser.page.text, /Never tested/);
      await begin(alice);
      const text = /printf '%s' '([^']+)'/.exec(alice.browser.page.text)?.[1] ?? "";
      assert.match(text, /^locksmith-drill key key_\w+ at /);
      expectPage(await answer(alice, await sign(mine, `${text}x`, "locksmith-drill")), /does not fit/, 422);
      expectPage(await answer(alice, await sign(mine, text, "locksmith-recovery")), /There is a problem/, 422);
      expectPage(await answer(alice, await sign(other, text, "locksmith-drill")), /There is a problem/, 422);
      expectPage(await answer(alice, await readFile(mine, "utf8")), /private key/i, 422);
      const good = await sign(mine, text, "locksmith-drill");
      expectPage(await answer(alice, good), /That works.*alice@one/);
      assert.match(rowOf(alice.browser.page, "alice@two"), /Never tested/, "each key for itself");
      await openWay(alice, /alice@one/);
      await begin(alice);
      expectPage(await answer(alice, good), /does not fit/, 422);
      await world.close();
    } catch (error) {
      await world.abandon();
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("the drill in the hands of a thief", () => {
  story("with a session alone: nothing is shown and nothing tested without both authenticators", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    await openWay(alice, /Recovery codes/);
    const way = alice.browser.page.path;
    await world.pass(11 * 60_000);
    const before = await tables(world);
    for (const path of [PATH, way]) {
      await alice.browser.open(path);
      assert.equal(alice.browser.page.path, "/account/confirm", path);
      assert(!alice.browser.page.text.includes(alice.address));
    }
    const csrf = /name="_csrf" value="([^"]+)"/.exec(alice.browser.page.html)?.[1] ?? "";
    const post = (path: string, code?: string) =>
      alice.browser.raw(path, {
        method: "POST",
        body: new URLSearchParams({ _csrf: csrf, ...(code === undefined ? {} : { code }) }),
      });
    for (const response of [await post(way, alice.codes[1]), await post(`${way}/begin`)]) {
      assert.equal(response.status, 303);
      assert.equal(response.headers.get("location"), `/account/confirm?next=${encodeURIComponent(PATH)}`);
    }
    assert.deepEqual(await tables(world), before);
  });

  story("guessing goes by the counters of signing in: the drill gives no second set of guesses", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    const bob = await subscriber(world, "bob");
    await openWay(alice, /Recovery codes/);
    const foreign = bob.codes[0] ?? "";
    for (let guess = 0; guess < 5; guess += 1) expectPage(await answer(alice, foreign), /not one of this account/, 401);
    expectPage(await answer(alice, alice.codes[1] ?? ""), /Too many wrong attempts/, 429);
    const there = elsewhere(world, alice);
    for (const [name, value] of alice.browser.cookies) // the same browser, signed out
      if (name.endsWith("device")) (there.browser.cookies as Map<string, string>).set(name, value);
    await there.browser.open("/sign-in");
    await there.browser.submit("/sign-in", { name: "alice", password: alice.password });
    await there.browser.open("/sign-in/recovery-code");
    const blocked = await there.browser.submit("/sign-in/recovery-code", { code: alice.codes[1] ?? "" });
    assert.equal(blocked.status, 429, "the waiting time is one and the same");

    await openWay(alice, /app/);
    for (let guess = 0; guess < 5; guess += 1) expectPage(await answer(alice, "000000"), /not right/, 401);
    expectPage(await answer(alice, "000000"), /Too many wrong attempts/, 429);
    await openWay(alice, /mailbox/);
    await begin(alice);
    for (let guess = 0; guess < 5; guess += 1) expectPage(await answer(alice, "0000 0000"), /not the code/, 401);
    expectPage(
      await answer(alice, mailCodeIn(await world.mailbox.wait(alice.address, /test this mailbox/))),
      /Too many/,
      429,
    );
    const { rows } = await world.runtime.db.pool.query<{ n: number }>(
      "select count(*)::int as n from audit_events where act = 'drill/way-failed' and account_id = $1",
      [await accountIdOf(world, "alice")],
    );
    assert.equal(rows[0]?.n, 15, "every guess is on the history, waits are not");
  });

  story("mails are five an hour to one address, and a newer code ends the one before", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    await openWay(alice, /mailbox/);
    await begin(alice);
    const first = mailCodeIn(await world.mailbox.wait(alice.address, /test this mailbox/));
    await begin(alice);
    expectPage(await answer(alice, first), /replaced by a newer one/, 410);
    for (let mail = 2; mail < 5; mail += 1) expectPage(await begin(alice), /on its way/);
    expectPage(await begin(alice), /Too many attempts/, 429);
    await world.settle();
    assert.equal(world.sent.filter((mail) => /test this mailbox/.test(mail.subject)).length, 5);
    await world.pass(31 * 60_000);
    await forgetAttempts(world);
    const last = mailCodeIn(await world.mailbox.wait(alice.address, /test this mailbox/));
    await openWay(alice, /mailbox/);
    assert(!formsOf(alice.browser.page.html).some((one) => "code" in one.fields), "nothing to answer any more");
    await begin(alice);
    expectPage(await answer(alice, last), /replaced by a newer one/, 410);
  });

  story("a code typed four times at once counts once; another person's way is nobody's", {}, async (world) => {
    const [alice, bob] = [await subscriber(world, "alice"), await subscriber(world, "bob")];
    await openWay(alice, /mailbox/);
    const path = alice.browser.page.path;
    await begin(alice);
    const code = mailCodeIn(await world.mailbox.wait(alice.address, /test this mailbox/));
    const csrf = /name="_csrf" value="([^"]+)"/.exec(alice.browser.page.html)?.[1] ?? "";
    const seq = await lastSeq(world);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        alice.browser.raw(path, { method: "POST", body: new URLSearchParams({ _csrf: csrf, code }) }),
      ),
    );
    assert.equal(answers.filter((one) => one.status === 303).length, 1);
    assert.equal((await actsSince(world, seq)).filter((act) => act === "drill/way-tested").length, 1);
    await openWay(bob, /mailbox/);
    assert.equal((await bob.browser.open(path)).status, 404);
  });
});

describe("the yearly reminder", () => {
  const remind = async (world: World): Promise<number> => {
    const sent = await sweepReminders(world.runtime, world.time.now());
    await world.settle();
    return sent;
  };
  const SUBJECT = /recovery codes\?|get back in today/;

  story("comes once a year, without a link to sign in, and can be put off by 30 days", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    await world.pass(2 * 3600_000);
    assert.equal(await remind(world), 0);
    await world.pass(364 * DAY);
    assert.equal(await remind(world), 0, "not before a year");
    await world.pass(DAY);
    assert.equal(await remind(world), 1);
    assert.equal(await remind(world), 0, "once");
    const mail = await world.mailbox.wait(alice.address, /Do you still have your recovery codes\?/);
    assert.match(mail.text, /Of your 3 ways back, 3 were not tested/);
    assert.deepEqual(
      mail.links.map((one) => new URL(one).pathname.split("/")[1]),
      ["drill-later"],
      "nothing in it leads to a page that asks to sign in",
    );

    const link = linkIn(mail, /\/drill-later\//);
    const anywhere = openBrowser(world.origin);
    const before = await tables(world);
    expectPage(await anywhere.open(link), /We write again in 30 days/);
    assert.deepEqual(await tables(world), before);
    expectPage(await anywhere.submit(link), /Put off/);
    expectPage(await anywhere.open(link), /used already/, 410);
    await world.pass(29 * DAY);
    assert.equal(await remind(world), 0);
    await world.pass(DAY);
    assert.equal(await remind(world), 1);
    await world.mailbox.wait(alice.address, SUBJECT);
    await world.pass(364 * DAY);
    assert.equal(await remind(world), 0, "not put off: a year");
    await world.pass(DAY);
    assert.equal(await remind(world), 1);
  });

  story("does not come to whoever has tested everything, nor to one who is frozen", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    const bob = await subscriber(world, "bob");
    await world.pass(2 * 3600_000);
    await remind(world);
    await world.pass(300 * DAY);
    await signIn(alice);
    await openWay(alice, /Recovery codes/);
    await answer(alice, alice.codes[1] ?? "");
    await openWay(alice, /mailbox/);
    await begin(alice);
    await answer(alice, mailCodeIn(await world.mailbox.wait(alice.address, /test this mailbox/)));
    const accountId = await accountIdOf(world, bob.username);
    await transact(world.runtime.db, { now: world.time.now() }, async (tx) => {
      const actor = { kind: "operator" } as const;
      await freezeAccount(tx, world.runtime.random, { accountId, because: "suspicious", caseId: null, actor });
      return ok();
    });
    await world.pass(70 * DAY);
    assert.equal(await remind(world), 0);
    assert(!world.sent.some((mail) => mail.to === bob.address && SUBJECT.test(mail.subject)));
    await world.pass(300 * DAY);
    assert.equal(await remind(world), 1, "a year after her drill");
    await world.mailbox.wait(alice.address, SUBJECT);
  });

  story("recovery contacts are asked once a year, too, and two workers at once write one mail", {}, async (world) => {
    const alice = await subscriber(world, "alice");
    const bob = await subscriber(world, "bob");
    await addContact(alice, bob);
    const ask = async (): Promise<number> => {
      const asked = await askContactsDue(world.runtime, world.time.now());
      await world.settle();
      return asked;
    };
    await world.pass(364 * DAY);
    assert.equal(await ask(), 0);
    await world.pass(2 * DAY);
    const both = await Promise.all([askContactsDue(world.runtime, world.time.now()), ask()]);
    assert.deepEqual(both.toSorted(), [0, 1]);
    const mail = await world.mailbox.wait(bob.address, /still there as a recovery contact/);
    const anywhere = openBrowser(world.origin);
    const link = linkIn(mail, /\/still-there\//);
    await anywhere.open(link);
    await anywhere.submit(link);
    await world.pass(364 * DAY);
    assert.equal(await ask(), 0);
    await world.pass(2 * DAY);
    assert.equal(await ask(), 1);
    const again = linkIn(await world.mailbox.wait(bob.address, /still there/), /\/still-there\//);
    await signIn(bob);
    await bob.browser.open("/account/contacts");
    await bob.browser.submit("/account/contacts/end");
    assert.equal((await anywhere.open(again)).status, 410, "who is no contact any more has nothing to confirm");
    const reminders = await Promise.all([remind(world), remind(world)]);
    assert.equal(reminders[0] + reminders[1], 2, "one each, whoever looks");
  });
});
