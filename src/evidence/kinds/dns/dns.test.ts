import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { client } from "../../../../test/clients.ts";
import type { Name } from "../../../../test/world/name-server.ts";
import { placesWorld, type PlacesWorld } from "../../../../test/world/places.ts";
import { type EvidenceContext, lookAtFinding, prove } from "../../index.ts";
import { codeOf, must } from "../../test-support.ts";
import { dns } from "./dns.ts";

describe("dns, with a name server that tells the truth and one that does not", {
  skip: client("openssl") === null || client("git") === null ? "openssl or git is not installed" : false,
}, () => {
  const zone: Record<string, Name> = {};
  let world: PlacesWorld;
  before(async () => {
    world = await placesWorld(["docs.site.club"], () => zone);
  });
  after(() => world.close());

  const answer = (context: EvidenceContext, domain: string) => prove(world.runtime, context, "dns", { domain });
  /** The record as the page shows it, for a domain. */
  const recordOf = async (context: EvidenceContext) => {
    const challenge = await world.challenge(context, "dns");
    const { command = "" } = dns.instructions({ ...context, challenge });
    const [, name, text] = /^(_locksmith-challenge\.)DOMAIN\. 300 IN TXT "([^"]+)"$/.exec(command) ?? [];
    assert.ok(name && text, command);
    return { name: (domain: string) => `${name}${domain}`, text };
  };

  test("the record shown, published among others and by way of an alias, proves the domain of an address", async () => {
    const alice = await world.register("alice", "alice@mail.alpine.club");
    const context = world.openCase(alice);
    assert.equal(codeOf(await answer(context, "alpine.club")), "evidence/no-challenge");
    const { name, text } = await recordOf(context);
    assert.equal(must(await answer(context, "alpine.club")).verdict, "inconclusive", "not published yet");
    zone[name("alpine.club")] = { cname: "challenges.alpine.club" };
    zone["challenges.alpine.club"] = { txt: ["v=spf1 -all", "locksmith-challenge=old", `${text} `, "x".repeat(500)] };
    const finding = must(await answer(context, "https://Alpine.club/"));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.root, "zone:alpine.club");
    const later = { ...context, challenge: null };
    assert.deepEqual(await lookAtFinding(world.runtime, later, finding.id), finding.observation);
    zone[name("alpine.club")] = { fault: "failing" };
    assert.deepEqual(
      await lookAtFinding(world.runtime, later, finding.id),
      finding.observation,
      "an outage takes nothing",
    );
    delete zone[name("alpine.club")];
    const gone = dns.observation.parse(await lookAtFinding(world.runtime, later, finding.id));
    assert.equal(dns.assess(gone, later).verdict, "inconclusive");
  });

  test("the domain of a site that a project links to counts as well, once it has stood long enough", async () => {
    const id = await world.register("site", "someone@big-mail.net");
    const token = await world.makeToken(id, "laptop");
    await world.publish(token, "site-tools", "1.0", ["Documentation, https://docs.site.club/tools"]);
    world.pass(30);
    await world.publish(token, "site-tools", "1.1", ["Homepage, https://planted.club/"]);
    world.pass(6);
    const context = world.openCase(id);
    const { name, text } = await recordOf(context);
    for (const domain of ["planted.club", "elsewhere.club", "docs.site.club"]) zone[name(domain)] = { txt: [text] };
    const planted = must(await answer(context, "planted.club"));
    const elsewhere = must(await answer(context, "elsewhere.club"));
    assert.deepEqual([planted.verdict, elsewhere.verdict], ["inconclusive", "inconclusive"]);
    assert.equal(planted.claimantText, elsewhere.claimantText);
    assert.equal(must(await answer(context, "docs.site.club")).verdict, "supports");
  });

  test("an address confirmed lately, and one of somebody else's, do not make a domain count", async () => {
    const id = await world.register("young", "young@big-mail.net");
    await world.register("neighbour", "neighbour@neighbour.club");
    const context = world.openCase(id);
    const { name, text } = await recordOf(context);
    zone[name("neighbour.club")] = { txt: [text] };
    assert.equal(must(await answer(context, "neighbour.club")).verdict, "inconclusive");
  });

  test("without the record, the same is said of any domain, and the name server is asked all the same", async () => {
    const id = await world.register("quiet", "quiet@quiet.club");
    const context = world.openCase(id);
    await world.challenge(context, "dns");
    const asked = world.names.asked.length;
    const own = must(await answer(context, "quiet.club"));
    const other = must(await answer(context, "not-quiet.club"));
    assert.equal(own.claimantText, other.claimantText);
    assert.equal(own.verdict, other.verdict);
    const names = world.names.asked.slice(asked);
    assert.deepEqual(
      names.filter((one) => one.includes("not-quiet")).length,
      names.filter((one) => !one.includes("not-quiet")).length,
    );
  });

  test("another challenge's record speaks against; no, late, wrong and endless answers say nothing", async () => {
    const id = await world.register("odd", "odd@odd.club");
    const context = world.openCase(id);
    const { name, text } = await recordOf(context);
    const at = name("odd.club");
    const cases: readonly (readonly [Name, string])[] = [
      [{ txt: [`locksmith-challenge=${"A".repeat(43)}`] }, "contradicts"],
      [{ fault: "failing" }, "inconclusive"],
      [{ fault: "silent" }, "inconclusive"],
      [{ fault: "garbage" }, "inconclusive"],
      [{ cname: at, isUnfollowed: true }, "inconclusive"],
      [{ txt: [`x${text}`, "Locksmith-Challenge=1"] }, "inconclusive"],
      [{ txt: [text.slice(0, -1)] }, "contradicts"],
      [{ txt: Array.from({ length: 2_500 }, (_, n) => `noise ${n}`) }, "inconclusive"],
      [{ txt: [text, ...Array.from({ length: 60 }, (_, n) => `noise ${n}`)] }, "supports"],
    ];
    for (const [known, verdict] of cases) {
      zone[at] = known;
      const challenge = await world.challenge(context, "dns");
      const value = text.slice("locksmith-challenge=".length);
      const seen = must(
        await dns.observe(world.runtime, { ...context, challenge: { ...challenge, value } }, { domain: "odd.club" }),
      );
      assert.equal(dns.assess(seen, context).verdict, verdict, JSON.stringify(known).slice(0, 80));
      assert.ok(JSON.stringify(seen).length < 2_000, "what is kept is small");
    }
  });

  test("what is no domain costs no try", async () => {
    const context = world.openCase(null);
    for (const domain of ["", "localhost", "127.0.0.1", "a b", "x".repeat(301)])
      assert.equal(codeOf(await answer(context, domain)), "evidence/bad-claim", domain);
  });
});
