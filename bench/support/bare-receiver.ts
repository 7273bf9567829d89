import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { batchWriter } from "../../src/registry/batch-writer.ts";

/*
 * The least that can be called receiving a file over HTTP: node:http, SHA-256, written and brought safely to disk, without
 * form, checks or database. Argument: the file to write. Prints its port; answers with the digest; ends with its parent.
 */

const target = process.argv[2] ?? "";
const server = createServer(async (request, response) => {
  const handle = await open(target, "w");
  const writer = batchWriter(handle);
  const hash = createHash("sha256");
  for await (const chunk of request as AsyncIterable<Buffer>) {
    hash.update(chunk);
    await writer.write(chunk);
  }
  await writer.finish();
  await handle.sync();
  await handle.close();
  response.end(hash.digest("hex"));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`)); // a TCP port
process.stdin.resume().once("end", () => process.exit());
