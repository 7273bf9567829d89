import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe } from "node:test";
import { type Browser, openBrowser } from "../../src/bin/demo/browser.ts";
import { mailCodeIn, expectPage, makePerson, signIn, signInWithPassword, stepUp } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm, openFromStuckScreen } from "../../src/bin/demo/recovery.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import {
  atTheDesk,
  csrfOf,
  DAY,
  elsewhere,
  maintainer,
  newestLink,
  postForm,
  type RawAnswer,
  rawRequest,
  staff,
  stateOf,
  subscriber,
} from "./cast.ts";

/*
 * Attacks on what a browser holds and where it is sent: planted, stolen and copied cookies, forms sent in somebody's
 * name, ways out of the site. (Cookie bombs and forged hosts: bad-input.test.ts. Every form without its token:
 * route-walk.test.ts.)
 */

const cookies = (browser: Browser): Map<string, string> => browser.cookies as Map<string, string>; // the browser's own jar
const PLANTED = "A".repeat(43);

const send = async (
  world: World,
  browser: Browser,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> => {
  const body = new URLSearchParams({ _csrf: await csrfOf(browser), ...fields }).toString();
  return postForm(world, path, body, { browser, headers });
};

describe("cookies", () => {
  story(
    "session fixation: what was planted before a sign-in is nobody's, and showing authenticators again makes it new",
    { seed: "fixation" },
    async (world) => {
      const alice = await subscriber(world, "alice");
      const victim = elsewhere(world, alice);
      const names = ["session", "signin", "case", "staff", "device"].map((name) => `locksmith_${name}`);
      for (const name of names) cookies(victim.browser).set(name, PLANTED);
      expectPage(await signIn(victim), /alice/);
      assert.notEqual(cookies(victim.browser).get("locksmith_session"), PLANTED);
      const mallory = openBrowser(world.origin);
      for (const name of names) cookies(mallory).set(name, PLANTED);
      for (const path of ["/account", "/sign-in/second-factor", "/recovery/case", "/console"])
        assert.notEqual((await rawRequest(world, { path, browser: mallory })).status, 200, path);

      // A copy made before authenticators were shown again does not get what they open.
      const copy = openBrowser(world.origin);
      cookies(copy).set("locksmith_session", cookies(victim.browser).get("locksmith_session") ?? "");
      assert.equal((await rawRequest(world, { path: "/account", browser: copy })).status, 200);
      await world.pass(11 * 60_000);
      expectPage(await victim.browser.open("/account/tokens"), /./);
      await victim.browser.open("/account/confirm");
      await stepUp(victim);
      assert.match(
        String((await rawRequest(world, { path: "/account", browser: copy })).headers["location"]),
        /^\/sign-in/,
      );

      // Signing out ends it for every copy.
      const second = openBrowser(world.origin);
      cookies(second).set("locksmith_session", cookies(victim.browser).get("locksmith_session") ?? "");
      assert.equal((await rawRequest(world, { path: "/account", browser: second })).status, 200);
      assert.equal((await send(world, victim.browser, "/sign-out", {})).status, 303);
      assert.equal((await rawRequest(world, { path: "/account", browser: second })).status, 303);
    },
  );

  story(
    "CSRF login: nobody is signed in to a thief's account by a form from elsewhere, nor with a planted browser cookie",
    { seed: "csrf-login" },
    async (world) => {
      const mallory = await subscriber(world, "mallory");
      const alice = await subscriber(world, "alice");
      const own = await csrfOf(openBrowser(world.origin));
      const thief = openBrowser(world.origin);
      const planted = await csrfOf(thief);
      const fields = { name: "mallory", password: mallory.password };
      const attack = (browser: Browser, token: string, headers: Readonly<Record<string, string>>) =>
        postForm(world, "/sign-in", new URLSearchParams({ _csrf: token, ...fields }).toString(), { browser, headers });

      const victim = openBrowser(world.origin);
      await csrfOf(victim);
      for (const token of [own, planted]) {
        const answer = await attack(victim, token, {});
        assert.equal(answer.status, 403);
        assert.equal(answer.headers["set-cookie"], undefined);
      }
      // A sibling host has planted the thief's browser cookie: the browser itself says where the form comes from.
      cookies(victim).set("locksmith_browser", cookies(thief).get("locksmith_browser") ?? "");
      for (const site of ["cross-site", "same-site"]) {
        const answer = await attack(victim, planted, { "sec-fetch-site": site });
        assert.equal(answer.status, 403, site);
        assert.equal(answer.headers["set-cookie"], undefined);
      }
      // And where Alice is signed in, the thief's token is worth nothing, whatever the browser says.
      expectPage(await signIn(alice), /alice/);
      cookies(alice.browser).set("locksmith_browser", cookies(thief).get("locksmith_browser") ?? "");
      assert.equal((await attack(alice.browser, planted, {})).status, 403);
    },
  );

  story(
    "a stolen case page cookie opens that page and nothing else, for twelve hours at most, and not after leaving",
    { seed: "case-cookie" },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      await world.pass(10 * DAY);
      const lost = elsewhere(world, alice);
      const opened = await openFromStuckScreen(lost);
      await confirmContact(world, lost, opened.number);
      const thief = openBrowser(world.origin);
      cookies(thief).set("locksmith_case", cookies(lost.browser).get("locksmith_case") ?? "");
      expectPage(await thief.open("/recovery/case"), new RegExp(opened.number));
      for (const path of ["/account", "/console", `/console/cases/${opened.number}`, "/sign-in/second-factor"])
        assert.notEqual((await rawRequest(world, { path, browser: thief })).status, 200, path);
      // The page does not show what would open more: neither the case code nor a proof.
      for (const secret of [opened.code, alice.token ?? "", alice.password])
        assert(!thief.page.html.includes(secret), "nothing on the page opens more");
      // Another's case is not reached from it, either.
      const bob = makePerson(world, "bob", "bob@elsewhere.example");
      const other = await openFromForm(bob, { username: "bob", contact: bob.address });
      assert(!(await thief.open("/recovery/case")).text.includes(other.number));

      expectPage(await openCasePage(lost), /./);
      await lost.browser.submit("/recovery/case/leave");
      expectPage(await thief.open("/recovery/case"), /open your case page/i, 401);

      const link = newestLink(world, alice.address, /\/recovery\/open\//);
      await lost.browser.open(link);
      expectPage(await lost.browser.submit(link, { code: opened.code }), new RegExp(opened.number));
      cookies(thief).set("locksmith_case", cookies(lost.browser).get("locksmith_case") ?? "");
      await world.pass(12 * 3600_000 + 1000);
      expectPage(await thief.open("/recovery/case"), /open your case page/i, 401);
      assert.notEqual(await stateOf(world, opened.number), "withdrawn");
    },
  );
});

const AWAY = [
  "https://evil.example/",
  "//evil.example/",
  "/\\evil.example/",
  "/%5cevil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/ /evil.example",
  "/\n/evil.example",
  "javascript:alert(1)",
  "evil.example",
  "///evil.example",
  "/x\r\nset-cookie: a=b",
  `/${"x".repeat(600)}`,
];

describe("ways out of the site", () => {
  story("open redirect: `next` leads to our own pages, at each step and each door", { seed: "next" }, async (world) => {
    const alice = await subscriber(world, "alice");
    const dana = await staff(world, "dana", "reviewer");
    const desk = await atTheDesk(world, dana);
    assert(desk);
    const isOurs = (answer: RawAnswer, what: string): string => {
      const to = String(answer.headers["location"] ?? "/");
      const base = new URL(world.origin);
      assert.equal(new URL(to, base).origin, base.origin, `${what} leads to ${to}`);
      assert(!String(answer.headers["set-cookie"]).includes("a=b"), what);
      return to;
    };
    for (const next of AWAY) {
      await world.pass(6 * 60_000);
      const there = elsewhere(world, alice);
      const first = await send(world, there.browser, "/sign-in", { name: "alice", password: alice.password, next });
      if (first.status !== 303) {
        assert.equal(first.status, 422, next); // control characters and what is too long are no path at all
        continue;
      }
      isOurs(first, next);
      expectPage(await signInWithPassword(there), /six digits/i);
      const code = (await alice.phone?.code()) ?? "";
      const done = await send(world, there.browser, "/sign-in/second-factor", { code, next });
      assert.equal(done.status, 303, done.text.slice(0, 200));
      const question = isOurs(done, next);
      assert.match(question, /^\/sign-in\/new-device/, "a new browser is confirmed first");
      await there.browser.open(question);
      const mail = await world.mailbox.wait(alice.address, /Code to sign in on a new device/);
      const last = await send(world, there.browser, "/sign-in/new-device", { code: mailCodeIn(mail), next });
      assert.equal(last.status, 303, last.text.slice(0, 200));
      assert(["/account", next].includes(isOurs(last, next)), next);
    }
    const there = elsewhere(world, dana);
    for (const next of AWAY.filter((one) => one.includes("evil") && !one.includes("%"))) {
      const query = encodeURIComponent(next);
      for (const path of [
        `/console/sign-in?next=${query}`,
        `/account/confirm?next=${query}`,
        `/sign-in?next=${query}`,
      ]) {
        const seen = await rawRequest(world, { path, browser: there.browser });
        assert(!seen.text.includes("evil.example"), path);
        isOurs(seen, path);
      }
    }
  });

  story(
    "a request line with a whole address, and one with a host that is not ours, stay here",
    { seed: "absolute" },
    async (world) => {
      const { hostname, port } = new URL(world.origin);
      const say = (line: string): Promise<string> =>
        new Promise((resolve, reject) => {
          let heard = "";
          const socket = connect(Number(port), hostname, () =>
            socket.write(`${line} HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n`),
          );
          socket.on("data", (chunk) => {
            heard += chunk.toString("utf8");
          });
          socket.on("error", reject);
          socket.on("close", () => resolve(heard));
        });
      for (const line of [
        "GET http://evil.example/account",
        "GET http://evil.example/../account",
        "GET https://evil.example/sign-in?next=https://evil.example/",
        "GET /account",
        "HEAD http://evil.example/recovery",
        "CONNECT evil.example:443",
        "OPTIONS *",
      ]) {
        const heard = await say(line);
        assert(!heard.includes("evil.example"), `${line}: ${heard.slice(0, 300)}`);
        assert(!heard.startsWith("HTTP/1.1 5"), line);
      }
      assert.equal((await rawRequest(world, { path: "/" })).status, 200);
    },
  );
});
