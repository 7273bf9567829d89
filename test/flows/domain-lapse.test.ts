import assert from "node:assert/strict";
import { describe } from "node:test";
import { checkMailDomains, findAccountByName } from "../../src/accounts/index.ts";
import { expectPage, linkIn, type Person, signIn } from "../../src/bin/demo/person.ts";
import { createMailDomainLookup } from "../../src/kernel/net/mail-domain.ts";
import { fetchExceptions } from "../../src/app/config.ts";
import { createRdapLookup } from "../../src/kernel/net/domain-registry.ts";
import { createGuardedFetch } from "../../src/kernel/net/guarded-fetch.ts";
import { DAY, elsewhere, pressAtAddress, subscriber } from "../adversary/cast.ts";
import { type Name, type NameServer, serveNames } from "../world/name-server.ts";
import { type RdapServer, type RegisteredDomain, serveRegistry } from "../world/rdap-server.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

const night = (world: World, server: NameServer, registry?: RdapServer) =>
  checkMailDomains(
    world.runtime,
    {
      askMail: createMailDomainLookup({ servers: [server.address], timeoutMs: 300 }),
      askRegistry: registry
        ? createRdapLookup({
            base: registry.url,
            fetch: createGuardedFetch({
              allowPrivate: fetchExceptions(registry.url),
              limits: { timeoutMs: 300, headersTimeoutMs: 300 },
            }),
            pauseMs: 0,
          })
        : null,
    },
    world.time.now(),
  );

const signsIn = async (world: World, name: string): Promise<boolean> =>
  (await findAccountByName(world.runtime.db, name)) !== null;

async function addSecond(world: World, person: Person, address: string): Promise<void> {
  await person.browser.open("/account/addresses");
  await person.browser.submit("/account/addresses", { address });
  const link = linkIn(await world.mailbox.wait(address, /Confirm your address/), /\/confirm-address\//);
  await person.browser.open(link);
  expectPage(await person.browser.submit(link), /address is confirmed/i);
}

describe("a mail domain that lapses", () => {
  story(
    "after three bad nights its addresses no longer count; the owner hears of it elsewhere and confirms anew",
    { seed: "lapse" },
    async (world) => {
      const zone: Record<string, Name> = {
        "old-club.org": { mx: ["mx.old-club.org"] },
        "second-home.org": { mx: ["mx.second-home.org"] },
      };
      const server = await serveNames(() => zone);
      try {
        const alice = await subscriber(world, "alice", "alice@old-club.org");
        await addSecond(world, alice, "alice@second-home.org");
        assert.deepEqual(await night(world, server), { asked: 2, lapsed: 0 });
        assert.deepEqual(await night(world, server), { asked: 0, lapsed: 0 }, "once a night");
        delete zone["old-club.org"];
        for (const lapsed of [0, 0, 1]) {
          assert(await signsIn(world, "alice@old-club.org"), "one bad night is no lapse");
          await world.pass(DAY);
          assert.equal((await night(world, server)).lapsed, lapsed);
        }
        assert.equal(await signsIn(world, "alice@old-club.org"), false);
        assert.equal(await signsIn(world, "alice@second-home.org"), true);
        await world.settle();
        const told = world.sent.filter((mail) => /no longer works/.test(mail.subject));
        assert.deepEqual(
          told.map((mail) => mail.to),
          ["alice@second-home.org"],
        );
        const back = elsewhere(world, alice);
        await signIn({ ...back, address: "alice@second-home.org" });
        zone["old-club.org"] = { mx: ["mx.old-club.org"] };
        await world.pass(DAY);
        await night(world, server);
        assert.equal(
          await signsIn(world, "alice@old-club.org"),
          false,
          "coming back is what a buyer's domain does too",
        );
        await back.browser.open("/account/confirm");
      } finally {
        await server.close();
      }
    },
  );

  story("failing and silent name servers prove nothing", { seed: "lapse-silence" }, async (world) => {
    const zone: Record<string, Name> = { "flaky.org": { fault: "failing" } };
    const server = await serveNames(() => zone);
    try {
      await subscriber(world, "bob", "bob@flaky.org");
      for (let count = 0; count < 5; count += 1) {
        await world.pass(DAY);
        assert.equal((await night(world, server)).lapsed, 0);
      }
      zone["flaky.org"] = {};
      await world.pass(DAY);
      await night(world, server);
      zone["flaky.org"] = { mx: ["mx.flaky.org"] };
      await world.pass(DAY);
      await night(world, server);
      zone["flaky.org"] = {};
      for (const lapsed of [0, 0, 1]) {
        await world.pass(DAY);
        assert.equal((await night(world, server)).lapsed, lapsed, "a good night begins the count anew");
      }
    } finally {
      await server.close();
    }
  });

  story(
    "one that was registered anew loses its standing at once, one that is being deleted after three nights",
    { seed: "lapse-registry" },
    async (world) => {
      const old = new Date("2015-01-01T00:00:00.000Z");
      const registered: Record<string, RegisteredDomain> = {
        "sold.org": { registeredAt: old },
        "club.org": { registeredAt: old, transferredAt: world.time.now() },
        "second-home.org": { registeredAt: old },
      };
      const takesMail = { mx: ["mx.example.org"] };
      const names = await serveNames(() => ({
        "mail.sold.org": takesMail,
        "club.org": takesMail,
        "second-home.org": takesMail,
      }));
      const registry = await serveRegistry(() => registered);
      try {
        const alice = await subscriber(world, "alice", "alice@mail.sold.org");
        await addSecond(world, alice, "alice@second-home.org");
        await subscriber(world, "bob", "bob@club.org");
        assert.deepEqual(await night(world, names, registry), { asked: 3, lapsed: 0 });
        registered["sold.org"] = { registeredAt: new Date(world.time.now().getTime() + DAY / 2) };
        registered["club.org"] = { registeredAt: old, transferredAt: world.time.now() };
        for (const how of ["failing", "silent", "busy", "page", "about another"] as const) {
          registry.behave(how);
          await world.pass(DAY);
          assert.equal((await night(world, names, registry)).lapsed, 0, `${how}: an outage takes nothing`);
        }
        registry.behave("well");
        await world.pass(DAY);
        assert.equal((await night(world, names, registry)).lapsed, 1);
        assert.equal(await signsIn(world, "alice@mail.sold.org"), false);
        assert.equal(await signsIn(world, "bob@club.org"), true, "a transfer is no new owner");
        await world.settle();
        const told = world.sent.filter((mail) => /was registered anew/.test(mail.text));
        assert.deepEqual(
          told.map((mail) => mail.to),
          ["alice@second-home.org"],
        );

        registered["club.org"] = { registeredAt: old, status: ["redemption period"] };
        for (const lapsed of [0, 0, 1]) {
          assert(await signsIn(world, "bob@club.org"));
          await world.pass(DAY);
          assert.equal((await night(world, names, registry)).lapsed, lapsed);
        }
        assert.equal(await signsIn(world, "bob@club.org"), false, "though its name servers still answer");

        const back = elsewhere(world, alice);
        await signIn({ ...back, address: "alice@second-home.org" });
        await back.browser.open("/account/addresses");
        await pressAtAddress(back, "resend", "alice@mail.sold.org");
        const link = linkIn(
          await world.mailbox.wait("alice@mail.sold.org", /Confirm your address/),
          /\/confirm-address\//,
        );
        await back.browser.open(link);
        expectPage(await back.browser.submit(link), /address is confirmed/i);
        await world.pass(DAY);
        assert.equal((await night(world, names, registry)).lapsed, 0, "confirmed after the new registration");
        assert.equal(await signsIn(world, "alice@mail.sold.org"), true);
      } finally {
        await names.close();
        await registry.close();
      }
    },
  );
});
