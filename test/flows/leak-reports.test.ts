import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe } from "node:test";
import { upload, wheelOf } from "../../src/bin/demo/person.ts";
import { maintainer } from "../adversary/cast.ts";
import { story } from "../world/story.ts";
import type { World } from "../world/world.ts";

/* A secret scanner at its desk: it has a key of its own and signs what it sends, byte for byte. */

const KEY_ID = "4f1f0f3b";

async function scanner() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = publicKey.export({ type: "spki", format: "pem" }).toString();
  const list = JSON.stringify({ public_keys: [{ key_identifier: KEY_ID, key, is_current: true }] });
  const server = createServer((_, response) => response.setHeader("content-type", "application/json").end(list));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // listening on TCP
  return {
    settings: { LEAK_KEYS_URL: `http://127.0.0.1:${port}/keys` },
    report: (world: World, body: string, headers: Readonly<Record<string, string>> = {}) =>
      fetch(new URL("/leak-reports", world.origin), {
        method: "POST",
        headers: {
          accept: "application/json",
          "content-type": "application/json",
          "github-public-key-identifier": KEY_ID,
          "github-public-key-signature": createSign("sha256").update(body).sign(privateKey, "base64"),
          ...headers,
        },
        body,
      }),
    close: () => server.close(),
  };
}

const desk = await scanner();
after(() => desk.close());

const leaked = (world: World) => world.sent.filter((mail) => /found in public/.test(mail.subject));

describe("a token that was found in public", () => {
  story(
    "ends at once; its owner is told once, with the place",
    { seed: "leak", settings: desk.settings },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const where = "https://code.example/alice/notes/blob/main/deploy.sh";
      const strange = `lks_${"0".repeat(40)}`;
      const body = JSON.stringify([
        { token: alice.token, type: "locksmith_api_token", url: where, source: "content" },
        { token: strange, type: "locksmith_api_token", url: where },
      ]);
      const answer = await desk.report(world, body);
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), [
        { token_raw: alice.token, token_type: "locksmith_api_token", label: "true_positive" },
        { token_raw: strange, token_type: "locksmith_api_token", label: "false_positive" },
      ]);
      const refused = await upload(world, alice, wheelOf("alpenglow", "1.1"));
      assert.equal(refused.status, 403, refused.reason);
      await world.settle();
      const [mail] = leaked(world);
      assert(mail?.to === alice.address && mail.text.includes("laptop"));
      assert(!mail.text.includes(alice.token ?? "?"), "the mail does not carry the token");

      assert.equal((await desk.report(world, body)).status, 200, "a report that comes twice is answered alike");
      await world.settle();
      assert.equal(leaked(world).length, 1, "and tells nobody twice");
    },
  );

  story(
    "a report that is not signed, or not one, ends nothing",
    { seed: "leak-forged", settings: desk.settings },
    async (world) => {
      const alice = await maintainer(world, "alice", "alpenglow");
      const body = JSON.stringify([{ token: alice.token, type: "locksmith_api_token", url: "" }]);
      const other = createSign("sha256")
        .update(body)
        .sign(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey, "base64");
      const cases: readonly (readonly [string, string, Readonly<Record<string, string>>, number])[] = [
        ["without a signature", body, { "github-public-key-signature": "" }, 401],
        ["with another key's signature", body, { "github-public-key-signature": other }, 401],
        ["with an unknown key", body, { "github-public-key-identifier": "unknown" }, 401],
        ["with one more space", `${body} `, { "github-public-key-signature": other }, 401],
        ["that is no list", "{}", {}, 400],
        ["that is no JSON", "[", {}, 400],
        ["of empty text", "", {}, 400],
        ["of 501 findings", JSON.stringify(Array(501).fill({ token: "x", type: "y" })), {}, 400],
        ["of more than a mebibyte", "x".repeat(1024 * 1024 + 1), {}, 413],
      ];
      for (const [what, text, headers, status] of cases) {
        const answer = await desk.report(world, text, headers);
        assert.equal(answer.status, status, `a report ${what}: ${await answer.text()}`);
      }
      assert.equal((await upload(world, alice, wheelOf("alpenglow", "1.1"))).status, 200, "the token still works");
    },
  );
});
