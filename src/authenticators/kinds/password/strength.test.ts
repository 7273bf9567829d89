import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { strengthOf } from "./strength.ts";

describe("the strength meter", () => {
  const cases: readonly (readonly [password: string, least: number, most: number])[] = [
    ["", 0, 0],
    ["password", 0, 0],
    ["Password", 0, 0],
    ["password1", 0, 1],
    ["drowssap", 0, 1],
    ["aaaaaaaaaaaaaaaa", 0, 1],
    ["abcdefghijklmnop", 0, 1],
    ["12345678", 0, 0],
    ["alice-liddell-1987", 0, 1],
    ["monkey2019", 0, 1],
    ["lantern orchard", 1, 3],
    ["correct horse battery staple", 4, 4],
    ["x7!Kq2#vLw", 4, 4],
    ["x7!Kq2", 1, 2],
  ];
  for (const [password, least, most] of cases) {
    test(`“${password}” scores ${least} to ${most}`, () => {
      const { score, words } = strengthOf(password, ["alice.liddell@wonder.example", "alice"]);
      assert(score >= least && score <= most, `${score} (${words})`);
    });
  }

  test("more of it is never weaker, and nothing takes long", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), fc.array(fc.string()), (text, own) => {
        const { score } = strengthOf(text, own);
        assert(score >= 0 && score <= 4);
        const first = [...text.normalize("NFC")].slice(0, 64).join("");
        assert.equal(strengthOf(first, own).score, score, "only the first 64 characters are looked at");
      }),
    );
    assert(strengthOf("lantern orchard").score <= strengthOf("lantern orchard fjord").score);
  });
});
