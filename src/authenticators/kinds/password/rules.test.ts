import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { COMMON } from "./common.ts";
import { checkNewPassword } from "./rules.ts";

const refusalOf = (password: string): string => {
  const checked = checkNewPassword(password, { words: [], hasSecondFactor: true });
  return checked.ok ? "" : checked.refusal.code;
};

describe("common passwords", () => {
  test("are more than three thousand that are long enough, each refused in small and capital letters", () => {
    assert(COMMON.size >= 3000, `${COMMON.size}`);
    for (const word of COMMON) {
      assert([...word].length >= 8, word);
      assert.equal(refusalOf(word), "authenticators/password-known", word);
      assert.equal(refusalOf(word.toUpperCase()), "authenticators/password-known", word);
    }
  });

  test("inside a longer password are no reason to refuse it", () => {
    for (const password of ["password-of-four-llamas", "qwertyuiop beside a heron"])
      assert.equal(refusalOf(password), "");
  });
});
