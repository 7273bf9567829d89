import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { testRandom } from "../../../test/world/runtime.ts";
import { makeKeyFile, makeKeyring } from "../crypto/keyring.ts";
import { defineRefusals } from "../refusal.ts";
import { cookieName, readCookies } from "./cookies.ts";
import { csrfToken, isCsrfTokenValid, isSameSite } from "./csrf.ts";
import { toProblem } from "./problem.ts";

const random = testRandom("forgery");
const old = makeKeyFile(random);
const young = makeKeyFile(random);
const keys = makeKeyring(old);
const BOUND = ["browser", "session", "staff", "signin", "case"] as const;

describe("the token of a form", () => {
  test("is good for the browser and the sessions it was made for, and for no others", () => {
    const values = fc.string({ unit: fc.constantFrom("a", "b", "-", "_"), maxLength: 4 });
    const holders = fc.dictionary(fc.constantFrom(...BOUND), values);
    const same = (one: object, other: object) =>
      BOUND.every((name) => (Reflect.get(one, name) ?? "") === (Reflect.get(other, name) ?? ""));
    fc.assert(
      fc.property(holders, holders, (mine, theirs) => {
        const token = csrfToken(keys, mine);
        assert(isCsrfTokenValid(keys, mine, token));
        assert.equal(isCsrfTokenValid(keys, theirs, token), same(mine, theirs));
      }),
    );
  });

  test("other cookies of ours do not change it", () => {
    assert.equal(csrfToken(keys, { browser: "b", notice: "seen" }), csrfToken(keys, { browser: "b" }));
  });

  test("made under the key of before it is still good, under a foreign key it is not", () => {
    const rotated = makeKeyring({ current: young.current, keys: { ...old.keys, ...young.keys } });
    assert(isCsrfTokenValid(rotated, { browser: "b" }, csrfToken(keys, { browser: "b" })));
    assert(!isCsrfTokenValid(makeKeyring(young), { browser: "b" }, csrfToken(keys, { browser: "b" })));
  });

  test("nothing, half of it, and noise are refused without an exception", () => {
    const good = csrfToken(keys, { browser: "b" });
    for (const token of ["", good.slice(0, -4), `${good}AAAA`, "*", "\u0000", "é".repeat(43)])
      assert(!isCsrfTokenValid(keys, { browser: "b" }, token), JSON.stringify(token));
  });

  test("what the browser calls cross-site is not ours; clients that do not say are let through", () => {
    for (const said of [undefined, "same-origin", "none"]) assert(isSameSite(said), String(said));
    for (const said of ["cross-site", "same-site", "", "Same-Origin "]) assert(!isSameSite(said), said);
  });
});

describe("our cookies", () => {
  test("carry the __Host- prefix on https, and only then count with it", () => {
    assert.equal(cookieName("session", true), "__Host-locksmith_session");
    assert.equal(cookieName("session", false), "locksmith_session");
    const sent = { "__Host-locksmith_session": "tied", locksmith_session: "planted by a neighbour", other: "x" };
    assert.deepEqual(readCookies(sent, true), { session: "tied" });
    assert.deepEqual(readCookies(sent, false), { session: "planted by a neighbour" });
    assert.deepEqual(readCookies({ locksmith_session: "planted by a neighbour" }, true), {});
  });

  test("names that are nearly ours are not", () => {
    const sent = Object.fromEntries(
      ["locksmith_", "locksmith_SESSION", "xlocksmith_session", "locksmith_session2", "__host-locksmith_session"].map(
        (name) => [name, "x"],
      ),
    );
    assert.deepEqual(readCookies({ ...sent, locksmith_case: undefined }, false), {});
  });
});

describe("a problem document", () => {
  const refusals = defineRefusals("shop", { sold: { status: 409, title: "It is sold." } });

  test("names code, status, sentence and the request it happened in (RFC 9457 §3.1)", () => {
    assert.deepEqual(toProblem(refusals.sold(), "req_1"), {
      type: "urn:locksmith:refusal:shop/sold",
      title: "It is sold.",
      status: 409,
      instance: "urn:locksmith:request:req_1",
    });
  });

  test("has detail and fields where there are some, and never who may learn it", () => {
    const problem = toProblem(refusals.sold({ detail: "On Monday.", fields: { item: "Sold." } }), "req_2");
    assert.equal(problem.detail, "On Monday.");
    assert.deepEqual(problem.errors, { item: "Sold." });
    assert(!("tell" in problem));
  });
});
