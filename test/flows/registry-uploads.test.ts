import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listEvents, verifyChain } from "../../src/audit/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { listProjectsOf, projectSummary, revokeAllApiTokens, sweepTemporaryFiles } from "../../src/registry/index.ts";
import { type TestDatabase, testDatabase } from "../world/database.ts";
import { type Distribution, makeSdist, makeWheel, makeZip, wheelEntries } from "../world/distributions.ts";
import {
  act,
  makeAccount,
  makeToken,
  multipartBody,
  postUpload,
  serveIndex,
  type TestIndex,
  uploadForm,
} from "../world/registry.ts";
import { type TestRuntime, testRuntime } from "../world/runtime.ts";

const MIB = 1024 * 1024;

let world: TestDatabase;
let runtime: TestRuntime;
let index: TestIndex;
// A suite of its own, so that its end comes before that of the database server.
describe("uploads", () => {
  before(async () => {
    world = await testDatabase();
    runtime = testRuntime(world.db);
    index = await serveIndex(runtime);
  });
  after(async () => {
    assert.deepEqual((await verifyChain(world.db)).breaches, []);
    assert.ok(
      runtime.logLines.every((line) => !/lks_|"status":500/.test(line)),
      "a secret in the log, or a failure of ours",
    );
    await index.close();
    await world.drop();
  });

  describe("bad uploads", () => {
    const HELLO = { name: "bad-hello", version: "1.0" };
    const wheel = makeWheel(HELLO);
    let token = "";
    before(async () => {
      token = await makeToken(runtime, await makeAccount(runtime, "clumsy"));
    });

    const renamed = (filename: string, bytes = wheel.bytes): Distribution => ({ filename, bytes });
    const form = (distribution: Distribution, changes: Readonly<Record<string, string | null>> = {}) =>
      uploadForm(distribution, HELLO, changes);
    const CASES: readonly (readonly [string, () => ReturnType<typeof uploadForm>, number, RegExp])[] = [
      ["no fields at all", () => [], 400, /no file in the field content/],
      ["no file", () => form(wheel).slice(0, -1), 400, /no file in the field content/],
      [
        "a file under another name",
        () => [...form(wheel).slice(0, -1), { name: "file", value: "x", filename: "x" }],
        400,
        /in the field content/,
      ],
      [
        "two files",
        () => [...form(wheel), { name: "content", value: "x", filename: "x.whl" }],
        400,
        /more than one file/,
      ],
      ["a field after the file", () => [...form(wheel), { name: "name", value: "other" }], 400, /before the file/],
      [
        "a doubled field",
        () => [{ name: "version", value: "1.0" }, ...form(wheel)],
        400,
        /version came more than once/,
      ],
      ["another action", () => form(wheel, { ":action": "submit" }), 400, /:action must be file_upload/],
      ["another protocol", () => form(wheel, { protocol_version: "2" }), 400, /protocol_version/],
      ["no name", () => form(wheel, { name: null }), 400, /not a project name/],
      ["a name that is none", () => form(wheel, { name: "-bad-" }), 400, /not a project name/],
      ["a name with control characters", () => form(wheel, { name: "bad\u0000hello" }), 400, /not a project name/],
      ["an over-long name", () => form(wheel, { name: "a".repeat(129) }), 400, /not a project name/],
      ["a version that is none", () => form(wheel, { version: "one" }), 400, /PEP 440/],
      ["a local version", () => form(wheel, { version: "1.0+local" }), 400, /local part/],
      ["an egg", () => form(wheel, { filetype: "bdist_egg" }), 400, /Only wheels .*bdist_egg/],
      ["an installer", () => form(renamed("bad_hello-1.0.exe"), { filetype: "bdist_wininst" }), 400, /Only wheels/],
      ["no digest", () => form(wheel, { sha256_digest: null }), 400, /sha256_digest is needed/],
      ["a malformed digest", () => form(wheel, { sha256_digest: "abc" }), 400, /64 hexadecimal/],
      [
        "a SHA-256 that does not match",
        () => form(wheel, { sha256_digest: "0".repeat(64) }),
        400,
        /does not match its digest.*SHA-256/,
      ],
      [
        "an MD5 that does not match",
        () => form(wheel, { md5_digest: "0".repeat(32) }),
        400,
        /does not match its digest.*MD5/,
      ],
      [
        "a BLAKE2b that does not match",
        () => form(wheel, { blake2_256_digest: "0".repeat(64) }),
        400,
        /does not match its digest.*BLAKE2b/,
      ],
      ["an empty file", () => form(renamed(wheel.filename, Buffer.alloc(0))), 400, /file is empty/],
      ["a path in the file name", () => form(renamed(`../../${wheel.filename}`)), 400, /no folders/],
      ["an absolute file name", () => form(renamed(`/etc/${wheel.filename}`)), 400, /no folders/],
      [
        "control characters in the file name",
        () => form(renamed(`bad_hello\u0001-1.0-py3-none-any.whl`)),
        400,
        /control characters/,
      ],
      ["a file name that is no wheel's", () => form(renamed("bad_hello.whl")), 400, /PEP 427/],
      ["a file named for another project", () => form(renamed("other-1.0-py3-none-any.whl")), 400, /named for "other"/],
      [
        "a file named for another version",
        () => form(renamed("bad_hello-2.0-py3-none-any.whl")),
        400,
        /named for version 2.0/,
      ],
      ["a wheel that is no zip", () => form(renamed(wheel.filename, Buffer.from("hello"))), 400, /not a valid wheel/],
      [
        "a wheel of another project",
        () => form(renamed(wheel.filename, makeZip(wheelEntries({ name: "other", version: "1.0" })))),
        400,
        /not named for bad-hello/,
      ],
      [
        "a zip bomb",
        () =>
          form(
            renamed(
              wheel.filename,
              makeZip([...wheelEntries(HELLO), { name: "zeros", data: Buffer.alloc(80 * MIB), isDeflated: true }]),
            ),
          ),
        400,
        /50 times/,
      ],
      [
        "an sdist that is no archive",
        () => form(renamed("bad_hello-1.0.tar.gz", Buffer.from("hello"))),
        400,
        /not a valid source/,
      ],
      [
        "an sdist of another version",
        () => form({ ...makeSdist({ ...HELLO, version: "9" }), filename: "bad_hello-1.0.tar.gz" }),
        400,
        /Version is "9"/,
      ],
      ["a zip as sdist", () => form(renamed("bad_hello-1.0.zip"), { filetype: "sdist" }), 400, /PEP 625/],
      ["attestations that are no list", () => form(wheel, { attestations: "{" }), 400, /attestations/],
      [
        "a signature that is none",
        () => [{ name: "gpg_signature", value: "x", filename: "x.asc" }, ...form(wheel)],
        400,
        /gpg_signature/,
      ],
      [
        "fields without end",
        () => [{ name: "description", value: "x".repeat(3 * MIB) }, ...form(wheel)],
        400,
        /too long/,
      ],
      [
        "many long fields",
        () => [...Array.from({ length: 9 }, () => ({ name: "classifiers", value: "x".repeat(MIB) })), ...form(wheel)],
        400,
        /too long/,
      ],
      [
        "a field named like a part of every object",
        () => [{ name: "__proto__", value: "x" }, ...form(wheel)],
        400,
        /./,
      ],
    ];
    for (const [what, make, status, why] of CASES) {
      test(`${what}: ${status}, and nothing is left`, async () => {
        const before_ = await index.files();
        const answer = await postUpload(index, token, make());
        assert.equal(answer.status, status, answer.text);
        assert.match(answer.text, why);
        assert.deepEqual(await index.files(), before_);
        assert.equal(await projectSummary(world.db, HELLO.name), null);
      });
    }

    const raw = async (type: string, body: string) => {
      const authorization = `Bearer ${token}`;
      return (
        await fetch(`${index.url}/legacy/`, { method: "POST", headers: { authorization, "content-type": type }, body })
      ).status;
    };

    test("what is no multipart form, or a broken one, is a 4xx", async () => {
      assert.equal(await raw("application/json", "{}"), 415);
      assert.equal(await raw("application/x-www-form-urlencoded", "a=b"), 415);
      assert.equal(await raw("multipart/form-data", "x"), 400);
      assert.equal(await raw("multipart/form-data; boundary=b", "no boundary here"), 400);
      assert.equal(
        await raw(
          "multipart/form-data; boundary=b",
          '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nnever ended',
        ),
        400,
      );
      assert.equal(
        await raw(
          "multipart/form-data; boundary=b",
          `${"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n".repeat(5000)}--b--\r\n`,
        ),
        413,
      );
    });

    test("a connection that breaks off in the middle of the file leaves nothing", async () => {
      const before_ = await index.files();
      const { body, type } = multipartBody(form(renamed(wheel.filename, randomBytes(4 * MIB))));
      const { port } = new URL(index.url);
      const head = `POST /legacy/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(head);
      socket.write(body.subarray(0, 2 * MIB));
      const temporary = join(index.filesFolder, "tmp");
      while ((await readdir(temporary).catch(() => [])).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      socket.destroy();
      while ((await readdir(temporary)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.deepEqual(await index.files(), before_);
    });

    test("a token that is revoked while its upload is on the way publishes nothing", async () => {
      const account = await makeAccount(runtime, "revoked.midway");
      const midway = await makeToken(runtime, account);
      const heavy = makeZip([...wheelEntries(HELLO), { name: "bad_hello/data", data: randomBytes(2 * MIB) }]);
      const { body, type } = multipartBody(form(renamed(wheel.filename, heavy)));
      const before_ = await index.files();
      const upload = request(`${index.url}/legacy/`, {
        method: "POST",
        headers: { authorization: `Bearer ${midway}`, "content-type": type, "content-length": body.length },
      });
      const answered = new Promise<[number | undefined, string]>((resolve) => {
        upload.on("response", (response) => resolve([response.statusCode, response.statusMessage ?? ""]));
      });
      upload.write(body.subarray(0, MIB));
      const temporary = join(index.filesFolder, "tmp");
      while ((await readdir(temporary).catch(() => [])).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      const end = { accountId: account.id, because: "account recovery", actor: { kind: "operator" } as const };
      await act(runtime, async (tx) => ok(await revokeAllApiTokens(tx, runtime.random, end)));
      upload.end(body.subarray(MIB));
      const [status, reason] = await answered;
      assert.equal(status, 403);
      assert.match(reason, /has been revoked/);
      assert.deepEqual(await index.files(), before_);
      assert.equal(await projectSummary(world.db, HELLO.name), null);
    });

    test("a file above the limit is refused with a 413 that is read to the end", async () => {
      const small = await serveIndex(runtime, { maxFileBytes: MIB });
      try {
        const large = makeZip([...wheelEntries(HELLO), { name: "bad_hello/data", data: randomBytes(3 * MIB) }]);
        const answer = await postUpload(small, token, form(renamed(wheel.filename, large)));
        assert.equal(answer.status, 413);
        assert.match(answer.text, /At most 1 MiB/);
        const announced = await postUpload(small, token, form(renamed(wheel.filename, Buffer.alloc(20 * MIB))));
        assert.equal(announced.status, 413);
        assert.match(announced.text, /At most 1 MiB/);
        assert.deepEqual(await small.files(), []);
      } finally {
        await small.close();
      }
    });

    test("what a killed process left is swept at the next start, and nothing else", async () => {
      const temporary = join(index.filesFolder, "tmp");
      await mkdir(temporary, { recursive: true });
      const orphan = createHash("sha256").update("orphan").digest("hex");
      const kept = await index.files();
      await mkdir(join(index.filesFolder, orphan.slice(0, 2)), { recursive: true });
      const old = [join(temporary, "dead.part"), join(index.filesFolder, orphan.slice(0, 2), orphan)];
      const young = join(temporary, "alive.part");
      for (const path of [...old, young]) await writeFile(path, "x");
      for (const path of old) await utimes(path, new Date(0), new Date(0));
      assert.equal(await sweepTemporaryFiles(runtime, index.filesFolder), 2);
      assert.deepEqual(new Set(await index.files()), new Set([...kept, "alive.part"]));
      // Even when everything is old: what is published stays.
      assert.equal(await sweepTemporaryFiles(runtime, index.filesFolder, new Date(Date.now() + 60_000)), 1);
      assert.deepEqual(new Set(await index.files()), new Set(kept));
    });
  });

  describe("what is kept of an upload", () => {
    test("signature and attestations as they came, and an audit event", async () => {
      const account = await makeAccount(runtime, "signer");
      const token = await makeToken(runtime, account);
      const signature = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
      const parts = uploadForm(
        makeWheel({ name: "signed", version: "1.0" }),
        { name: "signed", version: "1.0" },
        { attestations: '[{"version":1}]' },
      );
      const answer = await postUpload(index, token, [
        ...parts.slice(0, -1),
        { name: "gpg_signature", value: signature, filename: "x.asc" },
        ...parts.slice(-1),
      ]);
      assert.equal(answer.status, 200, answer.text);
      const { rows } = await world.db.pool.query(
        "select gpg_signature, attestations from files where filename like 'signed-%'",
      );
      assert.deepEqual(rows, [{ gpg_signature: signature, attestations: '[{"version":1}]' }]);
      const acts = (await listEvents(world.db, { accountId: account.id, limit: 5 })).map((event) => event.act);
      assert.deepEqual(acts.slice(0, 2), ["registry/file-published", "registry/project-created"]);
    });
  });

  describe("uploads at the same time", () => {
    const contenders = 12;

    test("of one file name with different bytes: one wins, the others are told", async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "racer"));
      const uploads = Array.from({ length: contenders }, (_, at) =>
        makeWheel({ name: "raced-file", version: "1.0", files: { "raced_file/n.py": `n = ${at}\n` } }),
      );
      const answers = await Promise.all(
        uploads.map((wheel) => postUpload(index, token, uploadForm(wheel, { name: "raced-file", version: "1.0" }))),
      );
      assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
      const others = answers.filter((answer) => answer.status !== 200);
      for (const { status, text } of others)
        assert(status === 400 && /already exists/.test(text), `${status}: ${text}`);
      const [file] = (await projectSummary(world.db, "raced-file"))?.files ?? [];
      const digests = uploads.map(({ bytes }) => createHash("sha256").update(bytes).digest("hex"));
      const kept = (await index.files()).filter((name) => digests.includes(name));
      assert.deepEqual(kept, [file?.sha256]);
    });

    test("of the very same file: all are well, and it is there once", async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "repeater"));
      const wheel = makeWheel({ name: "same-file", version: "1.0" });
      const answers = await Promise.all(
        Array.from({ length: contenders }, () =>
          postUpload(index, token, uploadForm(wheel, { name: "same-file", version: "1.0" })),
        ),
      );
      assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
      assert.equal((await projectSummary(world.db, "same-file"))?.files.length, 1);
    });

    test("of one new project by many people: one becomes its owner", async () => {
      const people = await Promise.all(
        Array.from({ length: contenders }, (_, at) => makeAccount(runtime, `contender.${"abcdefghjkmn"[at]}`)),
      );
      const tokens = await Promise.all(people.map((person) => makeToken(runtime, person)));
      const answers = await Promise.all(
        tokens.map((token, at) => {
          const name = at % 2 === 0 ? "one-owner" : "0ne_owner"; // the same to whoever reads it
          return postUpload(
            index,
            token,
            uploadForm(makeWheel({ name, version: `1.${at}` }), { name, version: `1.${at}` }),
          );
        }),
      );
      assert.equal(answers.filter((answer) => answer.status === 200).length, 1);
      assert.ok(
        answers.every((answer) => [200, 400, 403].includes(answer.status)),
        answers.map((answer) => answer.text).join(),
      );
      const owners = await Promise.all(
        people.map(async (person) => (await listProjectsOf(world.db, person.id)).length),
      );
      assert.equal(
        owners.reduce((total, owned) => total + owned, 0),
        1,
      );
    });

    test("of different files of one release: all are there", async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "builder"));
      const wheels = Array.from({ length: contenders }, (_, at) => {
        const { bytes } = makeWheel({
          name: "many-files",
          version: "1.0",
          files: { "many_files/n.py": `n = ${at}\n` },
        });
        return { filename: `many_files-1.0-cp3${at}-none-any.whl`, bytes };
      });
      const answers = await Promise.all(
        wheels.map((wheel) => postUpload(index, token, uploadForm(wheel, { name: "many-files", version: "1.0" }))),
      );
      assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]));
      const summary = await projectSummary(world.db, "many-files");
      assert.deepEqual([summary?.releases.length, summary?.files.length], [1, contenders]);
    });
  });
});
