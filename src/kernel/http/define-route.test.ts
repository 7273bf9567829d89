import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import { defineRefusals } from "../refusal.ts";
import { refuse } from "../result.ts";
import type { Runtime } from "../runtime.ts";
import { defineRoute } from "./define-route.ts";
import { form, line, secretText } from "./input.ts";
import { anyone, type Guard, type Incoming, type RawInput, type Reply, type Route, text } from "./route.ts";

const refusals = defineRefusals("club", { stranger: { status: 401, title: "Members only." } });
const nobody: Guard<null> = {
  name: "nobody",
  authorize: async () => refuse(refusals.stranger()),
  signInAt: (incoming) => (incoming.path === "/plain" ? null : `/sign-in?next=${incoming.path}`),
};

const incoming = (changes: Partial<Incoming> = {}): Incoming => ({
  id: "req_x" as Incoming["id"],
  now: new Date("2026-11-02T09:00:00Z"),
  method: "POST",
  path: "/",
  source: { ip: "192.0.2.1", userAgent: "" },
  cookies: {},
  header: () => undefined,
  csrfToken: "",
  wantsJson: false,
  ...changes,
});
const raw = (changes: Partial<RawInput> = {}): RawInput => ({
  params: {},
  query: {},
  body: {},
  parts: null,
  ...changes,
});
const runtime = {} as Runtime; // no row here looks at it
const run = (route: Route, input: Partial<RawInput> = {}, request: Partial<Incoming> = {}): Promise<Reply> =>
  route.run(runtime, incoming(request), raw(input));
const codeOf = (reply: Reply): string => (reply.kind === "refused" ? reply.refusal.code : reply.kind);

const echo = defineRoute({
  method: "POST",
  path: "/things/:id",
  about: "Says what came.",
  guard: anyone,
  params: z.object({ id: z.string().regex(/^\d+$/, "A number.") }),
  query: z.strictObject({ page: z.string().optional() }),
  body: form({ name: line({ max: 20 }), password: secretText(20) }),
  handle: async (_runtime, { params, query, body }) => text(JSON.stringify([params.id, query.page, body.name])),
});
const good: Partial<RawInput> = { params: { id: "7" }, body: { name: " Al ", password: "x", _csrf: "t" } };

describe("a row of the route table", () => {
  test("gives its handler what the schemas made of the input", async () => {
    const reply = await run(echo, { ...good, query: { page: "2" } });
    assert.equal(reply.kind === "text" && reply.text, '["7","2","Al"]');
  });

  const refused: Readonly<Record<string, readonly [Partial<RawInput>, string]>> = {
    "a parameter of another shape is no page": [{ ...good, params: { id: "seven" } }, "http/not-found"],
    "nor one with control characters": [{ ...good, params: { id: "7", more: "\u0000" } }, "http/not-found"],
    "an unknown query parameter": [{ ...good, query: { admin: "1" } }, "http/bad-input"],
    "a control character in the query": [{ ...good, query: { page: "\u0007" } }, "http/bad-input"],
    "a control character in a repeated query": [{ ...good, query: { page: ["1", "\n"] } }, "http/bad-input"],
    "an unknown field": [{ ...good, body: { name: "a", password: "x", role: "owner" } }, "http/bad-input"],
    "a field twice": [{ ...good, body: { name: ["a", "b"], password: "x" } }, "http/bad-input"],
    "no body": [{ ...good, body: undefined }, "http/bad-input"],
    "a body that is no form": [{ ...good, body: "name=a" }, "http/bad-input"],
  };
  for (const [what, [input, code]] of Object.entries(refused))
    test(what, async () => assert.equal(codeOf(await run(echo, input)), code));

  test("names each field that is wrong, and shortens names that a stranger chose", async () => {
    const long = "x".repeat(500);
    const reply = await run(echo, { ...good, body: { name: "", [long]: "1" } });
    assert(reply.kind === "refused");
    assert.deepEqual(reply.refusal.fields, {
      name: "Please fill this in.",
      password: "Please send this field once, as text.",
      [long.slice(0, 64)]: "This field is not one we know.",
    });
  });

  test("asks who it is before it looks at the input", async () => {
    const closed = defineRoute({ ...plain("POST"), guard: nobody, body: form({ name: line({ max: 5 }) }) });
    const bad = { body: { name: "far too long for it" } };
    assert.deepEqual(await run(closed, bad, { path: "/x" }), { kind: "redirect", to: "/sign-in?next=/x" });
    assert.equal(codeOf(await run(closed, bad, { path: "/plain" })), "club/stranger");
    assert.equal(codeOf(await run(closed, bad, { wantsJson: true })), "club/stranger", "a program is not redirected");
  });

  test("limits bodies: nearly nothing for a page, a form's worth for a form, or as said", () => {
    assert.equal(defineRoute(plain("GET")).bodyLimit, 1024);
    assert.equal(echo.bodyLimit, 64 * 1024);
    assert.equal(defineRoute({ ...plain("POST"), bodyLimit: 7 }).bodyLimit, 7);
    assert.equal(echo.accepts, "form");
    assert.equal(echo.csrf, "form");
    assert.equal(echo.who, "anyone");
  });
});

const plain = <M extends "GET" | "POST">(method: M) => ({
  method,
  path: "/x",
  about: "Nothing.",
  guard: anyone,
  handle: async () => text("done"),
});

describe("a form that is shown again", () => {
  const shown = defineRoute({
    ...plain("POST"),
    body: form({ name: line({ max: 5 }), password: secretText(5) }),
    invalid: async (_runtime, _request, invalid) => text(JSON.stringify(invalid)),
  });

  test("has what was typed, but nothing secret, nothing twice, and nothing endless", async () => {
    const sent = {
      name: "n".repeat(9000),
      password: "p",
      totpCode: "123456",
      apiToken: "lks_x",
      _csrf: "c",
      signature: "s",
      list: ["a"],
    };
    const reply = await run(shown, { body: sent });
    assert(reply.kind === "text");
    const { values } = JSON.parse(reply.text) as { values: Record<string, string> }; // written above
    assert.deepEqual(Object.keys(values), ["name"]);
    assert.equal(values["name"]?.length, 4096);
  });

  test("a program gets the refusal in its place", async () => {
    assert.equal(codeOf(await run(shown, { body: { name: "too long" } }, { wantsJson: true })), "http/bad-input");
  });
});
