import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseMetadata } from "./metadata.ts";

const EXPECTED = { name: "my-hello", version: "1.0" };
const HEAD = "Metadata-Version: 2.1\nName: my_hello\nVersion: 1.0\n";
const read = (text: string | Buffer) => parseMetadata(Buffer.from(text), EXPECTED);

const detailOf = (text: string | Buffer): string => {
  const read_ = read(text);
  assert.ok(!read_.ok, "it was taken");
  assert.equal(read_.refusal.status, 400);
  return read_.refusal.detail ?? "";
};

test("headers, folded lines and the description are read", () => {
  const text = `${HEAD}Summary: Says\n  hello\nRequires-Python: >=3.8, <4\nRequires-Dist: Requests>=2; python_version > "3"\nRequires-Dist: PySocks ; extra == 'socks'\nRequires-Dist: requests[tls]\r\nClassifier: A\nClassifier: B\n\nFirst line.\nSummary: not a header\n`;
  const metadata = read(text);
  assert.ok(metadata.ok);
  assert.equal(metadata.value.summary, "Says hello");
  assert.equal(metadata.value.requiresPython, ">=3.8, <4");
  assert.deepEqual(metadata.value.dependsOn, ["requests"]);
  assert.deepEqual(metadata.value.shown.classifiers, ["A", "B"]);
  assert.equal(metadata.value.description, "First line.\nSummary: not a header\n");
});

test("a description may be a header", () => {
  const metadata = read(`${HEAD}Description: one\n        two\n`);
  assert.ok(metadata.ok);
  assert.match(metadata.value.description, /^one\n\s*two$/);
});

test("what cannot be published is refused, saying why", () => {
  assert.match(detailOf(Buffer.concat([Buffer.from(HEAD), Buffer.from([0xff])])), /UTF-8/);
  assert.match(detailOf(`${HEAD}Summary: a\u0000b\n`), /plain/);
  assert.match(detailOf("Name: my-hello\nVersion: 1.0\n"), /Metadata-Version/);
  assert.match(detailOf("Metadata-Version: 2.1\nVersion: 1.0\n"), /Name/);
  assert.match(detailOf("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"), /"other"/);
  assert.match(detailOf("Metadata-Version: 2.1\nName: my-hello\nVersion: 1.1\n"), /"1.1"/);
  assert.match(detailOf(`${HEAD}Name: other\n`), /more than one/);
  assert.match(detailOf(`${HEAD}Requires-Python: <script>\n`), /Requires-Python/);
  assert.match(detailOf(`${HEAD}Summary: ${"x".repeat(600)}\n`), /Summary/);
});

test("no text makes the reading throw", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (bytes) => typeof read(Buffer.concat([Buffer.from(HEAD), bytes])).ok === "boolean",
    ),
  );
});
