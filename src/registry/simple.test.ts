import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entityTag, isFresh, negotiate, renderProject, renderProjectList } from "./simple.ts";
import type { DistributionFile } from "./types.ts";

const JSON_V1 = "application/vnd.pypi.simple.v1+json";
const HTML_V1 = "application/vnd.pypi.simple.v1+html";

test("the format is the one the client likes best", () => {
  const cases: readonly (readonly [string | undefined, string | null])[] = [
    [undefined, "html"],
    ["", "html"],
    ["*/*", "html"],
    [JSON_V1, "json-v1"],
    [HTML_V1, "html-v1"],
    ["text/html", "html"],
    ["application/vnd.pypi.simple.latest+json", "json-v1"],
    [`${JSON_V1}, ${HTML_V1}; q=0.1, text/html; q=0.01`, "json-v1"], // pip
    [`${JSON_V1};q=0.2, text/html`, "html"],
    [`text/html;q=0, ${JSON_V1};q=0.5`, "json-v1"],
    [`*/*;q=0.1, ${HTML_V1}`, "html-v1"],
    [`text/html;q=0, */*`, "json-v1"],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"], // a browser
    ["application/json", null],
    ["image/png", null],
    [`${JSON_V1};q=0`, null],
    [`${JSON_V1};q=abc`, null],
    ["application/*", "json-v1"],
  ];
  for (const [accept, format] of cases) assert.equal(negotiate(accept), format, String(accept));
});

test("no Accept header makes the choice throw", () => {
  fc.assert(fc.property(fc.string(), (accept) => [null, "html", "html-v1", "json-v1"].includes(negotiate(accept))));
});

const FILE: DistributionFile = {
  id: "fil_x" as DistributionFile["id"],
  projectId: "prj_x" as DistributionFile["projectId"],
  version: "1.0",
  filename: "my_hello-1.0-py3-none-any.whl",
  filetype: "bdist_wheel",
  size: 1173,
  sha256: "ab".repeat(32),
  requiresPython: ">=3.8",
  coreMetadataSha256: "cd".repeat(32),
  uploadedAt: new Date("2026-11-02T09:00:00.000Z"),
  yanked: null,
};
const PROJECT = { name: "My.Hello", normalizedName: "my-hello" };

test("HTML carries digest, Python versions, metadata and yank, and everything in it is escaped", () => {
  const html = renderProject("html", PROJECT, ["1.0"], [FILE, { ...FILE, yanked: 'broken "<b>"' }]);
  assert.match(html, /<meta name="pypi:repository-version" content="1.1">/);
  assert.match(html, new RegExp(`href="/files/${FILE.sha256}/my_hello-1.0-py3-none-any.whl#sha256=${FILE.sha256}"`));
  assert.match(html, /data-requires-python="&gt;=3.8"/);
  assert.match(html, new RegExp(`data-core-metadata="sha256=${FILE.coreMetadataSha256}"`));
  assert.match(html, /data-yanked="broken &quot;&lt;b&gt;&quot;"/);
  assert.equal(html.match(/data-yanked/g)?.length, 1);
  assert.doesNotMatch(html, /dist-info-metadata/); // pip 23.0 would stumble over it
});

test("JSON carries the same and the fields of PEP 700", () => {
  const page = JSON.parse(
    renderProject(
      "json-v1",
      PROJECT,
      ["1.0", "2.0"],
      [FILE, { ...FILE, yanked: "", requiresPython: "", coreMetadataSha256: null }],
    ),
  );
  assert.deepEqual(page.meta, { "api-version": "1.1" });
  assert.equal(page.name, "my-hello");
  assert.deepEqual(page.versions, ["1.0", "2.0"]);
  assert.deepEqual(page.files[0], {
    filename: FILE.filename,
    url: `/files/${FILE.sha256}/${FILE.filename}`,
    hashes: { sha256: FILE.sha256 },
    "requires-python": ">=3.8",
    "core-metadata": { sha256: FILE.coreMetadataSha256 },
    size: 1173,
    "upload-time": "2026-11-02T09:00:00.000Z",
    yanked: false,
  });
  assert.equal(page.files[1].yanked, true);
  assert.ok(!("requires-python" in page.files[1]) && !("core-metadata" in page.files[1]));
});

test("the list of projects is the same text whatever the pages it is read in", async () => {
  const list = async (format: "html" | "json-v1", pages: readonly (readonly (typeof PROJECT)[])[]) => {
    let text = "";
    async function* source() {
      yield* pages;
    }
    for await (const piece of renderProjectList(format, source())) text += piece;
    return text;
  };
  const other = { name: "other", normalizedName: "other" };
  for (const format of ["html", "json-v1"] as const) {
    assert.equal(await list(format, [[PROJECT, other]]), await list(format, [[PROJECT], [other]]));
  }
  assert.deepEqual(JSON.parse(await list("json-v1", [[PROJECT], [other]])).projects, [
    { name: "My.Hello" },
    { name: "other" },
  ]);
  assert.deepEqual(JSON.parse(await list("json-v1", [])).projects, []);
});

test("an entity tag is compared weakly, and any of several counts", () => {
  const tag = entityTag("a", "b");
  assert.notEqual(tag, entityTag("a", "c"));
  for (const header of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) assert.ok(isFresh(header, tag), header);
  for (const header of [undefined, "", '"x"', tag.slice(1)]) assert.ok(!isFresh(header, tag), String(header));
});
