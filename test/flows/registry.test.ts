import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freezeAccount } from "../../src/accounts/index.ts";
import { verifyChain } from "../../src/audit/index.ts";
import { ok } from "../../src/kernel/result.ts";
import { placeHold, projectSummary } from "../../src/registry/index.ts";
import { client } from "../clients.ts";
import { type TestDatabase, testDatabase } from "../world/database.ts";
import { coreMetadata, type Distribution, makeSdist, makeWheel } from "../world/distributions.ts";
import {
  act,
  get,
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
let scratch: string;
// A suite of its own, so that its end comes before that of the database server.
describe("the index", () => {
  before(async () => {
    world = await testDatabase();
    runtime = testRuntime(world.db);
    index = await serveIndex(runtime);
    scratch = await mkdtemp(join(tmpdir(), "locksmith-registry-"));
  });
  after(async () => {
    assert.deepEqual((await verifyChain(world.db)).breaches, []);
    assert.ok(
      runtime.logLines.every((line) => !/lks_|"status":500/.test(line)),
      "a secret in the log, or a failure of ours",
    );
    await index.close();
    await world.drop();
    await rm(scratch, { recursive: true, force: true });
  });

  interface Run {
    readonly code: number;
    readonly output: string;
  }

  /** What a client printed, without colours and line breaks: it wraps by the width of a terminal. */
  // oxlint-disable-next-line no-control-regex -- the escape character is the purpose
  const plain = (output: string): string => output.replace(/\u001b\[\d*m/g, "").replace(/\s+/g, " ");

  /** Runs an outside client with nothing of this machine's configuration. */
  const run = (program: string, args: readonly string[]): Promise<Run> =>
    new Promise((resolve) => {
      const env = {
        PATH: process.env["PATH"] ?? "",
        HOME: scratch,
        LC_ALL: "C.UTF-8",
        PIP_CONFIG_FILE: "/dev/null",
        NO_PROXY: "*",
      };
      execFile(program, args, { env, timeout: 120_000, maxBuffer: 16 * MIB }, (error, stdout, stderr) => {
        resolve({
          code: error ? (typeof error.code === "number" ? error.code : 1) : 0,
          output: plain(`${stdout}\n${stderr}`),
        });
      });
    });

  async function save(...distributions: readonly Distribution[]): Promise<string[]> {
    const folder = await mkdtemp(join(scratch, "dist-"));
    const paths = distributions.map(({ filename }) => join(folder, filename));
    for (const [at, { bytes }] of distributions.entries()) await writeFile(paths[at] ?? "", bytes);
    return paths;
  }

  const twineUpload = (
    twine: string,
    token: string,
    paths: readonly string[],
    more: readonly string[] = [],
  ): Promise<Run> =>
    run(twine, [
      "upload",
      "--non-interactive",
      "--disable-progress-bar",
      ...more,
      "--repository-url",
      `${index.url}/legacy/`,
      "-u",
      "__token__",
      "-p",
      token,
      ...paths,
    ]);

  /** The index as it looks to a client that does not know JSON. */
  async function htmlOnly(): Promise<{ readonly url: string; readonly types: Set<string>; close(): void }> {
    const types = new Set<string>();
    const server = createServer(async (request, response) => {
      const answer = await fetch(`${index.url}${request.url}`, {
        headers: { accept: "text/html" },
        redirect: "manual",
      });
      types.add(answer.headers.get("content-type") ?? "");
      response.writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "",
        location: answer.headers.get("location") ?? "",
      });
      response.end(Buffer.from(await answer.arrayBuffer()));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, types, close: () => server.close() };
  }

  const pip = (program: string, verb: readonly string[], url: string): Promise<Run> =>
    run(program, [
      ...verb,
      "--disable-pip-version-check",
      "--no-cache-dir",
      "--no-deps",
      "--no-build-isolation",
      "--no-input",
      "--index-url",
      `${url}/simple/`,
      "--trusted-host",
      "127.0.0.1",
    ]);

  describe("twine and pip", () => {
    const HELLO = { name: "My.Hello", version: "1.0", requiresPython: ">=3.7" };
    const wheel = makeWheel(HELLO);
    const sdist = makeSdist(HELLO);
    const twine = client("twine");
    const pipProgram = client("pip3");
    let token = "";

    before(async () => {
      token = await makeToken(runtime, await makeAccount(runtime, "alice"));
    });

    test("twine uploads a wheel and an sdist; the uploader owns the new project", { skip: !twine }, async () => {
      const { code, output } = await twineUpload(twine ?? "", token, await save(wheel, sdist));
      assert.equal(code, 0, output);
      const summary = await projectSummary(world.db, "my-hello");
      assert.equal(summary?.project.name, "My.Hello");
      assert.deepEqual(new Set(summary?.files.map((file) => file.filename)), new Set([wheel.filename, sdist.filename]));
    });

    for (const format of ["JSON", "HTML"] as const) {
      test(`pip installs the wheel from the ${format} index and Python runs it`, {
        skip: !twine || !pipProgram,
      }, async () => {
        const proxy = await htmlOnly();
        try {
          const target = await mkdtemp(join(scratch, "target-"));
          const url = format === "HTML" ? proxy.url : index.url;
          const { code, output } = await pip(pipProgram ?? "", ["install", "--target", target, "My_Hello==1.0"], url);
          assert.equal(code, 0, output);
          assert.match(await readFile(join(target, "my_hello", "__init__.py"), "utf8"), /hello from My.Hello/);
          if (format === "HTML") assert.ok([...proxy.types].some((type) => type.startsWith("text/html")));
        } finally {
          proxy.close();
        }
      });
    }

    test("pip downloads the very bytes, with their digest required", { skip: !twine || !pipProgram }, async () => {
      const target = await mkdtemp(join(scratch, "download-"));
      const requirements = join(target, "requirements.txt");
      await writeFile(
        requirements,
        `my-hello==1.0 --hash=sha256:${createHash("sha256").update(wheel.bytes).digest("hex")}\n`,
      );
      const { code, output } = await pip(
        pipProgram ?? "",
        ["download", "-d", target, "--require-hashes", "-r", requirements],
        index.url,
      );
      assert.equal(code, 0, output);
      assert.ok((await readFile(join(target, wheel.filename))).equals(wheel.bytes));
    });

    test("the sdist comes back byte for byte", { skip: !twine }, async () => {
      const page = JSON.parse(
        (await get(index, "/simple/my-hello/", { accept: "application/vnd.pypi.simple.v1+json" })).text,
      );
      const file = page.files.find((one: { filename: string }) => one.filename === sdist.filename);
      const response = await fetch(new URL(file.url, index.url));
      assert.equal(response.headers.get("content-type"), "application/gzip");
      assert.ok(Buffer.from(await response.arrayBuffer()).equals(sdist.bytes));
    });

    test("pip downloads the sdist, and builds and installs from it", { skip: !twine || !pipProgram }, async () => {
      const target = await mkdtemp(join(scratch, "sdist-"));
      const source = ["--no-binary", ":all:", "my-hello"];
      const downloaded = await pip(pipProgram ?? "", ["download", "-d", target, ...source], index.url);
      assert.equal(downloaded.code, 0, downloaded.output);
      assert.ok((await readFile(join(target, sdist.filename))).equals(sdist.bytes));
      const installed = await pip(pipProgram ?? "", ["install", "--target", target, ...source], index.url);
      assert.equal(installed.code, 0, installed.output);
      assert.match(await readFile(join(target, "my_hello", "__init__.py"), "utf8"), /hello from My.Hello/);
    });

    test("pip refuses bytes that were changed on the disk", { skip: !twine || !pipProgram }, async () => {
      const sha256 = createHash("sha256").update(wheel.bytes).digest("hex");
      const blob = join(index.filesFolder, sha256.slice(0, 2), sha256);
      const changed = Buffer.from(wheel.bytes);
      changed[100] = (changed[100] ?? 0) ^ 1;
      await writeFile(blob, changed);
      try {
        const target = await mkdtemp(join(scratch, "changed-"));
        const { code, output } = await pip(pipProgram ?? "", ["download", "-d", target, "my-hello==1.0"], index.url);
        assert.notEqual(code, 0);
        assert.match(output, /DO NOT MATCH THE HASHES/);
      } finally {
        await writeFile(blob, wheel.bytes);
      }
    });

    test("the same upload again is no fault; other bytes under the name are, and --skip-existing passes them", {
      skip: !twine,
    }, async () => {
      const again = await twineUpload(twine ?? "", token, await save(wheel, sdist));
      assert.equal(again.code, 0, again.output);
      const other = makeWheel({ ...HELLO, files: { "my_hello/more.py": "x = 1\n" } });
      const refused = await twineUpload(twine ?? "", token, await save(other));
      assert.equal(refused.code, 1);
      assert.match(refused.output, /400 .*File already exists/);
      const skipped = await twineUpload(twine ?? "", token, await save(other), ["--skip-existing"]);
      assert.equal(skipped.code, 0, skipped.output);
      assert.match(skipped.output, /already exist/);
    });

    test("twine prints what is wrong with a token", { skip: !twine }, async () => {
      const paths = await save(makeWheel({ name: "never", version: "1.0" }));
      const wrong = token.slice(0, -1) + (token.endsWith("0") ? "1" : "0");
      assert.match((await twineUpload(twine ?? "", wrong, paths)).output, /403 .*checksum does not fit/);
      assert.match((await twineUpload(twine ?? "", "hunter2", paths)).output, /403 .*not an API token of this index/);
      assert.equal(await projectSummary(world.db, "never"), null);
    });

    test("while publishing is held twine prints the date, and after it the upload works", {
      skip: !twine,
    }, async () => {
      const account = await makeAccount(runtime, "held.alice");
      const heldToken = await makeToken(runtime, account);
      const until = new Date(runtime.clock.now().getTime() + 72 * 3600 * 1000);
      const actor = { kind: "clock" } as const;
      await act(runtime, async (tx) =>
        ok(
          await placeHold(tx, runtime.random, {
            accountId: account.id,
            powers: ["publish"],
            caseId: null,
            until,
            because: "account recovery",
            actor,
          }),
        ),
      );
      const paths = await save(makeWheel({ name: "held-project", version: "1.0" }));
      const held = await twineUpload(twine ?? "", heldToken, paths);
      assert.equal(held.code, 1);
      assert.match(held.output, /403 .*on hold until Thursday 5 November 2026, 09:\d\d UTC .*Reason: account recovery/);
      assert.equal(await projectSummary(world.db, "held-project"), null);
      runtime.clock.advance(72 * 3600 * 1000);
      const later = await twineUpload(twine ?? "", heldToken, paths);
      assert.equal(later.code, 0, later.output);
      runtime.clock.advance(-72 * 3600 * 1000);
    });

    test("a frozen account does not publish, and twine says so", { skip: !twine }, async () => {
      const account = await makeAccount(runtime, "frozen.alice");
      const frozenToken = await makeToken(runtime, account);
      const actor = { kind: "subscriber", id: account.id } as const;
      await act(runtime, async (tx) =>
        ok(await freezeAccount(tx, runtime.random, { accountId: account.id, because: "owner", caseId: null, actor })),
      );
      const { code, output } = await twineUpload(
        twine ?? "",
        frozenToken,
        await save(makeWheel({ name: "frozen-project", version: "1.0" })),
      );
      assert.equal(code, 1);
      assert.match(output, /403 .*frozen/);
      assert.equal(await projectSummary(world.db, "frozen-project"), null);
    });
  });

  describe("who may upload", () => {
    test("without a token: 401, and twine's kind of client is asked for Basic", async () => {
      const { body, type } = multipartBody([]);
      const response = await fetch(`${index.url}/legacy/`, {
        method: "POST",
        headers: { "content-type": type },
        body: new Uint8Array(body),
      });
      assert.equal(response.status, 401);
      assert.match(response.headers.get("www-authenticate") ?? "", /^Basic/);
    });

    test("a Bearer token is taken, and the path without its slash", async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "bearer"));
      const { body, type } = multipartBody(
        uploadForm(makeWheel({ name: "borne", version: "1" }), { name: "borne", version: "1" }),
      );
      const headers = { authorization: `Bearer ${token}`, "content-type": type };
      const response = await fetch(`${index.url}/legacy`, { method: "POST", headers, body: new Uint8Array(body) });
      assert.equal(response.status, 200);
    });

    test("nobody else's project, no look-alike of it, and nothing outside a token's projects", async () => {
      const owner = await makeAccount(runtime, "role.owner");
      const stranger = await makeAccount(runtime, "role.stranger");
      const ownerToken = await makeToken(runtime, owner);
      const strangerToken = await makeToken(runtime, stranger);
      const upload = (token: string, name: string, version = "1.0") =>
        postUpload(index, token, uploadForm(makeWheel({ name, version }), { name, version }));
      assert.equal((await upload(ownerToken, "Pillow-Talk")).status, 200);
      const others = await upload(strangerToken, "pillow.talk", "1.1");
      assert.equal(others.status, 403);
      assert.match(others.text, /may not publish .*"Pillow-Talk" has other owners/);
      const alike = await upload(strangerToken, "pi11ow-ta1k");
      assert.equal(alike.status, 400);
      assert.match(alike.text, /too similar/);
      const scoped = await makeToken(runtime, owner, { name: "ci", projects: ["pillow_talk"] });
      assert.equal((await upload(scoped, "pillow-talk", "1.2")).status, 200);
      const outside = await upload(scoped, "something-new");
      assert.equal(outside.status, 403);
      assert.match(outside.text, /for other projects.*limited to pillow-talk/);
    });
  });

  describe("the simple index", () => {
    const HELLO = { name: "Simple_Hello", version: "1.0", requiresPython: ">=3.8" };
    const wheel = makeWheel(HELLO);
    const JSON_V1 = "application/vnd.pypi.simple.v1+json";
    before(async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "simple"));
      const answer = await postUpload(index, token, uploadForm(wheel, HELLO));
      assert.equal(answer.status, 200, answer.text);
    });

    test("lists projects in both formats, says so, and need not be sent twice", async () => {
      const html = await get(index, "/simple/");
      assert.equal(html.headers.get("content-type"), "text/html; charset=utf-8");
      assert.equal(html.headers.get("vary"), "Accept");
      assert.match(html.text, /<a href="\/simple\/simple-hello\/">Simple_Hello<\/a>/);
      const json = await get(index, "/simple/", { accept: JSON_V1 });
      assert.equal(json.headers.get("content-type"), JSON_V1);
      assert.ok(JSON.parse(json.text).projects.some((project: { name: string }) => project.name === "Simple_Hello"));
      assert.notEqual(html.headers.get("etag"), json.headers.get("etag"));
      const again = await get(index, "/simple/", { accept: JSON_V1, "if-none-match": json.headers.get("etag") ?? "" });
      assert.deepEqual([again.status, again.text], [304, ""]);
    });

    test("has one address a project, under its normalised name", async () => {
      assert.equal((await get(index, "/simple")).headers.get("location"), "/simple/");
      for (const path of ["/simple/Simple_Hello/", "/simple/simple.hello/", "/simple/simple-hello"]) {
        const { status, headers } = await get(index, path);
        assert.deepEqual([status, headers.get("location")], [301, "/simple/simple-hello/"], path);
      }
      assert.equal((await get(index, "/simple/simple-hello/", { accept: "image/png" })).status, 406);
      assert.equal((await get(index, "/simple/", { accept: "application/json" })).status, 406);
      for (const path of [
        "/simple/not-there/",
        "/simple/Not.There/",
        "/simple/%00/",
        "/simple/..%2f..%2fetc/",
        `/simple/${"a".repeat(200)}/`,
      ]) {
        assert.equal((await get(index, path)).status, 404, path);
      }
      const page = await get(index, "/simple/simple-hello/");
      assert.equal(
        (await get(index, "/simple/simple-hello/", { "if-none-match": page.headers.get("etag") ?? "" })).status,
        304,
      );
    });

    test("serves a file and the metadata in it for ever, by digest and name together", async () => {
      const sha256 = createHash("sha256").update(wheel.bytes).digest("hex");
      const path = `/files/${sha256}/${wheel.filename}`;
      const file = await fetch(index.url + path);
      assert.ok(Buffer.from(await file.arrayBuffer()).equals(wheel.bytes));
      assert.equal(file.headers.get("cache-control"), "public, max-age=31536000, immutable");
      assert.equal(file.headers.get("content-length"), String(wheel.bytes.length));
      assert.equal((await get(index, path, { "if-none-match": `"${sha256}"` })).status, 304);
      const metadata = await get(index, `${path}.metadata`);
      assert.equal(metadata.text, coreMetadata(HELLO));
      const page = JSON.parse((await get(index, "/simple/simple-hello/", { accept: JSON_V1 })).text);
      assert.deepEqual(page.files[0]["core-metadata"], {
        sha256: createHash("sha256").update(metadata.text).digest("hex"),
      });
      for (const wrong of [
        `/files/${sha256}/other.whl`,
        `/files/${"0".repeat(64)}/${wheel.filename}`,
        `/files/${sha256.slice(1)}/${wheel.filename}`,
        `/files/${sha256}/..%2f..%2fetc%2fpasswd`,
      ]) {
        assert.equal((await get(index, wrong)).status, 404, wrong);
      }
    });
  });

  describe("200 MB", () => {
    test("are received and served without being in memory", async () => {
      const token = await makeToken(runtime, await makeAccount(runtime, "heavy"));
      const program = join(import.meta.dirname, "..", "world", "upload-huge.ts");
      const rssBefore = process.memoryUsage().rss;
      let rssPeak = rssBefore;
      const sampler = setInterval(() => {
        rssPeak = Math.max(rssPeak, process.memoryUsage().rss);
      }, 20);
      try {
        const { code, output } = await run(process.execPath, [program, index.url, token, String(200 * 1000 * 1000)]);
        assert.equal(code, 0, output);
        assert.match(output, /uploaded 200: Published huge/);
        assert.match(output, /downloaded 200: the same bytes/);
      } finally {
        clearInterval(sampler);
      }
      const grown = Math.round((rssPeak - rssBefore) / MIB);
      assert.ok(grown < 150, `the server grew by ${grown} MiB while 200 MB went through it twice`);
    });
  });
});
