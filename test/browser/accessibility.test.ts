import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "node:test";
import { assets, refusalPage } from "../../src/app/routes.ts";
import { makePerson, registerAndConfirm } from "../../src/bin/demo/person.ts";
import { buildEdge, type Route } from "../../src/kernel/http/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { emlTransport, listMailbox, senderFor } from "../../src/notifications/index.ts";
import { mailboxRoutes } from "../../src/web/index.ts";
import { TOPICS } from "../../src/web/guidance/topics.ts";
import { type Actor, allowed, setStage, type Stage } from "../adversary/stage.ts";
import { browserStories, type Seat, type SitDown, takeOver } from "./browser.ts";
import { faultsInEveryLook } from "./faults.ts";

/*
 * Every page of the route table, in the browser of somebody who may see it. What is looked at is not a list that somebody
 * remembered: a new page is in it by itself. Pages that only an act shows are looked at where the main job shows them.
 */

const browserStory = browserStories();

/** Everybody who sees something of their own on a page; the others see what one of these sees. */
const LOOKERS: readonly Actor[] = [
  "newcomer",
  "subscriber",
  "password accepted",
  "staff password accepted",
  "claimant",
  "support",
  "reviewer",
  "administrator",
];

interface Visit {
  readonly path: string;
  readonly actor: Actor;
}

function visitsOf(stage: Stage, route: Route): readonly Visit[] {
  const paths = route.path === "/help/:topic" ? TOPICS.map((topic) => `/help/${topic.slug}`) : [stage.pathOf(route)];
  const welcome = allowed(route);
  const actors: readonly Actor[] = welcome.has("stranger") ? ["stranger"] : LOOKERS.filter((one) => welcome.has(one));
  return actors.flatMap((actor) => paths.map((path) => ({ path, actor })));
}

/** The pages of the table, and a few that no row of it is: refusals, and the start page of somebody signed in. */
const itinerary = (stage: Stage): readonly Visit[] => [
  ...stage.world.routes.filter((one) => one.method === "GET").flatMap((route) => visitsOf(stage, route)),
  { path: "/", actor: "subscriber" },
  { path: "/there-is-no-such-page", actor: "stranger" },
  { path: `/objection/${"A".repeat(43)}`, actor: "stranger" },
  { path: "/console/staff", actor: "reviewer" },
  { path: "/console?lane=us", actor: "reviewer" },
];

const isPage = (contentType: string | null): boolean => contentType?.startsWith("text/html") ?? false;

/** Goes everywhere once, and gives what is wrong there. */
async function walk(stage: Stage, sitDown: SitDown): Promise<readonly string[]> {
  const { browsers, world } = stage;
  const seats = new Map<Actor, Seat>();
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const { path, actor } of itinerary(stage)) {
    const answer = await browsers[actor].raw(path, {});
    await answer.arrayBuffer();
    const isDocument = answer.status === 200 && !isPage(answer.headers.get("content-type"));
    if (isDocument) continue; // a file, JSON, security.txt
    let seat = seats.get(actor);
    if (!seat) {
      seat = await sitDown();
      await takeOver(seat, browsers[actor], world.origin);
      seats.set(actor, seat);
    }
    const { page } = seat;
    await page.goto(path);
    const where = `${actor} at ${new URL(page.url()).pathname}${new URL(page.url()).search}`;
    if (seen.has(where)) continue; // sent on to a page that was looked at already
    seen.add(where);
    faults.push(...(await faultsInEveryLook(page)).map((fault) => `${where}: ${fault}`));
  }
  assert(seen.size >= 45, `only ${seen.size} pages were looked at`);
  return faults;
}

describe("accessibility", () => {
  browserStory(
    "every page is sound for axe, on a wide screen and on a phone, in light and dark",
    { seed: "pages", policyFile: "policy/demo.json" },
    async (world, sitDown) => {
      const stage = await setStage(world);
      assert.deepEqual(await walk(stage, sitDown), []);
    },
  );

  browserStory("and so is the mailbox of the demonstration", { seed: "mailbox" }, async (world, sitDown) => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-mailbox-"));
    const { runtime } = world;
    const edge = await buildEdge(runtime, {
      routes: mailboxRoutes(folder),
      throttle: async () => ok(),
      refusalPage,
      assets,
      floodLimit: 1_000_000,
    });
    try {
      await edge.listen({ port: 0, host: "127.0.0.1" });
      const { port } = edge.server.address() as AddressInfo; // listening on TCP
      const { page } = await sitDown({ baseURL: `http://127.0.0.1:${port}` });
      await page.goto("/mailbox");
      assert.deepEqual(await faultsInEveryLook(page), [], "an empty mailbox");

      await registerAndConfirm(world, makePerson(world, "alice"));
      const transport = emlTransport(folder, { sender: senderFor(runtime.publicUrl, runtime.indexName) });
      for (const mail of world.sent) await transport.send(mail);
      await transport.close();
      await page.goto("/mailbox");
      assert.deepEqual(await faultsInEveryLook(page), [], "a mailbox");
      await page.goto(`/mailbox/${(await listMailbox(folder))[0]?.id ?? ""}`);
      await page.getByRole("heading", { name: /Confirm your address/ }).waitFor();
      assert.deepEqual(await faultsInEveryLook(page), [], "a mail");
    } finally {
      await edge.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
