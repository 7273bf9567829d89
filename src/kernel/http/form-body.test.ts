import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isFormType, readForm } from "./form-body.ts";

describe("reading a form", () => {
  test("whatever a browser encodes is read back", () => {
    const names = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((name) => !(name in Object.prototype) && name.isWellFormed());
    const values = fc.string({ unit: "grapheme" }).filter((value) => value.isWellFormed() && !value.includes("\ufffd"));
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(names, values), { selector: ([name]) => name, maxLength: 20 }), (pairs) => {
        const sent = new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString();
        assert.deepEqual({ ...readForm(sent) }, Object.fromEntries(pairs));
      }),
    );
  });

  test("a field that comes twice is an array, so that a schema for text refuses it", () => {
    assert.deepEqual(readForm("a=1&b=2&a=3&a="), { a: ["1", "3", ""], b: "2" });
    assert.deepEqual(readForm("a"), { a: "" });
    assert.deepEqual(readForm(""), {});
  });

  test("what is not well-formed is refused with 400, not guessed at", () => {
    for (const text of [
      "a=%",
      "a=%z1",
      "a=%ff",
      "a=%c3%28",
      "a=%ed%a0%80",
      "%=a",
      "=a",
      "__proto__=1",
      "a=1&constructor=2",
      "a=\ufffd",
      "a=1&".repeat(201),
    ]) {
      assert.throws(() => readForm(text), { statusCode: 400 }, text.slice(0, 40));
    }
  });

  test("the content type is a form's, in UTF-8", () => {
    for (const type of ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded; charset=UTF-8"])
      assert(isFormType(type));
    for (const type of [
      undefined,
      "",
      "text/plain",
      "application/json",
      "application/x-www-form-urlencoded; charset=utf-16",
      "application/x-www-form-urlencoded, text/plain",
    ])
      assert(!isFormType(type));
  });
});
