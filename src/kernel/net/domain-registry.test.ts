import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type RegisteredDomain, serveRegistry } from "../../../test/world/rdap-server.ts";
import { createRdapLookup, readRegistration } from "./domain-registry.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";

const REGISTERED = new Date("2019-03-04T05:06:07.000Z");
const registry: Readonly<Record<string, RegisteredDomain>> = {
  "example.org": {
    registeredAt: REGISTERED,
    expiresAt: new Date("2027-03-04T05:06:07.000Z"),
    transferredAt: new Date("2024-01-01T00:00:00.000Z"),
    status: ["client transfer prohibited", "active"],
  },
  "ending.org": { registeredAt: REGISTERED, status: ["Redemption Period"] },
  "deleted.org": { registeredAt: REGISTERED, status: ["pending delete", "inactive"] },
  "elsewhere.org": { registeredAt: REGISTERED },
};

const open = async (t: { after(work: () => Promise<void>): void }) => {
  const server = await serveRegistry(() => registry, ["elsewhere.org"]);
  t.after(() => server.close());
  const fetch = createGuardedFetch({
    allowPrivate: [`http://127.0.0.1/32:${server.url.port}`],
    limits: { timeoutMs: 300, headersTimeoutMs: 300 },
  });
  return { server, look: createRdapLookup({ base: server.url, fetch, pauseMs: 0 }) };
};

describe("what a registry says of a domain, asked by RDAP", () => {
  test("dates and states, of the name itself or the registered one above, also where it leads on", async (t) => {
    const { server, look } = await open(t);
    assert.deepEqual(await look("example.org"), {
      name: "example.org",
      registeredAt: REGISTERED,
      expiresAt: new Date("2027-03-04T05:06:07.000Z"),
      transferredAt: new Date("2024-01-01T00:00:00.000Z"),
      isEnding: false,
    });
    assert.equal((await look("mail.cs.example.org"))?.name, "example.org");
    assert.deepEqual(server.asked.slice(1), ["mail.cs.example.org", "cs.example.org", "example.org"]);
    assert.equal((await look("ending.org"))?.isEnding, true);
    assert.equal((await look("deleted.org"))?.isEnding, true);
    assert.deepEqual((await look("elsewhere.org"))?.registeredAt, REGISTERED);
    assert.equal(await look("unknown.org"), null, "the registry may just not know it");
    assert(!server.asked.includes("org"));
  });

  test("a registry that is away, busy, or talks of something else says nothing, and is soon asked no more", async (t) => {
    for (const [how, most] of [
      ["failing", 3],
      ["silent", 3],
      ["busy", 1],
      ["page", 9],
      ["about another", 9],
    ] as const) {
      const { server, look } = await open(t);
      server.behave(how);
      for (let count = 0; count < 5; count += 1) assert.equal(await look("example.org"), null, how);
      assert(server.asked.length <= most, `${how}: asked ${server.asked.length} times`);
    }
    const { server, look } = await open(t);
    await server.close();
    assert.equal(await look("example.org"), null);
  });

  test("whatever is answered is read or is nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read = readRegistration("example.org", JSON.stringify(value));
        assert.equal(read, null);
      }),
    );
    const of = (events: readonly unknown[]) =>
      readRegistration("example.org", JSON.stringify({ objectClassName: "domain", ldhName: "Example.ORG.", events }));
    const event = (eventAction: string, eventDate?: string) => ({ eventAction, eventDate });
    assert.equal(of([event("registration", "yesterday"), event("registration")])?.registeredAt, null);
    assert.deepEqual(
      of([event("registration", "2001-02-03T00:00:00Z"), event("Reregistration", "2026-02-03T00:00:00Z")])
        ?.registeredAt,
      new Date("2026-02-03T00:00:00Z"),
    );
    assert.equal(of([{}]), null);
  });
});
