import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sql } from "kysely";
import { decodeEntities } from "../../src/bin/demo/browser.ts";
import { expectPage, type Person, upload, wheelOf } from "../../src/bin/demo/person.ts";
import { confirmContact, openCasePage, openFromForm } from "../../src/bin/demo/recovery.ts";
import { accountIdOf, DAY, elsewhere, maintainer, rawRequest } from "../adversary/cast.ts";
import { type Identity, startSigstore, type TestSigstore } from "../world/sigstore.ts";
import { startWorld, type World } from "../world/world.ts";

/* Files that come with who signed them, and the signer who is let back in by signing again. */

interface Stage {
  readonly world: World;
  readonly sigstore: TestSigstore;
}

function play(name: string, act: (stage: Stage) => Promise<void>) {
  void test(name, async () => {
    const sigstore = await startSigstore();
    const folder = await mkdtemp(join(tmpdir(), "locksmith-sigstore-"));
    const file = join(folder, "root.json");
    await writeFile(file, sigstore.root);
    const world = await startWorld({ seed: name, settings: { SIGSTORE_ROOT_FILE: file } });
    try {
      await act({ world, sigstore });
    } catch (error) {
      await world.abandon();
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await world.close();
  });
}

const ALICE: Identity = { subject: "https://id.example/alice", issuer: "https://login.example" };
const MALLORY: Identity = { ...ALICE, subject: "https://id.example/mallory" };
const RUN: Identity = {
  subject: "https://github.com/alice/alpenglow/.github/workflows/release.yml@refs/tags/v2",
  issuer: "https://token.actions.githubusercontent.com",
};

/** Uploads a version of alpenglow with these attestations. */
function publish(world: World, person: Pick<Person, "token">, version: string, attestations: readonly unknown[]) {
  const wheel = wheelOf("alpenglow", version);
  const fields = { ...wheel.fields, attestations: JSON.stringify(attestations) };
  return upload(world, person as Person, { ...wheel, fields }); // of a person, uploading needs the token alone
}

const wheelNamed = (version: string) => wheelOf("alpenglow", version);

describe("attestations", () => {
  play("are verified, kept and shown beside the file, in both forms of the index", async ({ world, sigstore }) => {
    const alice = await maintainer(world, "alice", "alpenglow");
    const one = await sigstore.attest(ALICE, wheelNamed("2.0"));
    const done = await publish(world, alice, "2.0", [one]);
    assert.equal(done.status, 200, done.reason);
    const { filename } = wheelNamed("2.0");
    const path = `/integrity/alpenglow/2.0/${filename}/provenance`;
    const shown = await rawRequest(world, { path });
    assert.equal(shown.status, 200);
    assert.match(String(shown.headers["content-type"]), /^application\/vnd\.pypi\.integrity\.v1\+json\b/);
    const [bundle] = (JSON.parse(shown.text) as { attestation_bundles: readonly Record<string, unknown>[] })
      .attestation_bundles; // compared whole
    assert.deepEqual(bundle, { publisher: { kind: "sigstore", ...ALICE }, attestations: [one] });
    const html = await rawRequest(world, { path: "/simple/alpenglow/" });
    assert(html.text.includes(`data-provenance="${path}"`));
    const accept = "application/vnd.pypi.simple.v1+json";
    const listed = await rawRequest(world, { path: "/simple/alpenglow/", headers: { accept } });
    const files = (JSON.parse(listed.text) as { files: readonly { filename: string; provenance?: string }[] }).files;
    assert.deepEqual(
      files.map((file) => file.provenance ?? null),
      [null, path],
    );
    assert.equal((await rawRequest(world, { path: path.replace("2.0", "9.9") })).status, 404);
  });

  play(
    "an upload with another signer, file or signature is refused, and publishes nothing",
    async ({ world, sigstore }) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const good = await sigstore.attest(RUN, wheelNamed("2.0"));
      const stranger = await (await startSigstore()).attest(RUN, wheelNamed("2.0"));
      const cases: readonly (readonly [string, readonly unknown[]])[] = [
        ["about another file", [await sigstore.attest(RUN, wheelNamed("3.0"))]],
        ["by roots nobody trusts", [stranger]],
        ["three", [good, good, good]],
        ["no attestation", [{}]],
        ["a good one and a bad one", [good, stranger]],
      ];
      for (const [name, attestations] of cases) {
        const refused = await publish(world, alice, "2.0", attestations);
        assert.equal(refused.status, 400, name);
        assert.match(refused.reason, /attestation/, name);
      }
      // The token of a run: what it uploads is signed by that run or not at all.
      const { root } = world.runtime.db;
      await sql`insert into publishers (id, project_id, service, issuer, repository, workflow, added_by, added_at)
      select 'pub_t', id, 'github', ${RUN.issuer}, 'alice/alpenglow', 'release.yml', ${await accountIdOf(world, "alice")}, now() from projects`.execute(
        root,
      );
      await sql`update api_tokens set publishers = '{pub_t}', projects = '{alpenglow}'`.execute(root);
      const borrowed = await publish(world, alice, "2.0", [await sigstore.attest(ALICE, wheelNamed("2.0"))]);
      assert.match(borrowed.reason, /signed by somebody else than the publisher/);
      const { rows } = await sql<{ count: bigint }>`select count(*) from files`.execute(root);
      assert.equal(Number(rows[0]?.count), 1, "the first release alone");
      const own = await publish(world, alice, "2.0", [good]);
      assert.equal(own.status, 200, own.reason);
    },
  );

  async function answer(world: World, lost: Person, sign: (text: Buffer) => Promise<string>): Promise<string> {
    await openCasePage(lost);
    const { html } = await lost.browser.submit(/prove\/challenge$/, { kind: "sigstore" });
    const box = /<pre[^>]*id="command-sigstore"[^>]*>([^]*?)<\/pre>/.exec(html)?.[1] ?? "";
    const text = /printf '%s' '([^']+)'/.exec(decodeEntities(box.replace(/<[^>]+>/g, "")))?.[1];
    assert(text, "the page shows what to sign");
    const page = await lost.browser.submit(/prove\/sigstore$/, { bundle: await sign(Buffer.from(text)) });
    await world.settle();
    return page.text;
  }

  play(
    "who signed earlier files proves who is locked out; who signed since then does not",
    async ({ world, sigstore }) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      assert.equal((await publish(world, alice, "2.0", [await sigstore.attest(ALICE, wheelNamed("2.0"))])).status, 200);
      await world.pass(30 * DAY);
      // A thief with her token signs a release of theirs, three days before.
      assert.equal(
        (await publish(world, alice, "2.1", [await sigstore.attest(MALLORY, wheelNamed("2.1"))])).status,
        200,
      );
      await world.pass(3 * DAY);
      const lost = elsewhere(world, alice);
      const { number } = await openFromForm(lost, { username: "alice", contact: alice.address });
      await confirmContact(world, lost, number);
      assert.match(
        await answer(world, lost, (text) => sigstore.signBytes(MALLORY, text)),
        /no earlier file of the account’s projects that counts/,
      );
      assert.match(
        await answer(world, lost, () => sigstore.signBytes(ALICE, Buffer.from("another text"))),
        /does not fit the text/,
      );
      assert.match(await answer(world, lost, async () => "no bundle"), /does not read as a sigstore bundle/);
      assert.match(
        await answer(world, lost, (text) => sigstore.signBytes(ALICE, text)),
        /earlier files of a project of the account carry the same signer/,
      );
      await openCasePage(lost);
      expectPage(lost.browser.page, /A sigstore signature/);
      const { rows } = await sql<{ root: string }>`
      select root from findings where kind = 'sigstore' and verdict = 'supports'`.execute(world.runtime.db.root);
      assert.deepEqual(rows, [{ root: `key:${ALICE.subject}` }]);
    },
  );
});
