import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { defineRefusals } from "./refusal.ts";
import { ok, refuse } from "./result.ts";

const bakery = defineRefusals("bakery", {
  closed: { status: 409, title: "We are closed." },
  stranger: { status: 401, title: "We do not know you.", tell: "generic" },
});

describe("refusals", () => {
  test("a catalogue gives each its code, status, sentence, and who may learn it", () => {
    assert.deepEqual(bakery.closed(), { code: "bakery/closed", status: 409, title: "We are closed.", tell: "anyone" });
    assert.equal(bakery.stranger().tell, "generic");
  });

  test("what one occurrence adds does not stay with the catalogue", () => {
    const late = bakery.closed({ detail: "Until seven.", retryAfterSeconds: 60, fields: { time: "Too late." } });
    assert.deepEqual(late, {
      ...bakery.closed(),
      detail: "Until seven.",
      retryAfterSeconds: 60,
      fields: { time: "Too late." },
    });
    assert.equal(bakery.closed().detail, undefined);
  });

  test("a result is one or the other", () => {
    assert.deepEqual(ok("bread"), { ok: true, value: "bread" });
    assert.deepEqual(ok(), { ok: true, value: undefined });
    assert.deepEqual(refuse(bakery.closed()), { ok: false, refusal: bakery.closed() });
  });
});
