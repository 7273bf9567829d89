import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { pktLine, readPackets } from "./pkt-line.ts";

describe("lines of git's protocol", () => {
  test("come back as they were sent", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "0", " ", "\t", "é"), minLength: 0, maxLength: 300 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const bytes = Buffer.from(`${texts.map((one) => pktLine(one)).join("")}0000`);
        const data = (readPackets(bytes, 100) ?? []).map((one) => ("data" in one ? one.data : one.mark));
        assert.deepEqual(data, [...texts.map((one) => Buffer.from(one).toString("latin1")), "flush"]);
      }),
    );
  });

  test("whatever bytes there are, reading ends, and never throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const packets = readPackets(Buffer.from(bytes), 50);
        assert.ok(packets === null || packets.length <= 50);
      }),
    );
  });

  test("what is cut off, has no length, or goes on too long is nothing", () => {
    for (const text of ["000", "0009abc", "0003", "zzzz", "fff1", "-001", "0x0a", "00 5a"]) {
      assert.equal(readPackets(Buffer.from(text), 10), null, text);
    }
    assert.equal(readPackets(Buffer.from("0004".repeat(11)), 10), null);
    assert.deepEqual(readPackets(Buffer.from("0005a00010002"), 10), [
      { data: "a" },
      { mark: "delimiter" },
      { mark: "end" },
    ]);
    assert.throws(() => pktLine("x".repeat(65_520)));
  });
});
