import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { CROCKFORD_ALPHABET } from "../../../kernel/crypto/crockford.ts";
import { codesIn, makeCode, readCode } from "./code.ts";

const made = (bytes: Uint8Array): string => makeCode({ bytes: () => Buffer.from(bytes) });
const anyCode = fc.uint8Array({ minLength: 15, maxLength: 15 }).map(made);
const refusalOf = (typed: string): string => {
  const read = readCode(typed);
  return read.ok ? "" : read.refusal.code;
};

describe("a recovery code", () => {
  test("carries all of 120 random bits: it asks for 15 bytes, and each bit of them changes it", () => {
    const asked: number[] = [];
    makeCode({ bytes: (count) => (asked.push(count), Buffer.alloc(count)) });
    assert.deepEqual(asked, [15]);
    const none = Buffer.alloc(15);
    const codes = new Set([made(none)]);
    for (let bit = 0; bit < 120; bit += 1) {
      const one = Buffer.from(none);
      one[bit >> 3] = 1 << (bit & 7);
      codes.add(made(one));
    }
    assert.equal(codes.size, 121);
  });

  test("every wrong symbol and every swap of two neighbours is a typing mistake", () => {
    fc.assert(
      fc.property(anyCode, fc.nat(24), fc.nat(30), (code, at, other) => {
        const symbols = [...code.slice("lkrc-".length).replaceAll("-", "").toUpperCase()];
        assert.equal(symbols.length, 25);
        const here = symbols[at] ?? "";
        const wrong = symbols.with(at, [...CROCKFORD_ALPHABET].filter((one) => one !== here)[other] ?? "");
        assert.match(refusalOf(wrong.join("")), /mistyped/);
        const next = symbols[(at + 1) % 25] ?? "";
        if (next === here || at === 24) return;
        assert.match(
          refusalOf(
            symbols
              .with(at, next)
              .with(at + 1, here)
              .join(""),
          ),
          /mistyped/,
        );
      }),
    );
  });

  test("is found in a text, and read as the same symbols wherever it stands", () => {
    fc.assert(
      fc.property(anyCode, (code) => {
        const read = readCode(code);
        assert(read.ok);
        assert.deepEqual(codesIn(`Help! ${code.toUpperCase()} and ${code.replaceAll("-", " ")}.`), [read.value]);
      }),
    );
  });
});
