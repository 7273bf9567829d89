import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { client } from "../../../../test/clients.ts";
import { placesWorld, type PlacesWorld } from "../../../../test/world/places.ts";
import { createOutside } from "../../../kernel/net/outside.ts";
import { type EvidenceContext, lookAtFinding, prove } from "../../index.ts";
import { codeOf, must } from "../../test-support.ts";
import { wellKnownPath } from "../../targets/challenge-words.ts";
import { wellKnownFile } from "./well-known-file.ts";

describe("well-known file, over HTTPS with a private authority", {
  skip: client("openssl") === null || client("git") === null ? "openssl or git is not installed" : false,
}, () => {
  let world: PlacesWorld;
  before(async () => {
    world = await placesWorld([
      "alpine.club",
      "www.alpine.club",
      "pages.club",
      "lies.club",
      "planted.club",
      "git.club",
    ]);
  });
  after(() => world.close());

  const answer = (context: EvidenceContext, site: string) => prove(world.runtime, context, "well-known-file", { site });
  async function owner(name: string, host: string) {
    const id = await world.register(name, `${name}@big-mail.net`);
    const token = await world.makeToken(id, "laptop");
    await world.publish(token, `${name}-tools`, "1.0", [`Homepage, ${world.forge.origin(host)}/tools`]);
    world.pass(30);
    return { id, token };
  }

  test("the commands shown, run as they are, make a file that proves the site", async () => {
    const { id } = await owner("alpha", "alpine.club");
    const copy = await world.forge.makeRepository("git.club", "alpha/site");
    const context = world.openCase(id);
    const challenge = await world.challenge(context, "well-known-file");
    const { command = "" } = wellKnownFile.instructions({ ...context, challenge });
    await copy.shell(command);
    const text = await readFile(join(copy.folder, wellKnownPath(challenge)), "utf8");
    assert.equal(must(await answer(context, "alpine.club")).verdict, "inconclusive", "not published yet");
    world.forge.pages.set(`www.alpine.club${wellKnownPath(challenge)}`, (_, response) => response.end(`${text}\n`));
    const finding = must(await answer(context, "www.alpine.club"));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.root, "zone:alpine.club");
    const afterwards = wellKnownFile.afterwards?.(wellKnownFile.observation.parse(finding.observation));
    assert.ok(afterwards);
    await copy.shell(afterwards);
    const later = { ...context, challenge: null };
    assert.deepEqual(await lookAtFinding(world.runtime, later, finding.id), finding.observation);
    world.forge.pages.set("www.alpine.club/", (_, response) => void response.writeHead(502).end());
    world.forge.pages.delete(`www.alpine.club${wellKnownPath(challenge)}`);
    assert.deepEqual(
      await lookAtFinding(world.runtime, later, finding.id),
      finding.observation,
      "an outage takes nothing",
    );
    world.forge.pages.set("www.alpine.club/", (_, response) => void response.writeHead(404).end());
    const gone = wellKnownFile.observation.parse(await lookAtFinding(world.runtime, later, finding.id));
    assert.equal(wellKnownFile.assess(gone, later).verdict, "inconclusive");
  });

  test("a site that a forge serves is the forge's", async () => {
    const { id } = await owner("beta", "pages.club");
    const context = world.openCase(id);
    const challenge = await world.challenge(context, "well-known-file");
    world.forge.pages.set(
      "pages.club/",
      (_, response) => void response.writeHead(200, { server: "GitHub.com" }).end(challenge.value),
    );
    const finding = must(await answer(context, "pages.club"));
    assert.deepEqual([finding.verdict, finding.root], ["supports", "forge:github.com/pages.club"]);
  });

  test("a site that a release of last week brought, or nobody, is not contacted", async () => {
    const { id, token } = await owner("gamma", "alpine.club");
    await world.publish(token, "gamma-tools", "1.1", [`Homepage, ${world.forge.origin("planted.club")}/`]);
    world.pass(6);
    const context = world.openCase(id);
    const challenge = await world.challenge(context, "well-known-file");
    world.forge.pages.set("planted.club/", (_, response) => response.end(challenge.value));
    const before = world.forge.asked.length;
    for (const site of ["planted.club", "elsewhere.club"])
      assert.equal(must(await answer(context, site)).verdict, "inconclusive");
    assert.equal(world.forge.asked.length, before);
  });

  test("pages in place of the file, echoes, redirects and lies prove nothing", async () => {
    const { id } = await owner("delta", "lies.club");
    const context = world.openCase(id);
    const challenge = await world.challenge(context, "well-known-file");
    const { value } = challenge;
    const asked = { ...context, challenge };
    const lies: readonly (readonly [string, Parameters<typeof world.forge.pages.set>[1], string])[] = [
      ["a page for everything", (request, response) => response.end(`<h1>No ${request.url}</h1>`), "inconclusive"],
      ["an echo of the address", (request, response) => response.end(request.url?.split("/").at(-1)), "inconclusive"],
      ["a long page", (_, response) => response.end("x".repeat(100_000)), "inconclusive"],
      ["the value and more", (_, response) => response.end(`${value} and more`), "inconclusive"],
      ["the value with status 404", (_, response) => void response.writeHead(404).end(value), "inconclusive"],
      [
        "the value, compressed",
        (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(value),
        "inconclusive",
      ],
      [
        "another site",
        (_, response) => void response.writeHead(302, { location: `${world.forge.origin("alpine.club")}/x` }).end(),
        "inconclusive",
      ],
      [
        "a circle",
        (request, response) => void response.writeHead(302, { location: request.url ?? "/" }).end(),
        "inconclusive",
      ],
      [
        "plain http",
        (_, response) => void response.writeHead(302, { location: "http://lies.club/" }).end(),
        "inconclusive",
      ],
      [
        "a private address",
        (_, response) => void response.writeHead(302, { location: "https://10.0.0.1/" }).end(),
        "inconclusive",
      ],
      ["another challenge", (_, response) => response.end("A".repeat(43)), "contradicts"],
    ];
    for (const [what, page, verdict] of lies) {
      world.forge.pages.set("lies.club/", page);
      const seen = must(await wellKnownFile.observe(world.runtime, asked, { site: "lies.club" }));
      assert.equal(wellKnownFile.assess(seen, asked).verdict, verdict, what);
    }
    world.forge.pages.clear();
  });

  test("an installation reaches no place on this machine or its network", async () => {
    const { id } = await owner("epsilon", "alpine.club");
    const context = world.openCase(id);
    const challenge = await world.challenge(context, "well-known-file");
    world.forge.pages.set("alpine.club/", (_, response) => response.end(challenge.value));
    const before = world.forge.asked.length;
    const outside = createOutside({ fetch: { resolver: async () => ["127.0.0.1"], ca: world.forge.ca } });
    const seen = must(
      await wellKnownFile.observe({ ...world.runtime, outside }, { ...context, challenge }, { site: "alpine.club" }),
    );
    assert.equal(wellKnownFile.assess(seen, context).verdict, "inconclusive");
    assert.equal(world.forge.asked.length, before);
    assert.equal(codeOf(await answer(context, "10.0.0.1")), "evidence/bad-claim");
  });
});
