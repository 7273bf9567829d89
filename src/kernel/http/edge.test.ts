import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { testDatabase } from "../../../test/world/database.ts";
import { testRuntime } from "../../../test/world/runtime.ts";
import { html } from "../html/index.ts";
import { ok } from "../result.ts";
import { anyone, buildEdge, defineRoute, page } from "./index.ts";

const database = await testDatabase();
after(() => database.drop());

/** An edge with one page that says where the request came from, as it is told to. */
async function whereFrom(publicUrl: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const runtime = { ...testRuntime(database.db, { seed: "edge" }), publicUrl: new URL(publicUrl) };
  const edge = await buildEdge(runtime, {
    routes: [
      defineRoute({
        method: "GET",
        path: "/where",
        about: "Says where the request came from.",
        guard: anyone,
        handle: async (_, request) => page(html`<title>where</title><p>${request.source.ip}</p>`),
      }),
    ],
    throttle: async () => ok(),
    refusalPage: (_, refusal) => html`<title>${refusal.title}</title>`,
    assets: [import.meta.dirname],
    floodLimit: 100_000,
  });
  try {
    await edge.listen({ host: "127.0.0.1", port: 0 });
    const { port } = edge.server.address() as AddressInfo; // listening on TCP
    const answer = await fetch(`http://127.0.0.1:${port}/where`, { headers });
    return /<p>(.*)<\/p>/.exec(await answer.text())?.[1] ?? `${answer.status}`;
  } finally {
    await edge.close();
  }
}

describe("where a request comes from", () => {
  const forwarded = { "x-forwarded-for": "198.51.100.7, 203.0.113.9" };

  test("behind a proxy on this machine that speaks TLS, it is the last address the proxy names", async () => {
    assert.equal(await whereFrom("https://index.example.org", forwarded), "203.0.113.9");
  });

  test("without TLS there is no proxy, and nobody is believed", async () => {
    assert.equal(await whereFrom("http://127.0.0.1:8480", forwarded), "127.0.0.1");
    assert.equal(await whereFrom("http://127.0.0.1:8480", { forwarded: "for=203.0.113.9" }), "127.0.0.1");
  });
});
