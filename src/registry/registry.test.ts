import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { listEvents, verifyChain } from "../audit/index.ts";
import type { Account } from "../accounts/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { ApiTokenId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import { type TestDatabase, testDatabase } from "../../test/world/database.ts";
import { makeSdist, makeWheel } from "../../test/world/distributions.ts";
import {
  act,
  makeAccount,
  makeToken,
  must,
  postUpload,
  serveIndex,
  type TestIndex,
  uploadForm,
} from "../../test/world/registry.ts";
import { type TestRuntime, testRuntime } from "../../test/world/runtime.ts";
import {
  addOrganisationMember,
  assignProject,
  authenticateApiToken,
  createApiToken,
  createOrganisation,
  grantRole,
  holdApiToken,
  impactOf,
  listActiveHolds,
  listApiTokens,
  listCoOwners,
  listOrganisationsOf,
  listProjectsOf,
  placeHold,
  projectSummary,
  recordsOf,
  requireNoHold,
  revokeAllApiTokens,
  revokeApiToken,
  yankRelease,
} from "./index.ts";

const DAY_MS = 24 * 3600 * 1000;

let world: TestDatabase;
let runtime: TestRuntime;
let index: TestIndex;
// A suite of its own, so that its end comes before that of the database server.
describe("the registry", () => {
  before(async () => {
    world = await testDatabase();
    runtime = testRuntime(world.db);
    index = await serveIndex(runtime);
  });
  after(async () => {
    const chain = await verifyChain(world.db);
    assert.deepEqual(chain.breaches, []);
    await index.close();
    await world.drop();
  });

  const now = () => runtime.clock.now();
  const codeOf = async (result: Promise<Result<unknown>>): Promise<string> => {
    const settled = await result;
    return settled.ok ? "ok" : settled.refusal.code;
  };
  const self = (account: Account) => ({ kind: "subscriber", id: account.id }) as const;

  async function publish(
    account: Account,
    name: string,
    version: string,
    requiresDist: readonly string[] = [],
  ): Promise<void> {
    const token = await makeToken(runtime, account, { name: `for ${name}` });
    const answer = await postUpload(
      index,
      token,
      uploadForm(makeWheel({ name, version, requiresDist }), { name, version }),
    );
    assert.equal(answer.status, 200, answer.text);
    runtime.clock.advance(1000); // ids of one millisecond are in no order
  }

  describe("API tokens", () => {
    test("are known by their digest only, and name their account", async () => {
      const alice = await makeAccount(runtime, "token.alice");
      const text = await makeToken(runtime, alice, { name: "laptop" });
      const holder = must(await authenticateApiToken(world.db, ` ${text}\n`, now()));
      assert.equal(holder.account.username, "token.alice");
      assert.equal(holder.token.name, "laptop");
      const { rows } = await world.db.pool.query("select to_jsonb(api_tokens)::text as row from api_tokens");
      assert.ok(rows.every(({ row }) => !row.includes(text.slice(4))));
      assert.ok(runtime.logLines.every((line) => !line.includes(text)));
    });

    test("stop when they expire, are held or revoked, and each says which", async () => {
      const account = await makeAccount(runtime, "token.bob");
      const say = (text: string) => codeOf(authenticateApiToken(world.db, text, now()));
      const short = await makeToken(runtime, account, { name: "short", expiresAt: new Date(now().getTime() + DAY_MS) });
      const held = await makeToken(runtime, account, { name: "held" });
      const revoked = await makeToken(runtime, account, { name: "revoked" });
      const ids = new Map((await listApiTokens(world.db, account.id)).map((token) => [token.name, token.id]));
      const end = (name: string) => ({
        id: ids.get(name) as ApiTokenId,
        accountId: account.id,
        because: "a test",
        actor: self(account),
      });
      for (let twice = 0; twice < 2; twice += 1) {
        await act(runtime, (tx) => holdApiToken(tx, runtime.random, end("held")));
        await act(runtime, (tx) => revokeApiToken(tx, runtime.random, end("revoked")));
      }
      const events = await listEvents(world.db, { accountId: account.id, limit: 20 });
      assert.equal(events.filter((event) => event.act === "registry/api-token-held").length, 1);
      assert.equal(events.filter((event) => event.act === "registry/api-token-revoked").length, 1);
      assert.equal(await say(short), "ok");
      runtime.clock.advance(DAY_MS);
      assert.deepEqual(await Promise.all([short, held, revoked].map(say)), [
        "registry/token-expired",
        "registry/token-held",
        "registry/token-revoked",
      ]);
      const never = "lks_00000000000000000000000000000000000000000000";
      assert.equal(await say(never), "registry/token-mistyped");
    });

    test("of another account cannot be ended, and all of one account can at once", async () => {
      const mine = await makeAccount(runtime, "token.carol");
      const other = await makeAccount(runtime, "token.dave");
      await makeToken(runtime, mine);
      await makeToken(runtime, mine, { name: "second" });
      const [token] = await listApiTokens(world.db, mine.id);
      assert.ok(token);
      const theft = { id: token.id, accountId: other.id, because: "a test", actor: self(other) };
      const attempt = (work: typeof revokeApiToken) =>
        transact(world.db, { now: now() }, (tx) => work(tx, runtime.random, theft));
      assert.equal(await codeOf(attempt(revokeApiToken)), "registry/no-such-token");
      assert.equal(await codeOf(attempt(holdApiToken)), "registry/no-such-token");
      const revokeAll = () =>
        act(runtime, async (tx) =>
          ok(
            await revokeAllApiTokens(tx, runtime.random, {
              accountId: mine.id,
              because: "account recovery",
              actor: self(mine),
            }),
          ),
        );
      assert.equal(await revokeAll(), 2);
      assert.equal(await revokeAll(), 0);
      assert.ok((await listApiTokens(world.db, mine.id)).every((one) => one.revoked?.because === "account recovery"));
    });

    test("are limited to projects the account has a role on, and need a name", async () => {
      const account = await makeAccount(runtime, "token.erin");
      await publish(account, "erins-project", "1.0");
      const make = (name: string, projects: readonly string[] | null, expiresAt: Date | null = null) =>
        codeOf(
          transact(world.db, { now: now() }, (tx) =>
            createApiToken(tx, runtime.random, {
              accountId: account.id,
              name,
              projects,
              expiresAt,
              actor: self(account),
            }),
          ),
        );
      assert.equal(await make("ci", ["Erins.Project"]), "ok");
      assert.equal(await make("ci", ["requests"]), "registry/token-projects");
      assert.equal(await make("ci", []), "registry/token-projects");
      assert.equal(await make(" ", null), "registry/token-name");
      assert.equal(await make("two\nlines", null), "registry/token-name");
      assert.equal(await make("x".repeat(101), null), "registry/token-name");
      assert.equal(await make("late", null, now()), "registry/token-expired");
    });

    test("note their use at most once a minute", async () => {
      const account = await makeAccount(runtime, "token.frank");
      const text = await makeToken(runtime, account);
      const lastUse = async () => (await listApiTokens(world.db, account.id))[0]?.lastUsedAt;
      assert.equal(await lastUse(), null);
      await postUpload(index, text, []);
      const first = now();
      assert.deepEqual(await lastUse(), first);
      runtime.clock.advance(59_000);
      await postUpload(index, text, []);
      assert.deepEqual(await lastUse(), first);
      runtime.clock.advance(2_000);
      await postUpload(index, text, []);
      assert.deepEqual(await lastUse(), now());
    });
  });

  describe("holds", () => {
    test("take away the powers they name, say until when and why, and end by themselves", async () => {
      const account = await makeAccount(runtime, "hold.alice");
      const until = new Date(now().getTime() + 3 * DAY_MS);
      const place = (days: number) =>
        act(runtime, async (tx) =>
          ok(
            await placeHold(tx, runtime.random, {
              accountId: account.id,
              powers: ["publish", "tokens"],
              caseId: null,
              until: new Date(now().getTime() + days * DAY_MS),
              because: "account recovery",
              actor: { kind: "clock" },
            }),
          ),
        );
      await place(3);
      await place(1); // a shorter one beside it does not shorten it
      const refused = await requireNoHold(world.db, account.id, "publish", now());
      assert.ok(!refused.ok);
      assert.equal(refused.refusal.status, 403);
      assert.ok(refused.refusal.detail?.includes(until.toISOString()));
      assert.match(
        refused.refusal.detail ?? "",
        /Publishing from this account is on hold until .* 2026, \d\d:\d\d UTC .*Reason: account recovery\./,
      );
      assert.equal(await codeOf(requireNoHold(world.db, account.id, "addresses", now())), "ok");
      assert.equal((await listActiveHolds(world.db, account.id, now())).length, 2);
      assert.equal(await codeOf(requireNoHold(world.db, account.id, "tokens", until)), "ok");
      assert.deepEqual(await listActiveHolds(world.db, account.id, until), []);
    });
  });

  describe("what an account has", () => {
    test("is counted over everything it owns or may upload to, by the largest project", async () => {
      const owner = await makeAccount(runtime, "impact.owner");
      const maintainer = await makeAccount(runtime, "impact.maintainer");
      const others = await makeAccount(runtime, "impact.others");
      await publish(owner, "impact-base", "1.0");
      await publish(owner, "impact-extra", "1.0", ["impact-base"]); // one's own projects are no dependents
      for (const name of ["uses-one", "uses-two"])
        await publish(others, name, "1.0", ["Impact_Base>=1", "impact-extra; extra == 'x'"]);
      await publish(others, "uses-two", "0.9", ["impact-extra"]); // an older release changes nothing
      await act(runtime, (tx) =>
        grantRole(tx, runtime.random, {
          project: "impact-base",
          accountId: maintainer.id,
          role: "maintainer",
          by: owner.id,
        }),
      );
      assert.deepEqual(await impactOf(world.db, owner.id, now()), {
        ownedProjects: 2,
        roles: 0,
        ownedOrganisations: 0,
        liveTokens: 2,
        dependents: 2,
        downloads30d: 0,
        releases: 2,
      });
      const ofMaintainer = await impactOf(world.db, maintainer.id, now());
      assert.deepEqual([ofMaintainer.ownedProjects, ofMaintainer.roles, ofMaintainer.liveTokens], [0, 1, 0]);
      assert.equal(ofMaintainer.dependents, 3); // for the maintainer impact-extra is somebody else's
      await publish(others, "uses-two", "2.0", []); // the newest release needs it no more
      assert.equal((await impactOf(world.db, owner.id, now())).dependents, 1);
    });

    test("downloads of the last 30 days count, once they are written", async () => {
      const owner = await makeAccount(runtime, "downloads.owner");
      await publish(owner, "downloaded", "1.0");
      const { files } = (await projectSummary(world.db, "downloaded")) ?? { files: [] };
      const [file] = files;
      assert.ok(file);
      const fetchOnce = async () => {
        const response = await fetch(`${index.url}/files/${file.sha256}/${file.filename}`);
        assert.equal((await response.arrayBuffer()).byteLength, file.size);
      };
      for (let times = 0; times < 3; times += 1) await fetchOnce();
      await index.downloads.flush(world.db, now());
      await fetchOnce();
      await index.downloads.flush(world.db, now());
      assert.equal((await impactOf(world.db, owner.id, now())).downloads30d, 4);
      const later = new Date(now().getTime() + 31 * DAY_MS);
      assert.equal((await impactOf(world.db, owner.id, later)).downloads30d, 0);
    });

    test("is shared with co-owners, its own and those of organisations", async () => {
      const alice = await makeAccount(runtime, "share.alice");
      const bob = await makeAccount(runtime, "share.bob");
      const carol = await makeAccount(runtime, "share.carol");
      const dave = await makeAccount(runtime, "share.dave");
      await publish(alice, "shared-one", "1.0");
      await publish(alice, "shared-two", "1.0");
      await act(runtime, (tx) =>
        grantRole(tx, runtime.random, { project: "shared-one", accountId: bob.id, role: "owner", by: alice.id }),
      );
      await act(runtime, (tx) =>
        grantRole(tx, runtime.random, { project: "shared-one", accountId: dave.id, role: "maintainer", by: bob.id }),
      );
      const organisation = await act(runtime, (tx) =>
        createOrganisation(tx, runtime.random, { name: "Sharing-Co", ownerId: alice.id, actor: self(alice) }),
      );
      await act(runtime, async (tx) => {
        await addOrganisationMember(tx, runtime.random, {
          organisationId: organisation,
          accountId: carol.id,
          role: "manager",
          actor: self(alice),
        });
        return assignProject(tx, runtime.random, { organisationId: organisation, project: "shared-two", by: alice.id });
      });
      const coOwners = await listCoOwners(world.db, alice.id);
      assert.deepEqual(
        new Map(coOwners.map((one) => [one.accountId, one.projects])),
        new Map([
          [bob.id, ["shared-one"]],
          [carol.id, ["shared-two"]],
        ]),
      );
      assert.deepEqual(
        new Set((await listCoOwners(world.db, dave.id)).map((one) => one.accountId)),
        new Set([alice.id, bob.id]),
      );
      assert.deepEqual(
        (await listProjectsOf(world.db, carol.id)).map(({ name, role }) => [name, role]),
        [["shared-two", "owner"]],
      );
      assert.deepEqual(
        (await listOrganisationsOf(world.db, carol.id)).map(({ name, role }) => [name, role]),
        [["Sharing-Co", "manager"]],
      );
      const refused = transact(world.db, { now: now() }, (tx) =>
        grantRole(tx, runtime.random, { project: "shared-one", accountId: carol.id, role: "owner", by: dave.id }),
      );
      assert.equal(await codeOf(refused), "registry/not-owner");
    });

    test("is told as records, each public or private", async () => {
      const alice = await makeAccount(runtime, "records.alice");
      await publish(alice, "Recorded.Project", "1.0");
      const uploaded = now().toISOString().slice(0, 7);
      await act(runtime, (tx) =>
        createOrganisation(tx, runtime.random, { name: "records", ownerId: alice.id, actor: self(alice) }),
      );
      assert.deepEqual(await recordsOf(world.db, alice.id), [
        { kind: "project", value: "Recorded.Project", about: null, isPublic: true },
        { kind: "first-upload", value: uploaded, about: "Recorded.Project", isPublic: true },
        { kind: "last-upload", value: uploaded, about: "Recorded.Project", isPublic: true },
        { kind: "organisation", value: "records", about: null, isPublic: false },
        { kind: "api-token", value: "for Recorded.Project", about: null, isPublic: false },
      ]);
    });

    test("a project is summed up by its newest release that is not yanked", async () => {
      const alice = await makeAccount(runtime, "summary.alice");
      for (const version of ["1.9", "1.10", "2.0rc1"]) await publish(alice, "summed", version);
      const token = await makeToken(runtime, alice);
      const sdist = makeSdist({ name: "summed", version: "1.10" });
      assert.equal(
        (await postUpload(index, token, uploadForm(sdist, { name: "summed", version: "1.10" }))).status,
        200,
      );
      assert.equal((await projectSummary(world.db, "SUMMED"))?.newest?.version, "1.10");
      await act(runtime, (tx) =>
        yankRelease(tx, runtime.random, { project: "summed", version: "1.10", because: "broken", by: alice.id }),
      );
      const summary = await projectSummary(world.db, "summed");
      assert.equal(summary?.newest?.version, "1.9");
      assert.equal(summary?.newest?.description, "summed says hello.\n");
      assert.deepEqual(
        summary?.files.map((file) => file.yanked),
        [null, "broken", null, "broken"],
      );
      assert.equal(await projectSummary(world.db, "not-there"), null);
    });
  });
});
