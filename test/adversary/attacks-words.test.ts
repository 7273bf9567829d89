import assert from "node:assert/strict";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import {
  confirmDevice,
  expectPage,
  makePerson,
  signIn,
  signInWithPassword,
  stepUp,
  upload,
  wheelOf,
} from "../../src/bin/demo/person.ts";
import {
  confirmContact,
  openCasePage,
  openFromForm,
  openFromStuckScreen,
  proveApiToken,
} from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import {
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  forgetAttempts,
  maintainer,
  postForm,
  rawRequest,
  staff,
  subscriber,
} from "./cast.ts";

/*
 * Words that an attacker gets others to read: in mails, in the log, and codes that are shown a second time. (Whole mails
 * over the wire, and values that would add headers to them: notifications/outbox.test.ts and letter.test.ts.)
 */

const send = async (world: World, browser = openBrowser(world.origin)) => {
  const csrf = await csrfOf(browser);
  return (path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    postForm(world, path, new URLSearchParams({ _csrf: csrf, ...fields }).toString(), { browser, headers });
};

describe("mails", () => {
  story(
    "mail header injection: no name, address or text adds a line to a header or a recipient",
    { seed: "mail-headers" },
    async (world) => {
      const password = "amber-bridge-copper-delta-77";
      const addresses = [
        "a@new.example\r\nBcc: all@victims.example",
        "a@new.example\nSubject: x",
        "a@new.example%0d%0aBcc: all@victims.example",
        "a@new.example,b@victims.example",
        "a@new.example;b@victims.example",
        "Alice <a@new.example>",
        "<a@new.example>",
        '"a\r\nBcc: b@victims.example"@new.example',
        '"a b"@new.example',
        "a@new.example (b@victims.example)",
        "a@[127.0.0.1]",
        "a@new.example\u2028Bcc: b@victims.example",
        "@relay.example:a@new.example",
      ];
      for (const address of addresses) {
        await forgetAttempts(world);
        const post = await send(world);
        const registered = await post("/register", { username: "newperson", address, password });
        assert.equal(registered.status, 422, `${JSON.stringify(address)} was taken: ${registered.status}`);
        const asked = await post("/recovery", { username: "x", contact: address, cause: "other", story: "" });
        assert.equal(asked.status, 422, `${JSON.stringify(address)} was taken: ${asked.status}`);
      }
      for (const username of [
        "alice\r\nBcc: b@victims.example",
        "Alice <a@b.example>",
        "alice\u0000",
        "=?utf-8?q?a?=",
      ]) {
        const post = await send(world);
        const answer = await post("/register", { username, address: "a@new.example", password });
        assert.equal(answer.status, 422, JSON.stringify(username));
      }
      await world.settle();
      assert.deepEqual(world.sent, [], "nobody was written to");
    },
  );

  story(
    "a thief's words in our mails: no link of theirs, and subjects that are ours alone",
    { seed: "mail-words" },
    async (world) => {
      const lure =
        "Urgent! Go to https://evil.example/sign-in or evil.example <a href=//evil.example>now</a>\r\nBcc: x@y.example";
      const alice = await maintainer(world, "alice", "alpenglow");
      const dana = await staff(world, "dana", "reviewer");
      await world.pass(10 * DAY);
      await world.settle();
      const before = world.sent.length;
      const agent = { "user-agent": "https://evil.example/ <b>Firefox</b> 141.0 =?utf-8?q?x?=" };
      // Names of tokens and keys, told of by mail; a browser that names itself; a wrong second factor.
      const there = elsewhere(world, alice);
      const post = await send(world, there.browser);
      const wrong = await post("/sign-in", { name: "alice", password: alice.password }, agent);
      assert.equal(wrong.status, 303);
      expectPage(await signIn(there), /alice/);
      await there.browser.open("/account/confirm");
      await stepUp(there);
      await there.browser.open("/account/tokens");
      await there.browser.submit("/account/tokens", { name: "https://evil.example/ now" });
      const signed = await send(world, there.browser);
      await signed("/account/keys", { key: `${makePerson(world, "x").sshKey.publicLine} https://evil.example/` });
      // A case with a story, a message to the desk, and the desk's question.
      const mallory = makePerson(world, "alice", "mallory@elsewhere.example");
      const opened = await openFromForm(mallory, { username: "alice", contact: mallory.address, story: lure });
      await confirmContact(world, mallory, opened.number);
      await openCasePage(mallory);
      await mallory.browser.submit("/recovery/case/message", { body: lure });
      await openCasePage(mallory);
      await mallory.browser.submit("/recovery/case/submit");
      const desk = await atTheDesk(world, dana);
      await desk.browser.open(`/console/cases/${opened.number}`);
      await desk.browser.submit(/request-information$/, { question: `Is this yours? ${lure}` });
      await world.pass(DAY);
      const mails = world.sent.slice(before);
      assert(mails.some((mail) => mail.to === alice.address && mail.text.includes("/objection/")));
      assert(mails.some((mail) => mail.to === mallory.address && /question/i.test(mail.subject)));
      for (const mail of mails) {
        assert.match(mail.subject, /^[\x20-\x7e]{1,150}$/, "a subject is one line");
        assert(!/evil|urgent/i.test(mail.subject), mail.subject);
        assert.match(mail.to, /^[^\s,;<>]+@[^\s,;<>]+$/);
        for (const [, to] of mail.html.matchAll(/\b(?:href|src|action)="([^"]*)"/g))
          assert.equal(
            new URL(to ?? "", world.origin).origin,
            new URL(world.origin).origin,
            `“${mail.subject}”: ${to}`,
          );
        assert(
          !/evil\.example|<b>|<a href=\/\//.test(mail.html),
          `“${mail.subject}” has words that act: ${mail.html.slice(Math.max(0, mail.html.search(/evil/) - 300)).slice(0, 600)}`,
        );
        assert(!/evil\.example/.test(mail.text), `“${mail.subject}” has an address that mail programs make a link of`);
      }
    },
  );
});

/** What a log line may have (kernel/log.ts). */
const FIELDS = new Set(
  "at level event requestId route method status milliseconds refusal job count accountId caseId mailId error stack detail".split(
    " ",
  ),
);

describe("the log", () => {
  story(
    "log injection, and nothing personal: every line is one of ours, whatever was sent, and names nobody",
    { seed: "log" },
    async (world) => {
      const alice = await maintainer(world, "alice-liddell", "alpenglow", "alice@wonderland.example");
      const dana = await staff(world, "dana", "reviewer");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      await signInWithPassword(lost);
      await lost.browser.open("/sign-in/recovery-code");
      await lost.browser.submit("/sign-in/recovery-code", { code: "lkrc-00000-00000-00000-00000-00000" });
      const away = elsewhere(world, alice);
      const opened = await openFromStuckScreen(away, "ring@rabbit.example");
      await confirmContact(world, away, opened.number, "ring@rabbit.example");
      assert.equal((await proveApiToken(world, away, alice.token ?? "")).status, 200);
      await forgetAttempts(world);
      const mallory = makePerson(world, "alice-liddell", "mallory@elsewhere.example");
      const other = await openFromForm(mallory, {
        username: "alice-liddell",
        contact: mallory.address,
        story: "my-secret-story",
      });
      await confirmContact(world, mallory, other.number);
      await upload(world, alice, wheelOf("alpenglow", "1.1"));
      await upload(world, { ...alice, token: "lks_wrong" }, wheelOf("alpenglow", "1.2"));
      await atTheDesk(world, dana);
      const forged = '\r\n{"level":"info","event":"forged"}\u001b[31m';
      const hostile = await send(world);
      await hostile("/sign-in", { name: `alice-liddell${forged}`, password: `hunter2${forged}` });
      for (const path of [
        `/nothing%0d%0a%7b%22event%22%3a%22forged%22%7d`,
        `/reset/${"z".repeat(43)}`,
        `/account?next=%0a%7b%22event%22:%22forged%22%7d`,
        "/simple/%0aforged/",
      ])
        await rawRequest(world, {
          path,
          headers: {
            "user-agent": "forged-agent {\\n} \u00ff",
            referer: "https://forged.example/",
            "x-request-id": "forged",
          },
        });
      await world.settle();
      const lines = world.runtime.logLines;
      assert(lines.length > 50);
      for (const line of lines) {
        assert.match(line, /^\{\P{Cc}*\}\n$/u, "one line, without control characters");
        const fields = JSON.parse(line) as Record<string, unknown>; // our own line
        for (const name of Object.keys(fields)) assert(FIELDS.has(name), `${name} in ${line}`);
      }
      const log = lines.join("");
      const personal = [
        alice.username,
        alice.address,
        alice.password,
        ...alice.codes,
        alice.token ?? "",
        mallory.address,
        "ring@rabbit.example",
        "my-secret-story",
        "hunter2",
        "127.0.0.1",
        "Firefox",
        "forged",
        opened.code,
        other.code,
        opened.number,
        alice.sshKey.publicLine.split(" ")[1] ?? "",
        ...world.sent.flatMap((mail) => mail.text.match(/[A-Za-z0-9_-]{43}/g) ?? []),
        ...alice.browser.cookies.values(),
        ...lost.browser.cookies.values(),
      ];
      for (const text of personal) assert(text.length > 3 && !log.includes(text), `“${text}” is in the log`);
    },
  );
});

describe("codes that are shown again", () => {
  story(
    "replayed TOTP: a code that signed in opens neither another session, nor the desk, nor what asks for it anew",
    { seed: "replay" },
    async (world) => {
      const dana = await staff(world, "dana", "reviewer");
      await world.pass(5 * 60_000);
      const there = elsewhere(world, dana);
      expectPage(await signInWithPassword(there), /six digits/i);
      const code = (await dana.phone?.code()) ?? "";
      await there.browser.submit("/sign-in/second-factor", { code });
      expectPage(await confirmDevice(there), /dana/);

      const again = elsewhere(world, dana);
      expectPage(await signInWithPassword(again), /six digits/i);
      expectPage(await again.browser.submit("/sign-in/second-factor", { code }), /./, 409);
      const desk = elsewhere(world, dana);
      expectPage(await signInWithPassword(desk, "/console/sign-in"), /code from your app/i);
      expectPage(await desk.browser.submit("/console/sign-in/second-factor", { code }), /./, 409);
      await there.browser.open("/account/confirm");
      expectPage(await there.browser.submit("/account/confirm", { password: dana.password, code }), /./, 409);
      assert.notEqual((await rawRequest(world, { path: "/account", browser: again.browser })).status, 200);
      assert.notEqual((await rawRequest(world, { path: "/console", browser: desk.browser })).status, 200);
    },
  );

  story("one person's code is nobody else's, and a code alone is nothing", { seed: "replay-other" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const mallory = await subscriber(world, "mallory");
    await world.pass(5 * 60_000);
    const thief = elsewhere(world, mallory);
    expectPage(await signInWithPassword(thief), /six digits/i);
    expectPage(
      await thief.browser.submit("/sign-in/second-factor", { code: (await alice.phone?.code()) ?? "" }),
      /./,
      401,
    );
    await thief.browser.open("/sign-in/recovery-code");
    const answer = await thief.browser.submit("/sign-in/recovery-code", { code: alice.codes[0] ?? "" });
    assert([401, 429].includes(answer.status), `${answer.status}`);
    expectPage(await thief.browser.open("/account"), /Sign in/);
    // It is not spent by that: its owner can still use it.
    const own = elsewhere(world, alice);
    await signInWithPassword(own);
    await own.browser.open("/sign-in/recovery-code");
    expectPage(await own.browser.submit("/sign-in/recovery-code", { code: alice.codes[0] ?? "" }), /replacement/);
  });
});
