import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { sql } from "kysely";
import { decodeEntities } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, signIn, stepUp, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm } from "../../src/bin/demo/recovery.ts";
import { accountIdOf, DAY, elsewhere, maintainer, rawRequest, subscriber } from "../adversary/cast.ts";
import { client } from "../clients.ts";
import { type Claims, githubClaims, type Issuer, startIssuer } from "../world/issuer.ts";
import { startWorld, type World } from "../world/world.ts";

/* Runs of build services that publish without a token anybody keeps, and that later help a maintainer back in. */

interface Stage {
  readonly world: World;
  readonly issuer: Issuer;
}

/** A world that believes one build service, which speaks as GitHub Actions does. */
function play(name: string, act: (stage: Stage) => Promise<void>, options: { readonly skip?: string | false } = {}) {
  void test(name, { skip: options.skip ?? false }, async () => {
    const issuer = await startIssuer();
    const settings = { TRUSTED_ISSUERS: `github=${issuer.url}` };
    const world = await startWorld({
      seed: name,
      settings,
      policyFile: join(import.meta.dirname, "../../policy/default.json"),
    });
    try {
      await act({ world, issuer });
    } catch (error) {
      await world.abandon();
      throw error;
    } finally {
      await issuer.close();
    }
    await world.close();
  });
}

const REPOSITORY = "alice/alpenglow";
const PAGE = "/account/projects/alpenglow";

async function openProject(person: Person) {
  await signIn(person);
  await person.browser.open(PAGE);
  await stepUp(person);
  return person.browser.open(PAGE);
}

async function register(person: Person, changes: Readonly<Record<string, string>> = {}) {
  await openProject(person);
  return person.browser.submit(/publishers$/, {
    repository: REPOSITORY,
    workflow: "release.yml",
    environment: "",
    ...changes,
  });
}

interface Minted {
  readonly status: number;
  readonly token?: string;
  readonly errors?: readonly { readonly code: string; readonly description: string }[];
}

async function mintWith({ world }: Stage, token: string): Promise<Minted> {
  const { status, text } = await rawRequest(world, {
    method: "POST",
    path: "/_/oidc/mint-token",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ token }),
  });
  return { status, ...(JSON.parse(text) as Omit<Minted, "status">) }; // its shape is asserted by who reads it
}

const audienceOf = async ({ world }: Stage): Promise<string> => {
  const { text } = await rawRequest(world, { path: "/_/oidc/audience" });
  return (JSON.parse(text) as { audience: string }).audience; // a wrong one is refused below
};

/** A token for publishing, of a run with these claims. */
const ask = async (stage: Stage, claims: Claims = githubClaims(REPOSITORY)): Promise<string> =>
  stage.issuer.sign({ aud: await audienceOf(stage), ...claims }, stage.world.time.now());

const mint = async (stage: Stage, claims?: Claims): Promise<Minted> => mintWith(stage, await ask(stage, claims));
const refusalOf = (minted: Minted): string => `${minted.status} ${minted.errors?.[0]?.code ?? "none"}`;

const publish = (world: World, token: string, version: string, name = "alpenglow") =>
  upload(world, { token } as Person, wheelOf(name, version)); // of a person, uploading needs the token alone

describe("trusted publishers", () => {
  play("are registered by an owner, told to all of them, used, and removed", async (stage) => {
    const { world } = stage;
    const alice = await maintainer(world, "alice", "alpenglow");
    const bob = await subscriber(world, "bob");
    await sql`insert into project_roles select id, ${await accountIdOf(world, "bob")}, 'owner', now() from projects`.execute(
      world.runtime.db.root,
    );
    expectPage(await openProject(alice), /None\. Uploads need an API token/);
    expectPage(await register(alice, { workflow: "release" }), /name of a file in \.github\/workflows/, 422);
    expectPage(await register(alice), /alice\/alpenglow, release\.yml \(GitHub Actions\)/);
    expectPage(await register(alice), /registered already/, 409);
    await world.settle();
    const told = world.sent.filter(({ to, text }) => to === bob.address && /trusted publisher/.test(text));
    assert.equal(told.length, 1, "the other owner hears of it, once");

    const minted = await mint(stage);
    assert.equal(minted.status, 200, JSON.stringify(minted));
    const token = minted.token ?? "";
    assert.equal((await publish(world, token, "2.0")).status, 200);
    assert.equal((await publish(world, token, "1.0", "another")).status, 403, "for its project alone");
    expectPage(await openProject(alice), /release\.yml \(GitHub Actions\) today at 09:01 UTC (?!Never)/);
    await alice.browser.open("/account/tokens");
    assert.doesNotMatch(alice.browser.page.text, /release\.yml/, "tokens that live minutes are not listed");
    await alice.browser.open("/account/history");
    expectPage(alice.browser.page, /Trusted publisher got an upload token/);

    await world.pass(15 * 60_000 + 1000);
    assert.match((await publish(world, token, "2.1")).reason, /expired/);
    const second = (await mint(stage)).token ?? "";
    await openProject(alice);
    await alice.browser.submit(/publishers\/remove$/);
    assert.match((await publish(world, second, "2.2")).reason, /removed from the project/, "its tokens end with it");
    assert.equal(refusalOf(await mint(stage)), "422 invalid-publisher");
  });

  play("nobody else gets a token: others' repositories, replays, proposals, names taken over", async (stage) => {
    const { world, issuer } = stage;
    const alice = await maintainer(world, "alice", "alpenglow");
    await register(alice, { environment: "Release" });
    const claims = (changes: Readonly<Record<string, unknown>> = {}) =>
      githubClaims(REPOSITORY, { environment: "release", ...changes });
    const cases: readonly (readonly [string, Claims, string])[] = [
      ["another repository", githubClaims("mallory/alpenglow", { environment: "release" }), "invalid-publisher"],
      [
        "another workflow",
        claims({ job_workflow_ref: `${REPOSITORY}/.github/workflows/other.yml@refs/heads/main` }),
        "invalid-publisher",
      ],
      [
        "a workflow of another repository",
        claims({ job_workflow_ref: "mallory/tools/.github/workflows/release.yml@refs/heads/main" }),
        "invalid-publisher",
      ],
      ["another environment", claims({ environment: "test" }), "invalid-publisher"],
      ["no environment", claims({ environment: undefined }), "invalid-publisher"],
      ["a pull request", claims({ event_name: "pull_request_target" }), "publisher-proposal"],
      ["a comment", claims({ event_name: "issue_comment" }), "publisher-proposal"],
      ["a claim left out", claims({ repository_id: undefined }), "invalid-publisher"],
      ["a claim of another kind", claims({ repository: ["a"] }), "invalid-publisher"],
      ["another audience", claims({ aud: "pypi" }), "audience"],
    ];
    for (const [name, given, code] of cases) assert.equal(refusalOf(await mint(stage, given)), `422 ${code}`, name);

    const token = await ask(stage, claims());
    const [first, again] = await Promise.all([mintWith(stage, token), mintWith(stage, token)]);
    assert.deepEqual([refusalOf(first), refusalOf(again)].toSorted(), ["200 none", "422 token-replayed"]);
    // Its id and owner are known from now on: a name that somebody takes over is not the same repository.
    assert.equal(refusalOf(await mint(stage, claims({ repository_id: "666" }))), "422 publisher-recreated");
    assert.equal(refusalOf(await mint(stage, claims({ repository_owner_id: "666" }))), "422 publisher-transferred");
    const renamed = "alice/alpenglow-next";
    const moved = { repository: renamed, job_workflow_ref: `${renamed}/.github/workflows/release.yml@refs/tags/v3` };
    assert.equal((await mint(stage, claims(moved))).status, 200, "a renamed one goes on");

    for (const body of ["", "{}", "[]", '{"token":1}', `{"token":"${"a".repeat(70_000)}"}`, '{"token":"a","more":1}']) {
      const headers = { "content-type": "application/json", accept: "application/json" };
      const { status } = await rawRequest(world, { method: "POST", path: "/_/oidc/mint-token", headers, body });
      assert([400, 413, 415, 422].includes(status), `${status} for ${body.slice(0, 20)}`);
    }
    issuer.behave("failing");
    await world.pass(2 * DAY);
    assert.equal(refusalOf(await mint(stage, claims())), "503 unreachable");
  });

  play(
    "rest on the account that registered them: frozen, held or gone from the project, it publishes nothing",
    async (stage) => {
      const { world } = stage;
      const alice = await maintainer(world, "alice", "alpenglow");
      await register(alice);
      const token = (await mint(stage)).token ?? "";
      const { root } = world.runtime.db;
      const id = await accountIdOf(world, "alice");
      await sql`update accounts set frozen_at = now(), frozen_because = 'suspicious' where id = ${id}`.execute(root);
      assert.equal(refusalOf(await mint(stage)), "403 publisher-not-now");
      assert.equal((await publish(world, token, "2.0")).status, 403);
      await sql`update accounts set frozen_at = null, frozen_because = null where id = ${id}`.execute(root);
      const until = new Date(world.time.now().getTime() + DAY);
      await sql`insert into holds values ('hold_t', ${id}, '{publish}', null, ${world.time.now()}, ${until}, 'test')`.execute(
        root,
      );
      assert.equal(refusalOf(await mint(stage)), "403 publisher-not-now");
      assert.match((await publish(world, token, "2.0")).reason, /on hold until/);
      await sql`delete from holds`.execute(root);
      assert.equal((await publish(world, token, "2.0")).status, 200);
      await sql`delete from project_roles where account_id = ${id}`.execute(root);
      assert.equal(refusalOf(await mint(stage)), "403 publisher-not-now");
      assert.match((await publish(world, token, "2.1")).reason, /may not publish/);
    },
  );

  const twine = client("twine");
  play(
    "twine uploads with the token that a run was given",
    async (stage) => {
      const { world } = stage;
      await register(await maintainer(world, "alice", "alpenglow"));
      const { token = "" } = await mint(stage);
      const folder = await mkdtemp(join(tmpdir(), "locksmith-run-"));
      try {
        const { filename, bytes } = wheelOf("alpenglow", "3.0");
        await writeFile(join(folder, filename), bytes);
        const target = ["--repository-url", `${world.origin}/legacy/`, "-u", "__token__", "-p", token];
        const args = ["upload", "--non-interactive", "--disable-progress-bar", ...target, join(folder, filename)];
        await promisify(execFile)(twine ?? "", args, {
          env: { PATH: process.env["PATH"] ?? "", HOME: folder, NO_PROXY: "*" },
        });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
      const { text } = await rawRequest(world, { path: "/simple/alpenglow/" });
      assert.match(text, /alpenglow-3\.0/);
    },
    { skip: twine ? false : "twine is not installed" },
  );

  /** Asks for the challenge on the case page, and gives what the run there would be told. */
  async function challenge(lost: Person): Promise<{ readonly path: string; readonly audience: string }> {
    await openCasePage(lost);
    const { html } = await lost.browser.submit(/prove\/challenge$/, { kind: "trusted-publisher" });
    const box = /<pre[^>]*id="command-trusted-publisher"[^>]*>([^]*?)<\/pre>/.exec(html)?.[1] ?? "";
    const text = decodeEntities(box.replace(/<[^>]+>/g, ""));
    const path = /\/recovery\/proof\/trusted-publisher\/[\w-]{43}/.exec(text)?.[0];
    const audience = /&audience=([\w.%-]+)"/.exec(text)?.[1];
    assert(path && audience, "the page shows what to run");
    return { path, audience: decodeURIComponent(audience) };
  }

  const answer = async ({ world }: Stage, path: string, token: string) =>
    rawRequest(world, { method: "POST", path, headers: { authorization: `Bearer ${token}`, "content-length": "0" } });

  async function lockedOut({ world }: Stage, alice: Person): Promise<Person> {
    const lost = elsewhere(world, alice);
    const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
    await confirmContact(world, lost, number);
    return lost;
  }

  play("one that was in use for long proves who is locked out, once, and in that case alone", async (stage) => {
    const { world, issuer } = stage;
    const alice = await maintainer(world, "alice", "alpenglow");
    await register(alice);
    assert.equal((await mint(stage)).status, 200);
    await world.pass(30 * DAY);
    const lost = await lockedOut(stage, alice);
    const { path, audience } = await challenge(lost);
    const sign = (changes: Readonly<Record<string, unknown>> = {}) =>
      issuer.sign({ aud: audience, ...githubClaims(REPOSITORY, { event_name: "push", ...changes }) }, world.time.now());
    assert.equal(refusalOf(await mintWith(stage, await sign())), "422 audience", "good for the case, not for uploads");
    await answer(stage, path, await ask(stage));
    await openCasePage(lost);
    expectPage(lost.browser.page, /That token could not be checked/);
    const token = await sign();
    assert.equal((await answer(stage, path, token)).status, 200);
    await openCasePage(lost);
    expectPage(lost.browser.page, /You can run the workflow that publishes a project of the account/);
    const again = await answer(stage, path, token);
    assert.notEqual(again.status, 200, "spent");
    const { rows } = await sql<{ verdict: string; root: string; observation: unknown }>`
      select verdict, root, observation from findings where kind = 'trusted-publisher' and replaced_at is null
      order by observed_at desc`.execute(world.runtime.db.root);
    const proof = rows.find(({ verdict }) => verdict === "supports");
    assert.equal(proof?.root, `forge:${new URL(issuer.url).host}/alice`);
    assert.doesNotMatch(JSON.stringify(rows), new RegExp(token.slice(-40)), "the token is kept nowhere");
  });

  play("one registered or first used after the trouble began, by whoever, counts for nothing", async (stage) => {
    const { world, issuer } = stage;
    const alice = await maintainer(world, "alice", "alpenglow");
    await register(alice);
    assert.equal((await mint(stage)).status, 200);
    await world.pass(30 * DAY);
    await register(alice, { repository: "mallory/tools" }); // a thief in her session, three days before
    const planted = githubClaims("mallory/tools");
    assert.equal((await mint(stage, planted)).status, 200);
    await world.pass(3 * DAY);
    const lost = await lockedOut(stage, alice);
    const { path, audience } = await challenge(lost);
    await answer(stage, path, await issuer.sign({ aud: audience, ...planted }, world.time.now()));
    await openCasePage(lost);
    expectPage(lost.browser.page, /no trusted publisher of a project of this account, or not one that counts/);
    await answer(
      stage,
      path,
      await issuer.sign({ aud: audience, ...githubClaims("nobody/nothing") }, world.time.now()),
    );
    const { rows } = await sql<{ verdict: string; outcome: string }>`
      select verdict, observation ->> 'outcome' as outcome from findings where kind = 'trusted-publisher'
      order by observed_at`.execute(world.runtime.db.root);
    assert.deepEqual(rows.map(({ outcome }) => outcome).toSorted(), ["not-registered", "too-young"]);
    assert(rows.every(({ verdict }) => verdict === "inconclusive"));
  });
});
