import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { foldName, isProjectName, normalizeName, parseFilename } from "./names.ts";
import type { FileType } from "./types.ts";

test("names are normalised as PEP 503 says", () => {
  for (const name of [
    "friendly-bard",
    "Friendly-Bard",
    "FRIENDLY-BARD",
    "friendly.bard",
    "friendly_bard",
    "friendly--bard",
    "FrIeNdLy-._.-bArD",
  ]) {
    assert.equal(normalizeName(name), "friendly-bard");
  }
});

test("names that read alike fold to one", () => {
  for (const [a, b] of [
    ["re-quests", "requests"],
    ["pi1l0w", "pillow"],
    ["FLASK", "fl_ask"],
    ["numPy.", "numpy"],
  ] as const) {
    assert.equal(foldName(a), foldName(b));
  }
  assert.notEqual(foldName("flask"), foldName("flasks"));
});

test("folding never tells two spellings of one normalised name apart", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/);
  fc.assert(fc.property(name, (text) => isProjectName(text) && foldName(text) === foldName(normalizeName(text))));
});

const read = (filename: string, filetype: FileType, name: string, version: string): string => {
  const parsed = parseFilename(filename, filetype, { name, version });
  return parsed.ok ? parsed.value.identity : parsed.refusal.code;
};

const GOOD: readonly (readonly [string, FileType, string, string, string])[] = [
  ["my_hello-1.0-py3-none-any.whl", "bdist_wheel", "my-hello", "1.0", "my-hello-1.0-py3-none-any.whl"],
  ["My.Hello-1.0-py3-none-any.whl", "bdist_wheel", "my-hello", "1.0", "my-hello-1.0-py3-none-any.whl"],
  [
    "pkg-1.0.post1-1b-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    "bdist_wheel",
    "pkg",
    "1.0-1",
    "pkg-1.0.post1-1b-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
  ],
  ["pkg-1!2.0-py3-none-any.whl", "bdist_wheel", "pkg", "1!2.0", "pkg-1!2.0-py3-none-any.whl"],
  ["my_hello-1.0.tar.gz", "sdist", "my-hello", "1.0", "my-hello-1.0.tar.gz"],
  ["my-hello-1.0.tar.gz", "sdist", "My_Hello", "1.0", "my-hello-1.0.tar.gz"],
];

test("file names of wheels and sdists are read", () => {
  for (const [filename, filetype, name, version, identity] of GOOD)
    assert.equal(read(filename, filetype, name, version), identity);
});

test("what is not the file name of a distribution is refused", () => {
  const bad: readonly string[] = [
    "../my_hello-1.0-py3-none-any.whl",
    "/etc/my_hello-1.0-py3-none-any.whl",
    "a\\my_hello-1.0-py3-none-any.whl",
    "my_hello-1.0-py3-none-any.whl\u0000",
    "my_hello-1.0-py3-none-any.whl\n",
    "my hello-1.0-py3-none-any.whl",
    "my_hello-1.0-py3-none-ány.whl",
    "my_hello-1.0.whl",
    "my_hello-1.0-py3-none.whl",
    "my_hello-1.0-build-py3-none-any.whl",
    "my_hello-1.0-py3-none-any.whl.exe",
    "",
    `${"a".repeat(260)}-1.0-py3-none-any.whl`,
  ];
  for (const filename of bad)
    assert.equal(read(filename, "bdist_wheel", "my-hello", "1.0"), "registry/bad-filename", filename);
  for (const filename of [
    "my_hello-1.0.zip",
    "my_hello-1.0.tar.bz2",
    "my_hello-1.0.egg",
    "..",
    "1.0.tar.gz",
    "a/../b-1.0.tar.gz",
  ]) {
    assert.equal(read(filename, "sdist", "my-hello", "1.0"), "registry/bad-filename", filename);
  }
});

test("a file named for another project or version is refused", () => {
  assert.equal(read("other-1.0-py3-none-any.whl", "bdist_wheel", "my-hello", "1.0"), "registry/filename-differs");
  assert.equal(read("my_hello-1.1-py3-none-any.whl", "bdist_wheel", "my-hello", "1.0"), "registry/filename-differs");
  assert.equal(read("my_hello-1.1.tar.gz", "sdist", "my-hello", "1.0"), "registry/filename-differs");
});

test("no name makes the reading throw, and none with a folder in it passes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (filename) => {
      for (const filetype of ["bdist_wheel", "sdist"] as const) {
        const parsed = parseFilename(filename, filetype, { name: "x", version: "1" });
        assert.ok(!parsed.ok || /^[\x21-\x2e\x30-\x7e]+$/.test(filename));
      }
    }),
  );
});
