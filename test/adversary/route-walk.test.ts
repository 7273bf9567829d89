import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Route } from "../../src/kernel/http/index.ts";
import { story } from "../world/story.ts";
import { actsSince, csrfOf, forgetAttempts, lastSeq, postForm, type RawAnswer, rawRequest, tables } from "./cast.ts";
import { type Actor, ACTORS, allowed, setStage, type Stage } from "./stage.ts";

/*
 * The adversary walks the route table: every row, with everybody who has no business there. What is tested is not a list
 * of pages that somebody remembered, but whatever the application serves.
 */

const DEMO = { policyFile: "policy/demo.json" };
const SIGN_IN = /^\/(?:sign-in|console\/sign-in|account\/confirm)(?:$|[/?])/;
const name = (route: Route): string => `${route.method} ${route.path}`;

/** One request of an actor for a row; a form carries the right token and a field that no form has. */
async function knock(stage: Stage, route: Route, actor: Actor): Promise<RawAnswer> {
  const { world } = stage;
  const browser = stage.browsers[actor];
  const path = stage.pathOf(route);
  const headers = stage.headersOf(actor);
  if (route.method === "GET") return rawRequest(world, { path, browser, headers });
  if (route.accepts === "multipart-stream") {
    const type = { "content-type": "multipart/form-data; boundary=x" };
    return rawRequest(world, { method: "POST", path, browser, headers: { ...headers, ...type }, body: "--x--\r\n" });
  }
  if (route.csrf === "none") return rawRequest(world, { method: "POST", path, browser, headers });
  return postForm(world, path, `_csrf=${await csrfOf(browser)}&no-form-has-this=1`, { browser, headers });
}

/** Refused, or sent to where one becomes somebody who may: for an account without a second factor that is its setup. */
function isTurnedAway(route: Route, answer: RawAnswer): boolean {
  if ([401, 403, 404].includes(answer.status)) return true;
  const to = String(answer.headers["location"]);
  return (
    answer.status === 303 && (SIGN_IN.test(to) || (to === "/account/setup" && route.who !== "subscriber in setup"))
  );
}

describe("walking the route table", () => {
  story(
    "a row lets in those it names, and nobody else; who is turned away changes nothing",
    { ...DEMO, seed: "walk-who" },
    async (world) => {
      const stage = await setStage(world);
      for (const route of world.routes.filter((one) => one.who !== "anyone")) {
        const welcome = allowed(route);
        const before = await tables(world);
        for (const actor of ACTORS.filter((one) => !welcome.has(one))) {
          await forgetAttempts(world); // they share an address, and with it the limits of strangers
          const answer = await knock(stage, route, actor);
          assert(
            isTurnedAway(route, answer),
            `${name(route)} answered ${answer.status} to ${actor}: ${answer.text.slice(0, 200)}`,
          );
          assert(!answer.text.includes(stage.caseNumber), `${name(route)} tells ${actor} of a case`);
        }
        assert.deepEqual(await tables(world), before, `${name(route)} changed something for somebody who may not`);
        // Whoever may is let as far as the form, which then refuses the unknown field.
        for (const actor of welcome) {
          await forgetAttempts(world);
          const answer = await knock(stage, route, actor);
          // Somebody who has an app already is led back from the form for the first one.
          const isDone = route.path === "/account/setup/totp" && answer.headers["location"] === "/account/setup";
          const isIn =
            isDone ||
            (route.method === "GET"
              ? !isTurnedAway(route, answer) && answer.status < 400
              : answer.status === 400 || answer.status === 422);
          assert(isIn, `${name(route)} answered ${answer.status} to ${actor}: ${answer.text.slice(0, 300)}`);
        }
        assert.deepEqual(await tables(world), before, `${name(route)} took a form with an unknown field`);
      }
    },
  );

  story(
    "every form is refused without its token, with another browser's, and from another site",
    { ...DEMO, seed: "walk-csrf" },
    async (world) => {
      const stage = await setStage(world);
      const foreign = await csrfOf(stage.browsers.stranger);
      const forms = world.routes.filter((one) => one.method === "POST" && one.csrf === "form");
      assert(forms.length > 30, "the table has its forms");
      const before = await tables(world);
      for (const route of forms) {
        await forgetAttempts(world);
        const actor = [...allowed(route)].find((one) => one !== "stranger" && one !== "API token");
        assert(actor);
        const browser = stage.browsers[actor];
        const own = await csrfOf(browser);
        const attempts: readonly [string, string, Record<string, string>][] = [
          ["no token", "a=1", {}],
          ["an empty token", "_csrf=", {}],
          ["another browser's token", `_csrf=${foreign}`, {}],
          ["a token cut short", `_csrf=${own.slice(0, -1)}`, {}],
          ["the token twice", `_csrf=${own}&_csrf=${own}`, {}],
          ["a cross-site form", `_csrf=${own}`, { "sec-fetch-site": "cross-site" }],
          ["a form of a sibling host", `_csrf=${own}`, { "sec-fetch-site": "same-site" }],
        ];
        for (const [what, body, headers] of attempts) {
          const answer = await postForm(world, stage.pathOf(route), body, {
            browser,
            headers: { accept: "application/json", ...headers },
          });
          assert.equal(answer.status, 403, `${name(route)} with ${what}: ${answer.text.slice(0, 200)}`);
          assert.match(answer.text, /http\/forged-form/, `${name(route)} with ${what}`);
        }
      }
      assert.deepEqual(await tables(world), before);
    },
  );

  story(
    "a form without CSRF protection is not authenticated by a cookie",
    { ...DEMO, seed: "walk-none" },
    async (world) => {
      const open = world.routes
        .filter((one) => one.method === "POST" && one.csrf === "none")
        .map((one) => `${one.path} for ${one.who}`);
      assert.deepEqual(open.toSorted(), [
        "/_/oidc/mint-token for anyone",
        "/legacy for API token",
        "/legacy/ for API token",
        "/recovery/proof/api-token/:challenge for anyone",
        "/recovery/proof/trusted-publisher/:challenge for anyone",
      ]);
    },
  );

  story(
    "looking never changes anything: every page, by everybody who may, three times, with GET and HEAD",
    { ...DEMO, seed: "walk-get" },
    async (world) => {
      const stage = await setStage(world);
      const before = await tables(world);
      const seq = await lastSeq(world);
      for (const route of world.routes.filter((one) => one.method === "GET")) {
        for (const actor of allowed(route)) {
          const [browser, headers, path] = [stage.browsers[actor], stage.headersOf(actor), stage.pathOf(route)];
          const first = await rawRequest(world, { path, browser, headers });
          assert(first.status < 400, `${name(route)} for ${actor}: ${first.status} ${first.text.slice(0, 200)}`);
          const second = await rawRequest(world, { path, browser, headers });
          const head = await rawRequest(world, { method: "HEAD", path, browser, headers });
          assert.equal(second.status, first.status, `${name(route)} twice`);
          assert.equal(head.status, first.status, `HEAD ${route.path}`);
          assert.equal(head.text, "");
        }
      }
      await world.settle();
      assert.deepEqual(await tables(world), before);
      const acts = new Set(await actsSince(world, seq));
      const views = ["console/case-viewed", "console/file-read"];
      assert.deepEqual([...acts].sort(), views, "only the desk's views of a case and its files are on the log");
    },
  );

  story("other methods are not there", { ...DEMO, seed: "walk-methods" }, async (world) => {
    const stage = await setStage(world);
    const before = await tables(world);
    const posts = new Set(world.routes.filter((one) => one.method === "POST").map((one) => one.path));
    const gets = new Set(world.routes.filter((one) => one.method === "GET").map((one) => one.path));
    for (const route of world.routes) {
      const actor = [...allowed(route)].at(-1) ?? "stranger";
      const others = [
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "PROPFIND",
        ...(posts.has(route.path) ? [] : ["POST"]),
        ...(gets.has(route.path) ? [] : ["GET", "HEAD"]),
      ];
      for (const method of others) {
        const answer = await rawRequest(world, {
          method,
          path: stage.pathOf(route),
          browser: stage.browsers[actor],
          headers: stage.headersOf(actor),
        });
        assert([404, 405].includes(answer.status), `${method} ${route.path} answered ${answer.status}`);
        assert(!answer.text.includes("__token__"), "nothing is echoed");
      }
    }
    assert.deepEqual(await tables(world), before);
  });

  story(
    "every row says what it is for and what it takes, and no two are the same",
    { seed: "walk-table" },
    async (world) => {
      const seen = new Set<string>();
      for (const route of world.routes) {
        assert(!seen.has(name(route)), `${name(route)} is there twice`);
        seen.add(name(route));
        assert.match(route.about, /^[A-Z"“].{9,200}[.]$/s, `${name(route)} is described in a sentence: ${route.about}`);
        assert(allowed(route).size > 0);
        assert(route.bodyLimit > 0, `${name(route)} has a limit`);
        if (route.files.length > 0) assert.equal(`${route.accepts} ${route.csrf}`, "form form", name(route));
        const most = (route.files.length > 0 ? 1024 + 64 : 64) * 1024; // a file comes in memory, so it is small
        if (route.accepts !== "multipart-stream")
          assert(route.bodyLimit <= most, `${name(route)} takes ${route.bodyLimit} bytes`);
        if (route.method === "GET") assert.equal(route.accepts, "nothing");
        const isUnauthenticated = route.who === "anyone" || route.who.includes("second factor to come");
        if (route.method === "POST" && isUnauthenticated) assert(route.limit, `${name(route)} is limited by network`);
        if (route.method === "POST" && !route.path.startsWith("/recovery/proof"))
          assert.notEqual(route.accepts, "nothing", `${name(route)} says what it reads`);
      }
    },
  );
});
