import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe } from "node:test";
import { openBrowser } from "../../src/bin/demo/browser.ts";
import type { Route } from "../../src/kernel/http/index.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";
import { csrfOf, forgetAttempts, postForm, rawRequest, tables } from "./cast.ts";
import { BUTTONS, FIELDS, QUOTES } from "./forms.ts";
import { allowed, setStage, type Stage } from "./stage.ts";

/*
 * Whatever is sent, the answer is a clear 4xx, nothing is half-written, and nothing in the log says that a request
 * failed (the world checks that at its end). Each form starts from fields that are well-formed but lead nowhere.
 */

const DEMO = { policyFile: "policy/demo.json" };
const name = (route: Route): string => `${route.method} ${route.path}`;
const encode = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();

/** Codes are read past invisible marks, which come along when they are copied (typed.test.ts). */
const CODES = /code$/;

/** Bodies that no form may take, by what is wrong with them. */
function* badBodies(csrf: string, fields: Readonly<Record<string, string>>): Generator<readonly [string, string]> {
  const good = `${encode({ _csrf: csrf, ...fields })}`;
  yield ["an unknown field", `${good}&isAdmin=true`];
  yield ["a prototype", `${good}&__proto__=1`];
  yield ["a prototype's field", `${good}&__proto__[isAdmin]=1`];
  yield ["a constructor", `${good}&constructor=1&constructor[prototype][isAdmin]=1`];
  yield ["brackets", `${good}&a[b][c]=1`];
  yield ["a field without a name", `${good}&=1`];
  yield ["a broken escape", `${good}&x=%zz`];
  yield ["bytes that are not UTF-8", `${good}&x=%ff%fe`];
  yield ["ten thousand fields", `${good}${"&a=1".repeat(10_000)}`];
  for (const field of Object.keys(fields)) {
    const others = encode({
      _csrf: csrf,
      ...Object.fromEntries(Object.entries(fields).filter(([one]) => one !== field)),
    });
    const value = encodeURIComponent(fields[field] ?? "");
    yield [`${field} twice`, `${others}&${field}=${value}&${field}=${value}`];
    yield [`${field} as a list`, `${others}&${field}[]=${value}&${field}[]=x`];
    yield [`${field} as an object`, `${others}&${field}[a]=${value}`];
    yield [`${field} over-long`, `${others}&${field}=${"x".repeat(20_000)}`];
    yield [`${field} with NUL`, `${others}&${field}=${value}%00`];
    yield [`${field} with an escape sequence`, `${others}&${field}=${value}%1b%5b31m`];
    if (!QUOTES.test(field) && !CODES.test(field))
      yield [`${field} turned round`, `${others}&${field}=${value}%e2%80%ae`];
    yield [`${field} not in UTF-8`, `${others}&${field}=${value}%c3%28`];
    yield [`${field} with a broken escape`, `${others}&${field}=${value}%e`];
    yield [`${field} with half a pair`, `${others}&${field}=${value}%ed%a0%80`];
  }
}

const actorOf = (stage: Stage, route: Route) => {
  const actor = [...allowed(route)].find((one) => one !== "API token") ?? "stranger";
  return stage.browsers[actor];
};

const clean = (status: number): boolean => status >= 400 && status < 500;

describe("bad input", () => {
  story(
    "every form refuses fields that are unknown, doubled, nested, over-long, or not text",
    { ...DEMO, seed: "bad-forms" },
    async (world) => {
      const stage = await setStage(world);
      const forms = world.routes.filter((one) => one.method === "POST" && one.csrf === "form");
      for (const route of forms) {
        const fields = BUTTONS.has(route.path) ? {} : FIELDS[route.path];
        assert(fields, `this test has no fields for ${name(route)}`);
        const browser = actorOf(stage, route);
        const csrf = await csrfOf(browser);
        const before = await tables(world);
        for (const [what, body] of badBodies(csrf, fields)) {
          await forgetAttempts(world);
          const answer = await postForm(world, stage.pathOf(route), body, { browser });
          assert(clean(answer.status), `${name(route)} took ${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
          assert(!answer.text.includes(" at ") || !/\.ts:\d+/.test(answer.text), "no stack is shown");
        }
        assert.deepEqual(await tables(world), before, `${name(route)} wrote something`);
      }
    },
  );

  story("every form refuses other content types and too much", { ...DEMO, seed: "bad-types" }, async (world) => {
    const stage = await setStage(world);
    const before = await tables(world);
    for (const route of world.routes.filter((one) => one.method === "POST" && one.csrf === "form")) {
      await forgetAttempts(world);
      const browser = actorOf(stage, route);
      const csrf = await csrfOf(browser);
      const path = stage.pathOf(route);
      const fields = { _csrf: csrf, ...FIELDS[route.path] };
      const large = await postForm(world, path, `${encode(fields)}&x=${"y".repeat(route.bodyLimit)}`, { browser });
      assert.equal(large.status, 413, `${name(route)} took more than its limit`);
      const bodies: readonly [string, string][] = [
        ["application/json", JSON.stringify(fields)],
        ["application/json", '{"__proto__":{"a":1}}'],
        ["application/json", "{"],
        ["text/plain", encode(fields)],
        ["application/xml", "<a/>"],
        [
          "multipart/form-data; boundary=x",
          `--x\r\ncontent-disposition: form-data; name="_csrf"\r\n\r\n${csrf}\r\n--x--\r\n`,
        ],
        ["", encode(fields)],
        ["application/x-www-form-urlencoded; charset=utf-16", encode(fields)],
      ];
      for (const [type, body] of bodies) {
        const headers = {
          ...(type === "" ? {} : { "content-type": type }),
          "content-length": String(Buffer.byteLength(body)),
        };
        const answer = await rawRequest(world, { method: "POST", path, browser, headers, body });
        assert(clean(answer.status), `${name(route)} took ${type || "no type"}: ${answer.status}`);
      }
    }
    assert.deepEqual(await tables(world), before);
  });

  story("no parameter or query leads anywhere it should not", { ...DEMO, seed: "bad-paths" }, async (world) => {
    const stage = await setStage(world);
    const before = await tables(world);
    const values = [
      "..%2f..%2f..%2fetc%2fpasswd",
      "%2e%2e%2f%2e%2e%2fpackage.json",
      "..",
      "%00",
      "a%00b",
      "%ff",
      "%c3%28",
      "%zz",
      "__proto__",
      "constructor",
      "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
      "x".repeat(600),
      "%ed%a0%80",
      "%0d%0aset-cookie:%20a=b",
      "%5c%5cevil.example%5cx",
      "1%27%20or%20%271%27=%271",
      "%F0%9F%92%A5",
    ];
    for (const route of world.routes) {
      const browser = actorOf(stage, route);
      for (const parameter of route.path.match(/:[a-z0-9]+/gi) ?? []) {
        const real = stage.pathOf(route).split("/");
        const at = route.path.split("/").indexOf(parameter);
        for (const value of values) {
          await forgetAttempts(world);
          const path = real.with(at, value).join("/");
          const body =
            route.csrf === "form" && route.method === "POST"
              ? encode({ _csrf: await csrfOf(browser), ...FIELDS[route.path] })
              : "";
          const answer =
            route.method === "GET"
              ? await rawRequest(world, { path, browser })
              : await postForm(world, path, body, { browser });
          assert(
            clean(answer.status) || answer.status === 301 || answer.status === 303,
            `${route.method} ${path.slice(0, 120)}: ${answer.status}`,
          );
          if (answer.status < 400) assert.match(String(answer.headers["location"]), /^\/[a-z]/, `${path} leads away`);
          assert.equal(answer.headers["set-cookie"]?.toString().includes("a=b") ?? false, false);
          assert(!answer.text.includes("<script>alert"), `${path} is echoed`);
          assert(!/root:x:0|"devDependencies"/.test(answer.text), `${path} reads files`);
        }
      }
    }
    const queries = [
      "next=//evil.example",
      "next=/%5cevil.example",
      "next=https://evil.example",
      "next=/a&next=/b",
      "next[]=/a",
      "page=-1",
      "page=1e9",
      "page=NaN",
      "search=%00",
      "search=%ff",
      "search=%25%5F",
      "lane=__proto__",
      "lane[]=us",
      "before=-1",
      "before=99999999999999999999",
      "to=%00",
      "__proto__=1",
      "a".repeat(5000),
      "%zz=1",
    ];
    for (const route of world.routes.filter((one) => one.method === "GET")) {
      const browser = actorOf(stage, route);
      for (const query of queries) {
        const answer = await rawRequest(world, { path: `${stage.pathOf(route)}?${query}`, browser });
        assert(answer.status < 500, `GET ${route.path}?${query.slice(0, 60)}: ${answer.status}`);
        assert(!answer.text.includes("evil.example"), `GET ${route.path}?${query} keeps the way out`);
      }
    }
    for (const path of [
      "/assets/../package.json",
      "/assets/..%2fpackage.json",
      "/assets/%2e%2e/%2e%2e/package.json",
      "/assets/",
      "/assets",
      "/assets/%00",
      "//evil.example/",
      "/\\evil.example",
      "/./account",
      "/account/",
      "/ACCOUNT",
      "/%",
    ]) {
      const answer = await rawRequest(world, { path });
      assert(clean(answer.status), `${path}: ${answer.status}`);
      assert(!answer.text.includes("devDependencies"));
    }
    assert.deepEqual(await tables(world), before);
  });

  story("headers too large, forged, or broken", { ...DEMO, seed: "bad-headers" }, async (world) => {
    await headersTooLarge(world);
    await brokenBytes(world);
    await forgedHosts(world);
  });
});

async function headersTooLarge(world: World): Promise<void> {
  const large = await rawRequest(world, { path: "/", headers: { "x-large": "y".repeat(17 * 1024) } });
  assert.equal(large.status, 431);
  const bomb = Array.from(
    { length: 300 },
    (_, at) => `locksmith_c${"abcdefghij"[at % 10] ?? ""}${at}=${"z".repeat(60)}`,
  ).join("; ");
  assert.equal((await rawRequest(world, { path: "/", headers: { cookie: bomb } })).status, 431);
  const odd = [
    "locksmith_session=; locksmith_session=x",
    "locksmith_session=%00; ;;;=;a",
    `locksmith_session=${"\u00ff".repeat(40)}`,
    "__proto__=1; locksmith___proto__=1; constructor=1",
    `locksmith_case=${"z".repeat(8000)}`,
  ];
  for (const cookie of odd) {
    for (const path of ["/", "/account", "/recovery/case", "/console", "/sign-in/second-factor"]) {
      const answer = await rawRequest(world, {
        path,
        headers: { cookie: Buffer.from(cookie, "latin1").toString("latin1") },
      });
      assert(answer.status < 500, `${path} with the cookie ${cookie.slice(0, 40)}: ${answer.status}`);
      if (path !== "/") assert.notEqual(answer.status, 200, `${path} opened with ${cookie.slice(0, 40)}`);
    }
  }
  for (const authorization of [
    "Basic",
    "Basic ====",
    "Bearer ",
    `Basic ${"A".repeat(8000)}`,
    "Basic OnB3",
    "Digest a=b",
    `Bearer lks_${"0".repeat(500)}`,
  ]) {
    const answer = await rawRequest(world, {
      method: "POST",
      path: "/legacy/",
      headers: { authorization, "content-type": "multipart/form-data; boundary=x" },
      body: "--x--\r\n",
    });
    assert(clean(answer.status), `${authorization.slice(0, 30)}: ${answer.status}`);
  }
}

/** Bytes that are no HTTP, or two requests in one: the connection ends, the server does not. */
async function brokenBytes(world: World): Promise<void> {
  const { hostname, port } = new URL(world.origin);
  const say = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let heard = "";
      socket.on("data", (chunk) => {
        heard += chunk.toString("latin1");
        socket.end();
      });
      socket.on("error", () => resolve(heard));
      socket.on("close", () => resolve(heard));
    });
  const head = "Host: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
  for (const text of [
    "NONSENSE\r\n\r\n",
    "GET /\u0000 HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    `POST /sign-in HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /account HTTP/1.1\r\nHost: x\r\n\r\n`,
    `POST /sign-in HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`,
    `POST /sign-in HTTP/1.1\r\n${head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde`,
    `POST /sign-in HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  ]) {
    assert.match(await say(text), /^HTTP\/1\.1 4\d\d /, JSON.stringify(text.slice(0, 60)));
  }
  assert.equal((await rawRequest(world, { path: "/" })).status, 200);
}

/** Links in pages and mails come from the configured address only. */
async function forgedHosts(world: World): Promise<void> {
  const forged = {
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-for": "203.0.113.99",
    "x-forwarded-proto": "gopher",
    "x-forwarded-prefix": "//evil.example",
    forwarded: "for=203.0.113.99;host=evil.example",
    "x-real-ip": "203.0.113.99",
    "x-original-url": "/console",
    "x-rewrite-url": "/console",
    "x-http-method-override": "DELETE",
    origin: "https://evil.example",
    referer: "https://evil.example/",
  };
  for (const route of world.routes.filter(
    (one) => one.method === "GET" && one.who === "anyone" && !one.path.includes(":"),
  )) {
    const answer = await rawRequest(world, { path: route.path, headers: forged });
    assert(
      !answer.text.includes("evil.example") && !JSON.stringify(answer.headers).includes("evil.example"),
      `GET ${route.path} repeats a forged host`,
    );
  }
  const browser = openBrowser(world.origin);
  const csrf = await csrfOf(browser);
  const posts = [
    [
      "/register",
      encode({
        _csrf: csrf,
        username: "harry",
        address: "harry@harry.example",
        password: "amber-bridge-copper-delta-77",
      }),
    ],
    [
      "/recovery",
      encode({ _csrf: csrf, username: "harry", contact: "harry@harry.example", cause: "other", story: "" }),
    ],
  ] as const;
  for (const [path, body] of posts) {
    const answer = await postForm(world, path, body, {
      browser,
      headers: { ...forged, "sec-fetch-site": "same-origin" },
    });
    assert(answer.status < 400, `${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert(!answer.text.includes("evil.example") && !JSON.stringify(answer.headers).includes("evil.example"));
  }
  await world.settle();
  assert.equal(world.sent.length, 2);
  for (const mail of world.sent) {
    assert(!`${mail.text}${mail.html}`.includes("evil.example"), `“${mail.subject}” has a forged link`);
    for (const link of mail.text.match(/https?:\/\/[^\s/]+/g) ?? []) assert.equal(link, world.origin);
  }
  const { rows } = await world.runtime.db.pool.query<{ found: string }>(
    "select count(*) as found from audit_events where personal::text like '%203.0.113.99%'",
  );
  assert.equal(Number(rows[0]?.found), 0, "the log has the connection's address");
}
