import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkbox, form, line, paragraph, secretText } from "./input.ts";

const read = (schema: { safeParse: (value: unknown) => { success: boolean; data?: unknown } }, value: unknown) => {
  const parsed = schema.safeParse(value);
  return parsed.success ? { value: parsed.data } : "refused";
};
const value = (text: unknown) => ({ value: text });

describe("what people type", () => {
  const name = line({ max: 10 });
  const story = paragraph({ max: 20 });
  const password = secretText(10);
  const table: readonly (readonly [what: string, schema: Parameters<typeof read>[0], typed: unknown, is: unknown])[] = [
    ["a line", name, "  Alice ", value("Alice")],
    ["a line of ten", name, "abcdefghij", value("abcdefghij")],
    ["a line of eleven", name, "abcdefghijk", "refused"],
    ["an empty line", name, "   ", "refused"],
    ["an empty line where it may be", line({ max: 10, min: 0 }), "   ", value("")],
    ["two ways to write é", name, "e\u0301", value("\u00e9")],
    ["a line break in a line", name, "a\nb", "refused"],
    ["a tab in a line", name, "a\tb", "refused"],
    ["NUL", name, "a\u0000b", "refused"],
    ["an escape sequence", name, "a\u001b[31m", "refused"],
    ["a C1 control", name, "a\u0085b", "refused"],
    ["text that reads the other way", name, "abc\u202edef", "refused"],
    ["a zero-width space", name, "a\u200bb", "refused"],
    ["a byte-order mark inside", name, "a\ufeffb", "refused"],
    ["a field that came twice", name, ["a", "b"], "refused"],
    ["a number", name, 7, "refused"],
    ["no field", name, undefined, "refused"],
    ["a paragraph", story, " one\r\ntwo\rthree ", value("one\ntwo\nthree")],
    ["an empty paragraph", story, " ", value("")],
    ["a paragraph that is asked for", paragraph({ max: 20, min: 1 }), " \n ", "refused"],
    ["a paragraph with a tab", story, "a\tb", value("a\tb")],
    ["a paragraph with a bell", story, "a\u0007b", "refused"],
    ["too long a paragraph", story, "x".repeat(21), "refused"],
    ["a secret with blanks around", password, " a e\u0301 ", value(" a e\u0301 ")],
    ["no secret", password, "", "refused"],
    ["too long a secret", password, "x".repeat(11), "refused"],
    ["a secret over two lines", password, "a\nb", "refused"],
    ["a ticked box", checkbox, "on", value(true)],
    ["a box that is not ticked", checkbox, undefined, value(false)],
    ["a box with something else", checkbox, "yes", "refused"],
  ];
  for (const [what, schema, typed, is] of table) test(what, () => assert.deepEqual(read(schema, typed), is));
});

test("a form takes its own fields and the token, and no others", () => {
  const schema = form({ name: line({ max: 10 }) });
  assert.deepEqual(read(schema, { name: "a", _csrf: "t" }), value({ name: "a", _csrf: "t" }));
  assert.deepEqual(read(schema, { name: "a" }), value({ name: "a" }));
  assert.equal(read(schema, { name: "a", isAdministrator: "on" }), "refused");
  assert.equal(read(schema, {}), "refused");
});
