import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { client } from "../../../../test/clients.ts";
import { placesWorld, type PlacesWorld } from "../../../../test/world/places.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { ok } from "../../../kernel/result.ts";
import { audit } from "../../../audit/index.ts";
import { transact } from "../../../kernel/db/transact.ts";
import { type EvidenceContext, listFindings, lookAtFinding, prove, recheckFinding } from "../../index.ts";
import { codeOf, must } from "../../test-support.ts";
import { branchOf } from "../../targets/challenge-words.ts";
import { repository } from "./repository.ts";

const missing = ["git", "openssl"].filter((name) => client(name) === null);
const HOSTS = ["git.alpine.club", "code.other.club", "git.alice.club", "svn.old.club"];

describe("repository, with the real git over git http-backend", {
  skip: missing.length > 0 ? `not installed: ${missing.join(", ")}` : false,
}, () => {
  let world: PlacesWorld;
  before(async () => {
    world = await placesWorld(HOSTS);
  });
  after(() => world.close());

  const url = (host: string, path: string): string => `${world.forge.origin(host)}/${path}`;
  /** Somebody whose project has linked to a repository for a month. */
  async function owner(name: string, host = "git.alpine.club") {
    const id = await world.register(name, `${name}@${name}.club`);
    const token = await world.makeToken(id, "laptop");
    const copy = await world.forge.makeRepository(host, `${name}/tools`);
    await world.publish(token, `${name}-tools`, "1.0", [`Source, ${url(host, `${name}/tools`)}`]);
    world.pass(30);
    return { id, token, copy, address: url(host, `${name}/tools`) };
  }
  const answer = (context: EvidenceContext, address: string, runtime: Runtime = world.runtime) =>
    prove(runtime, context, "repository", { repository: address });
  const commandsOf = async (context: EvidenceContext) => {
    const challenge = await world.challenge(context, "repository");
    const { command } = repository.instructions({ ...context, challenge });
    assert.ok(command);
    return { challenge, command };
  };

  test("the command shown, run as it is, gives a proof; the other one takes it away again", async () => {
    const alice = await owner("alpha");
    const context = world.openCase(alice.id);
    const { challenge, command } = await commandsOf(context);
    assert.equal(must(await answer(context, alice.address)).verdict, "inconclusive", "before the push");
    await alice.copy.shell(command);
    const finding = must(await answer(context, `${alice.address}.git`));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.root, `forge:git.alpine.club:${world.forge.port}/alpha`);
    assert.equal(finding.nonceId, challenge.id);
    assert.ok(finding.boundAt && finding.boundAt < context.openedAt);
    assert.equal(codeOf(await answer(context, alice.address)), "evidence/no-challenge", "a challenge is answered once");

    const again = { ...context, challenge: null };
    assert.deepEqual(await lookAtFinding(world.runtime, again, finding.id), finding.observation);
    const afterwards = repository.afterwards?.(repository.observation.parse(finding.observation));
    assert.ok(afterwards);
    await alice.copy.shell(afterwards);
    const seen = await lookAtFinding(world.runtime, again, finding.id);
    const rechecked = await transact(world.runtime.db, { now: context.now }, (tx) =>
      recheckFinding(tx, world.runtime, again, {
        findingId: finding.id,
        isObservedAgain: true,
        observation: seen,
        actor: { kind: "clock" },
      }),
    );
    assert.equal(must(rechecked).verdict, "inconclusive");
    assert.match(must(rechecked).claimantText, /taken away/);
  });

  test("a tag is as good, and so is a list in plain files; a pull request is not", async () => {
    const alice = await owner("beta");
    const context = world.openCase(alice.id);
    const branch = branchOf(await world.challenge(context, "repository"));
    await alice.copy.git("push", "-q", "origin", `HEAD:refs/pull/7/${branch}`, `HEAD:refs/heads/wip/${branch}`);
    assert.equal(must(await answer(context, alice.address)).verdict, "inconclusive", "anybody may open a pull request");
    const oid = (await alice.copy.git("rev-parse", "HEAD")).trim();
    const path = "git.alpine.club/beta/tools/info/refs";
    world.forge.pages.set(path, (_, response) =>
      response.end(`${oid}\trefs/heads/main\n${oid}\trefs/tags/${branch}\n`),
    );
    const finding = must(await answer(context, alice.address));
    world.forge.pages.delete(path);
    assert.equal(finding.verdict, "supports");
    assert.equal((finding.observation as { foundAs: string }).foundAs, "tag"); // as its schema says
  });

  test("a repository that nobody linked to, or only lately, is not even contacted", async () => {
    const alice = await owner("gamma");
    const thief = await world.forge.makeRepository("code.other.club", "thief/tools");
    const stolen = url("code.other.club", "thief/tools");
    // The release that a thief uploads with the stolen token, links to a repository of theirs and drops the owner's.
    await world.publish(alice.token, "gamma-tools", "1.1", [`Source, ${stolen}`]);
    world.pass(6);
    const context = world.openCase(alice.id);
    const { command } = await commandsOf(context);
    await thief.shell(command);
    const before = world.forge.asked.length;
    for (const address of [stolen, url("code.other.club", "somebody/else")]) {
      const finding = must(await answer(context, address));
      assert.equal(finding.verdict, "inconclusive");
      assert.match(finding.claimantText, /not linked to a project of this account early enough/);
    }
    assert.equal(world.forge.asked.length, before);
    await alice.copy.shell(command);
    assert.equal(must(await answer(context, alice.address)).verdict, "supports", "the owner's place still counts");
  });

  test("a place that was planted long before the case does not count when trouble began earlier", async () => {
    const alice = await owner("delta");
    await transact(world.runtime.db, { now: world.runtime.clock.now() }, async (tx) => {
      audit(tx, world.runtime.random, {
        act: "registry/api-token-leaked",
        actor: { kind: "operator" },
        accountId: alice.id,
      });
      return ok();
    });
    const thief = await world.forge.makeRepository("code.other.club", "delta-thief/tools");
    await world.publish(alice.token, "delta-tools", "1.1", [`Source, ${url("code.other.club", "delta-thief/tools")}`]);
    world.pass(40);
    const context = world.openCase(alice.id);
    const { command } = await commandsOf(context);
    await thief.shell(command);
    const finding = must(await answer(context, url("code.other.club", "delta-thief/tools")));
    assert.equal(finding.verdict, "inconclusive");
  });

  test("a renamed repository is found where its server leads to, and nowhere else", async () => {
    const alice = await owner("epsilon");
    const renamed = await world.forge.makeRepository("git.alpine.club", "epsilon-club/tools");
    const other = await world.forge.makeRepository("code.other.club", "epsilon/tools");
    const context = world.openCase(alice.id);
    const { command } = await commandsOf(context);
    await renamed.shell(command);
    await other.shell(command);
    const leadTo = (place: string) => {
      for (const path of ["git.alpine.club/epsilon/tools/", "git.alpine.club/epsilon/tools.git/"])
        world.forge.pages.set(path, (request, response) => {
          const { search } = new URL(request.url ?? "/", "https://x");
          response.writeHead(301, { location: `${place}.git/info/refs${search}` }).end();
        });
    };
    leadTo(url("code.other.club", "epsilon/tools"));
    assert.equal(must(await answer(context, alice.address)).verdict, "inconclusive", "another server is another place");
    leadTo(alice.address);
    assert.equal(must(await answer(context, alice.address)).verdict, "inconclusive", "a circle ends");
    leadTo("/epsilon-club/tools");
    const finding = must(await answer(context, alice.address));
    assert.equal(finding.verdict, "supports");
    assert.equal(finding.root, `forge:git.alpine.club:${world.forge.port}/epsilon-club`);
  });

  test("Subversion and Mercurial prove by a file, whose content no echo can know", async () => {
    const id = await world.register("zeta", "zeta@zeta.club");
    const token = await world.makeToken(id, "laptop");
    const place = url("svn.old.club", "zeta/trunk");
    await world.publish(token, "zeta-tools", "1.0", [`Repository, ${place}`]);
    world.pass(30);
    for (const [path, isRight] of [
      ["zeta/trunk/", "echo"],
      ["zeta/trunk/", "other"],
      ["zeta/trunk/", "svn"],
      ["zeta/trunk/raw-file/tip/", "hg"],
    ] as const) {
      const context = world.openCase(id);
      const challenge = await world.challenge(context, "repository");
      const file = `svn.old.club/${path}${branchOf(challenge)}.txt`;
      const said = { echo: branchOf(challenge), other: "A".repeat(43), svn: challenge.value, hg: challenge.value };
      world.forge.pages.set("svn.old.club/zeta/", (_, response) => response.writeHead(404).end("<h1>Not here"));
      world.forge.pages.set(file, (_, response) => response.end(`${said[isRight]}\n`));
      const { verdict } = must(await answer(context, place));
      const expected = { echo: "inconclusive", other: "contradicts", svn: "supports", hg: "supports" } as const;
      assert.equal(verdict, expected[isRight], isRight);
      world.forge.pages.clear();
    }
  });

  test("a server of one's own under the mailbox's domain counts as the mailbox", async () => {
    const id = await world.register("eta", "eta@alice.club");
    const token = await world.makeToken(id, "laptop");
    const copy = await world.forge.makeRepository("git.alice.club", "eta/tools");
    await world.publish(token, "eta-tools", "1.0", [`Source, ${url("git.alice.club", "eta/tools")}`]);
    world.pass(30);
    const context = world.openCase(id);
    const { command } = await commandsOf(context);
    await copy.shell(command);
    assert.equal(must(await answer(context, url("git.alice.club", "eta/tools"))).root, "mailbox:alice.club");
  });

  test("of several simultaneous answers one spends the challenge", async () => {
    const alice = await owner("theta");
    const context = world.openCase(alice.id);
    const { command } = await commandsOf(context);
    await alice.copy.shell(command);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => answer(context, alice.address)));
    assert.equal(outcomes.filter((one) => one.ok).length, 1);
    assert.equal((await listFindings(world.db, context.caseId)).length, 1);
  });

  test("servers that answer slowly, wrongly or hugely end as a sentence, and a proof stays through an outage", async () => {
    const alice = await owner("iota");
    const context = world.openCase(alice.id);
    const { challenge, command } = await commandsOf(context);
    const start = "git.alpine.club/iota/";
    const smart = { "content-type": "application/x-git-upload-pack-advertisement" };
    const branch = branchOf(challenge);
    const oid = "0".repeat(40);
    const lies: Readonly<Record<string, Parameters<typeof world.forge.pages.set>[1]>> = {
      "never answers": () => {},
      "hangs up": (request) => void request.socket.destroy(),
      "sends without end": (_, response) => {
        const pour = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x30)));
        };
        response.on("drain", pour);
        pour();
      },
      "says 500": (_, response) => void response.writeHead(500).end(),
      "asks for a password": (_, response) => void response.writeHead(401, { "www-authenticate": "Basic" }).end(branch),
      "is a page": (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end(`<h1>${branch}`),
      "cuts its list off": (_, response) => void response.writeHead(200, smart).end(`00ff${oid} refs/heads/${branch}`),
      "has lengths that are none": (_, response) =>
        void response.writeHead(200, smart).end(`00zz${oid} refs/heads/${branch}\n`),
      "has lengths that are too short": (_, response) =>
        void response.writeHead(200, smart).end(`0003${oid} refs/heads/${branch}\n0000`),
      "says ERR": (_, response) => void response.writeHead(200, smart).end("000bERR no\n0000"),
      "speaks version 2 without refs": (_, response) => void response.writeHead(200, smart).end("000eversion 2\n0000"),
      "lists for ever": (_, response) => void response.writeHead(200, smart).end("0004".repeat(100_000)),
    };
    const quick: Runtime = { ...world.runtime, outside: world.forge.outside({ timeoutMs: 300 }) };
    for (const [what, page] of Object.entries(lies)) {
      world.forge.pages.set(start, page);
      const asked = { ...world.openCase(alice.id), challenge };
      const seen = must(await repository.observe(quick, asked, { repository: alice.address }));
      assert.notEqual(seen.outcome, "found", what);
      assert.equal(repository.assess(seen, asked).verdict, "inconclusive", what);
    }
    world.forge.pages.clear();
    await alice.copy.shell(command);
    const finding = must(await answer(context, alice.address));
    world.forge.pages.set(start, (_, response) => void response.writeHead(503).end());
    assert.deepEqual(await lookAtFinding(quick, context, finding.id), finding.observation);
    world.forge.pages.clear();
  });
});
