import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, test, type TestContext } from "node:test";
import { createDnsResolver } from "./dns-resolver.ts";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const NO_SUCH_NAME = 3;

/**
 * A name server on a free port of 127.0.0.1 that knows these addresses (16 bytes for IPv6), and never answers for a name
 * that begins with "silent". RFC 1035 §4.1.
 */
async function serveNames(t: TestContext, known: Readonly<Record<string, readonly Buffer[]>>) {
  const server: Socket = createSocket("udp4");
  server.on("message", (query, from) => {
    const labels: string[] = [];
    let at = HEADER_BYTES;
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const name = labels.join(".").toLowerCase();
    if (name.startsWith("silent")) return server.emit("asked");
    const question = query.subarray(HEADER_BYTES, at + 5);
    const bytes = query.readUInt16BE(at + 1) === TYPE_A ? 4 : 16;
    const found = (known[name] ?? []).filter((address) => address.length === bytes);
    const header = Buffer.alloc(HEADER_BYTES);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (name in known ? 0 : NO_SUCH_NAME), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found.length, 6);
    const records = found.map((address) =>
      Buffer.concat([
        Buffer.from([0xc0, HEADER_BYTES]), // a pointer to the name in the question
        question.subarray(-4),
        Buffer.from([0, 0, 0, 60, 0, address.length]),
        address,
      ]),
    );
    return server.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return { server, resolve: createDnsResolver([`127.0.0.1:${server.address().port}`]) };
}

describe("a resolver on a real name server", () => {
  test("gives the addresses of both families, and none for a name that is not there", async (t) => {
    const six = Buffer.from("26064700000000000000000000000001", "hex");
    const { resolve } = await serveNames(t, {
      "both.example.org": [Buffer.from([203, 0, 113, 1]), Buffer.from([203, 0, 113, 2]), six],
      "four.example.org": [Buffer.from([10, 0, 0, 7])],
    });
    const { signal } = new AbortController();
    assert.deepEqual(await resolve("both.example.org", signal), ["203.0.113.1", "203.0.113.2", "2606:4700::1"]);
    assert.deepEqual(await resolve("four.example.org", signal), ["10.0.0.7"]);
    assert.deepEqual(await resolve("none.example.org", signal), []);
  });

  test("stops asking when the time is up", async (t) => {
    const { server, resolve } = await serveNames(t, {});
    const abort = new AbortController();
    server.once("asked", () => abort.abort());
    assert.deepEqual(await resolve("silent.example.org", abort.signal), []);
  });
});
