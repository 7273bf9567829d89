import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import fastifyMultipart from "@fastify/multipart";
import Fastify from "fastify";
import { multipartBody } from "../../../test/world/registry.ts";
import { multipartParts } from "./multipart.ts";

const MAX_FILE = 100;

/** Name, file name, bytes and mark of every file that was read. */
const seenFiles: unknown[] = [];
const app = Fastify();
await app.register(fastifyMultipart, { attachFieldsToBody: false });
app.post("/all", async (request) => {
  const seen: unknown[] = [];
  for await (const part of multipartParts(request, MAX_FILE)) {
    if (part.kind === "field") seen.push([part.name, part.value.length, part.truncated]);
    else {
      let bytes = 0;
      for await (const chunk of part.stream) bytes += (chunk as Buffer).length; // a stream of bytes
      seenFiles.push([part.name, part.filename, bytes, part.isTruncated()]);
      seen.push(seenFiles.at(-1));
    }
  }
  return seen;
});
app.post("/first", async (request) => {
  for await (const part of multipartParts(request, MAX_FILE)) return [part.name];
  return [];
});
after(() => app.close());

const post = (url: string, parts: Parameters<typeof multipartBody>[0]) => {
  const { body, type } = multipartBody(parts);
  return app.inject({ method: "POST", url, headers: { "content-type": type }, payload: body });
};

describe("the parts of an upload", () => {
  test("come in order, with the file's name as it was sent", async () => {
    const answer = await post("/all", [
      { name: "name", value: "alpha" },
      { name: "content", value: Buffer.alloc(MAX_FILE), filename: "../up/a.whl" },
      { name: "late", value: "" },
    ]);
    assert.deepEqual(answer.json(), [
      ["name", 5, false],
      ["content", "../up/a.whl", MAX_FILE, false],
      ["late", 0, false],
    ]);
  });

  test("a file above the limit is cut off there, marked, and at the end 413", async () => {
    seenFiles.length = 0;
    const answer = await post("/all", [{ name: "content", value: Buffer.alloc(MAX_FILE + 1), filename: "a.whl" }]);
    assert.equal(answer.statusCode, 413);
    assert.deepEqual(seenFiles, [["content", "a.whl", MAX_FILE, true]]);
  });

  test("a field of more than 2 MiB is marked", async () => {
    const answer = await post("/all", [{ name: "description", value: "x".repeat(2 * 1024 * 1024 + 1) }]);
    assert.deepEqual(answer.json(), [["description", 2 * 1024 * 1024, true]]);
  });

  test("a handler that has seen enough is rid of the rest", async () => {
    const answer = await post("/first", [
      { name: "name", value: "alpha" },
      { name: "content", value: Buffer.alloc(500_000), filename: "a.whl" },
    ]);
    assert.deepEqual(answer.json(), ["name"]);
  });

  test("a body that ends too early, and a third file, are the client's fault", async () => {
    const { body, type } = multipartBody([{ name: "name", value: "alpha" }]);
    const cut = body.subarray(0, body.length - 20);
    const headers = { "content-type": type };
    const short = await app.inject({ method: "POST", url: "/all", headers, payload: cut });
    assert.equal(short.statusCode, 400);
    const three = await post(
      "/all",
      ["a", "b", "c"].map((name) => ({ name, value: "x", filename: name })),
    );
    assert.equal(three.statusCode, 413);
  });
});
