import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { expectPage, signIn, upload } from "../../src/bin/demo/person.ts";
import { createGuardedFetch, type GuardedFetch } from "../../src/kernel/net/guarded-fetch.ts";
import { findAccountByName } from "../../src/accounts/index.ts";
import { recheckPages, verifyUrl } from "../../src/registry/index.ts";
import { afterLook } from "../../src/registry/people/recheck-pages.ts";
import { DAY, HOUR, maintainer, subscriber } from "../adversary/cast.ts";
import { makeWheel } from "../world/distributions.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* Pages that were verified as a project's, and what becomes of them: every owner hears of each change once. */

const URLS = ["https://pages.example/", "https://pages.example/docs"];

/** A web server of the project's own; the https names are led to it, past no guard but that. */
async function webServer(answer: (path: string) => { readonly status: number; readonly text: string }) {
  let inside = 0;
  let most = 0;
  const server = createServer((request, response) => {
    const { status, text } = answer(request.url ?? "");
    most = Math.max(most, ++inside);
    setImmediate(() => {
      inside -= 1;
      if (status === 0) response.destroy();
      else response.writeHead(status, { "content-type": "text/html" }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has no other kind of address
  const real = createGuardedFetch({ allowPrivate: ["http://127.0.0.1/32:*"] });
  const fetchThere: GuardedFetch = (request) =>
    real({ ...request, url: request.url.replace("https://pages.example", `http://127.0.0.1:${port}`) });
  return { fetchThere, most: () => most, close: () => new Promise((resolve) => server.close(resolve)) };
}

const told = (world: World, address: string, pattern: RegExp): number =>
  world.sent.filter((mail) => mail.to === address && pattern.test(mail.text.replace(/\s+/g, " "))).length;

/** Alice and Bob own a project with a page that is Alice's to verify. */
async function owners(world: World) {
  const alice = await maintainer(world, "alice", "alpenglow");
  const bob = await subscriber(world, "bob");
  const carol = await subscriber(world, "carol");
  const { db } = world.runtime;
  const idOf = async (name: string) => {
    const account = await findAccountByName(db, name);
    assert(account);
    return account;
  };
  for (const [name, role] of [
    ["bob", "owner"],
    ["carol", "maintainer"],
  ] as const) {
    await sql`insert into project_roles select id, ${(await idOf(name)).id}, ${role}, ${world.time.now()} from projects`.execute(
      db.root,
    );
  }
  const metadata = JSON.stringify({ projectUrls: URLS.map((url) => `Page, ${url}`) });
  await sql`update releases set metadata = ${metadata}::jsonb`.execute(db.root);
  const verify = async (fetch: GuardedFetch, url = URLS[0] ?? "") => {
    const by = await idOf("alice");
    const done = await verifyUrl(world.runtime, fetch, by, { project: "alpenglow", url }, world.time.now());
    assert.ok(done.ok, done.ok ? "" : done.refusal.code);
    await world.settle();
  };
  const link = `<a href="${new URL("/project/alpenglow/", world.runtime.publicUrl).href}">on the index</a>`;
  return { alice, bob, carol, verify, link };
}

const look = async (world: World, fetch: GuardedFetch) => {
  const report = await recheckPages(world.runtime, fetch, world.time.now());
  await world.settle();
  return report;
};

describe("verified pages of a project", () => {
  story(
    "a release that names a place of somebody else's is told to every owner, once",
    { seed: "page-link" },
    async (world) => {
      const { alice, bob, carol } = await owners(world);
      const release = (version: string, ...urls: readonly string[]) =>
        upload(world, alice, {
          ...makeWheel({ name: "alpenglow", version, projectUrls: urls.map((url) => `Source, ${url}`) }),
          fields: { name: "alpenglow", version, filetype: "bdist_wheel", pyversion: "py3" },
        });
      assert.equal((await release("2.0", "https://forge.example/alice/alpenglow")).status, 200);
      assert.equal((await release("2.1", "https://forge.example/alice/alpenglow/issues")).status, 200);
      assert.equal((await release("2.2", "https://forge.example/mallory/alpenglow")).status, 200);
      await world.settle();
      const planted = /names places that were not the project’s before: https:\/\/forge\.example\/mallory/;
      assert.equal(told(world, bob.address, planted), 1);
      assert.equal(told(world, alice.address, planted), 1, "whoever uploaded may not be she");
      assert.equal(told(world, carol.address, planted), 0);
      assert.equal(told(world, bob.address, /names places/), 2, "and none about the page beside the repository");
    },
  );

  story("every owner is told of a new one, once; who only maintains is not", { seed: "page-new" }, async (world) => {
    const { alice, bob, carol, verify, link } = await owners(world);
    const web = await webServer(() => ({ status: 200, text: link }));
    try {
      await verify(web.fetchThere);
      await verify(web.fetchThere);
      const pattern = /alice had the page https:\/\/pages\.example\/ verified/;
      assert.equal(told(world, bob.address, pattern), 1);
      assert.equal(told(world, alice.address, pattern), 1);
      assert.equal(told(world, carol.address, /pages\.example/), 0);
    } finally {
      await web.close();
    }
  });

  story(
    "one that leads back is looked at once a week, and nobody hears of it",
    { seed: "page-good" },
    async (world) => {
      const { bob, verify, link } = await owners(world);
      const web = await webServer(() => ({ status: 200, text: link }));
      try {
        await verify(web.fetchThere);
        const before = world.sent.length;
        assert.deepEqual(await look(world, web.fetchThere), { looked: 0, lost: 0 });
        await world.pass(7 * DAY + HOUR);
        assert.deepEqual(await look(world, web.fetchThere), { looked: 1, lost: 0 });
        assert.deepEqual(await look(world, web.fetchThere), { looked: 0, lost: 0 });
        assert.equal(told(world, bob.address, /no longer links back/), 0);
        assert.equal(world.sent.slice(before).filter(({ text }) => /pages\.example/.test(text)).length, 0);
      } finally {
        await web.close();
      }
    },
  );

  story(
    "one that leads back no more is marked after three days, told once, looked at no more, and begins anew",
    { seed: "page-lost" },
    async (world) => {
      const { alice, bob, carol, verify, link } = await owners(world);
      let text = link;
      const web = await webServer(() => ({ status: 200, text }));
      try {
        await verify(web.fetchThere);
        text = "<p>This domain is for sale.</p>";
        await world.pass(7 * DAY + HOUR);
        for (const lost of [0, 0, 1]) {
          assert.deepEqual(await look(world, web.fetchThere), { looked: 1, lost });
          await world.pass(DAY + HOUR);
        }
        assert.deepEqual(await look(world, web.fetchThere), { looked: 0, lost: 0 });
        for (const owner of [alice, bob]) assert.equal(told(world, owner.address, /no longer links back to it/), 1);
        assert.equal(told(world, carol.address, /no longer links back/), 0);
        await signIn(alice);
        expectPage(await alice.browser.open("/account/projects/alpenglow"), /Does not link back since/);
        text = link;
        await verify(web.fetchThere);
        expectPage(await alice.browser.open("/account/projects/alpenglow"), /Verified since/);
        const { rows } = await sql<{ bound_at: Date }>`select bound_at from project_urls`.execute(
          world.runtime.db.root,
        );
        assert.deepEqual(
          rows.map(({ bound_at: at }) => at.getTime()),
          [world.time.now().getTime()],
        );
        assert.equal(
          told(world, bob.address, /had the page https:\/\/pages\.example\/ verified/),
          2,
          "it counts again",
        );
      } finally {
        await web.close();
      }
    },
  );

  story(
    "a server that is away for six days costs nothing; after seven the page is lost",
    { seed: "page-away" },
    async (world) => {
      const { bob, verify, link } = await owners(world);
      let status = 200;
      const web = await webServer(() => ({ status, text: link }));
      try {
        await verify(web.fetchThere);
        const miss = async (times: number) => {
          for (let at = 0; at < times; at += 1) {
            status = at % 2 === 0 ? 503 : 0;
            await world.pass(DAY + HOUR);
            await look(world, web.fetchThere);
          }
        };
        await world.pass(6 * DAY);
        await miss(6);
        status = 200;
        await world.pass(DAY + HOUR);
        assert.deepEqual(await look(world, web.fetchThere), { looked: 1, lost: 0 });
        await world.pass(6 * DAY);
        await miss(7);
        assert.equal(told(world, bob.address, /has not answered for a week/), 1);
      } finally {
        await web.close();
      }
    },
  );

  story(
    "many are looked at a few at a time, and of two workers at once one tells",
    { seed: "page-many" },
    async (world) => {
      const { bob, verify, link } = await owners(world);
      let text = link;
      const web = await webServer(() => ({ status: 200, text }));
      try {
        await verify(web.fetchThere);
        const due = world.time.now();
        await sql`insert into project_urls (id, project_id, url, host, bound_by, bound_at, checked_at, next_check_at, misses)
        select 'url_' || lpad(n::text, 26, '0'), project_id, url || n, host, bound_by, bound_at, checked_at, ${due}, 2
        from project_urls, generate_series(1, 40) n`.execute(world.runtime.db.root);
        text = "";
        const reports = await Promise.all([look(world, web.fetchThere), look(world, web.fetchThere)]);
        assert.equal(reports[0].lost + reports[1].lost, 40);
        assert.ok(web.most() <= 12, `${web.most()} at once`);
        assert.equal(told(world, bob.address, /no longer links back to it/), 40);
      } finally {
        await web.close();
      }
    },
  );

  test("a look that finds the link forgets every miss", () => {
    const now = new Date("2026-11-02T09:00:00Z");
    assert.deepEqual(afterLook(6, "links-back", now), {
      misses: 0,
      nextCheckAt: new Date("2026-11-09T09:00:00Z"),
      isLost: false,
    });
    assert.equal(afterLook(1, "no-link", now).isLost, false);
    assert.equal(afterLook(2, "no-link", now).isLost, true);
    assert.equal(afterLook(5, "no-answer", now).isLost, false);
    assert.equal(afterLook(6, "no-answer", now).isLost, true);
  });
});
