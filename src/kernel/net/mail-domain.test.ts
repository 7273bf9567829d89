import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serveNames } from "../../../test/world/name-server.ts";
import { createMailDomainLookup } from "./mail-domain.ts";

describe("whether a domain takes mail, asked of a real name server", () => {
  test("by MX, by address, and by neither; only a clear answer is one", async (t) => {
    const server = await serveNames(() => ({
      "mx.example": { mx: ["mail.mx.example"] },
      "implicit.example": { a: ["203.0.113.7"] },
      "null-mx.example": { mx: [""], a: ["203.0.113.7"] },
      "empty.example": {},
      "failing.example": { fault: "failing" },
      "silent.example": { fault: "silent" },
    }));
    t.after(() => server.close());
    const look = createMailDomainLookup({ servers: [server.address], timeoutMs: 300 });
    assert.equal(await look("mx.example"), "takes mail");
    assert.equal(await look("implicit.example"), "takes mail");
    assert.equal(await look("null-mx.example"), "takes no mail");
    assert.equal(await look("empty.example"), "takes no mail");
    assert.equal(await look("gone.example"), "not there");
    assert.equal(await look("failing.example"), "no answer");
    assert.equal(await look("silent.example"), "no answer");
  });

  test("no name server at all is no answer", async () => {
    const server = await serveNames(() => ({}));
    await server.close();
    assert.equal(
      await createMailDomainLookup({ servers: [server.address], timeoutMs: 300 })("mx.example"),
      "no answer",
    );
  });
});
