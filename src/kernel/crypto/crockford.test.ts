import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { testRandom } from "../../../test/world/runtime.ts";
import { CROCKFORD_ALPHABET, crockfordValue, encodeCrockford, normalizeCrockford } from "./crockford.ts";
import { makeShortCode, readShortCode } from "./short-code.ts";

/** The other direction, for tests: five bits a symbol, what is left over at the end dropped. */
function decode(symbols: string): Buffer {
  const bits = [...symbols].map((symbol) => crockfordValue(symbol).toString(2).padStart(5, "0")).join("");
  const whole = bits.match(/.{8}/g) ?? [];
  return Buffer.from(whole.map((byte) => Number.parseInt(byte, 2)));
}

describe("Crockford's base 32", () => {
  test("known values", () => {
    const table: readonly (readonly [string, string])[] = [
      ["", ""],
      ["00", "00"],
      ["ff", "ZW"],
      ["0000000000", "00000000"],
      ["ffffffffff", "ZZZZZZZZ"],
      ["08421084 21".replace(" ", ""), "11111111"],
      ["666f6f626172", "CSQPYRK1E8"], // RFC 4648's "foobar" in the other alphabet, without padding
    ];
    for (const [hex, symbols] of table) assert.equal(encodeCrockford(Buffer.from(hex, "hex")), symbols, hex);
  });

  test("is read back, by whoever types it in lower case and in groups", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const symbols = encodeCrockford(bytes);
        assert.equal(symbols.length, Math.ceil((bytes.length * 8) / 5));
        const typed = symbols.toLowerCase().replace(/(.{4})/g, " $1-");
        assert.equal(normalizeCrockford(typed), symbols);
        assert.deepEqual(decode(symbols), Buffer.from(bytes));
      }),
    );
  });

  test("O is 0, I and L are 1; U and signs are nothing", () => {
    assert.equal(normalizeCrockford("oO0 iI1lL"), "00011111");
    assert.equal(normalizeCrockford("a‐b‑c–d—e_f"), "ABCDEF");
    for (const typed of ["u", "U", "a!b", "ä", "a.b", "０"]) assert.equal(normalizeCrockford(typed), null, typed);
    assert.equal(crockfordValue("U"), -1);
    assert.deepEqual([...CROCKFORD_ALPHABET].map(crockfordValue), [...Array(32).keys()]);
  });
});

describe("short codes", () => {
  test("are eight digits, with the zeros in front", () => {
    const random = testRandom("short codes");
    const codes = Array.from({ length: 2000 }, () => makeShortCode(random));
    for (const code of codes) assert.match(code, /^\d{8}$/);
    assert(codes.some((code) => code.startsWith("0")));
    assert(new Set(codes).size > 1990);
    assert.equal(makeShortCode({ bytes: (count) => Buffer.alloc(count) }), "00000000");
  });

  test("are read however they are typed, and nothing else is", () => {
    for (const typed of ["12345678", "1234 5678", " 1234-5678 ", "１２３４５６７８"])
      assert.equal(readShortCode(typed), "12345678", typed);
    for (const typed of ["", "1234567", "123456789", "1234567a", "1234+5678", "-1.2345e7"])
      assert.equal(readShortCode(typed), null, typed);
  });
});
