import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parseJson } from "./json.ts";
import { canonicalJson } from "../../kernel/canonical-json.ts";
import { LARGEST_POLICY_BYTES, loadPolicy } from "./load.ts";
import { type PolicyJson, policyJson } from "./test-support.ts";

describe("JSON, read strictly", () => {
  test("reads what JSON.parse reads, and gives the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(parseJson(text), { ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test("refuses what JSON.parse refuses", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"a"',
      '"b"',
      "1",
      "-",
      "0",
      "1e",
      "tru",
      "true",
      "null",
      " ",
      '"',
      "\\",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join("");
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const read = parseJson(text);
        const isTwice = !read.ok && /stands twice/.test(read.refusal.detail ?? "");
        assert.equal(read.ok || isTwice, isJson);
      }),
      { numRuns: 2000 },
    );
  });

  const wrong: readonly [string, RegExp][] = [
    ['{\n  "a": 1,\n  "a": 2\n}', /line 3, column 3: the name "a" stands twice/],
    ['{\n  "a": 1,\n}', /line 3, column 1: a name in double quotes/],
    ['{ "a" 1 }', /line 1, column 7: ":" was expected/],
    ["[1 2]", /line 1, column 4: "," or "\]" was expected, not "2"/],
    ["", /line 1, column 1: a value was expected, not the end of the file/],
    ["1 1", /line 1, column 3: something follows/],
    [`${"[".repeat(40)}`, /nested more than 32 deep/],
    ['"a\nb"', /a string that is not closed/],
  ];
  for (const [text, message] of wrong) {
    test(`says where ${JSON.stringify(text.slice(0, 20))} is wrong`, () => {
      const read = parseJson(text);
      assert.equal(read.ok, false);
      assert.match(read.refusal.detail ?? "", message);
    });
  }
});

describe("loading a policy file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "locksmith-policy-"));
  });
  after(async () => rm(folder, { recursive: true }));

  async function load(content: string | Uint8Array) {
    const path = join(folder, "policy.json");
    await writeFile(path, content);
    return loadPolicy(path);
  }

  async function refusalOf(content: string | Uint8Array) {
    const loaded = await load(content);
    assert.equal(loaded.ok, false);
    return loaded.refusal;
  }

  test("the shipped default loads, with a digest that layout and order do not change", async () => {
    const shipped = await loadPolicy(fileURLToPath(new URL("../../../policy/default.json", import.meta.url)));
    assert.ok(shipped.ok);
    assert.match(shipped.value.digest, /^[0-9a-f]{64}$/);
    const reordered = Object.fromEntries(Object.entries(policyJson()).reverse());
    const other = await load(JSON.stringify(reordered));
    assert.ok(other.ok);
    assert.equal(other.value.digest, shipped.value.digest);
  });

  test("one changed number or reason changes the digest", async () => {
    const digest = async (change: (json: PolicyJson) => void) => {
      const json = policyJson();
      change(json);
      const loaded = await load(JSON.stringify(json));
      assert.ok(loaded.ok);
      return loaded.value.digest;
    };
    const plain = await digest(() => {});
    const number = await digest((p) => (p.limits.triesPerCase.value = 19));
    const reason = await digest((p) => (p.limits.triesPerCase.why = "Another reason."));
    assert.equal(new Set([plain, number, reason]).size, 3);
  });

  test("refuses with the line, with the path, by size, by encoding, and when there is nothing", async () => {
    const twice = await refusalOf('{\n"version": "1",\n"version": "2"\n}');
    assert.equal(twice.code, "policy/not-json");
    assert.match(twice.detail ?? "", /policy\.json: line 3, column 1/);
    const empty = await refusalOf("{}");
    assert.equal(empty.code, "policy/not-valid");
    assert.match(empty.detail ?? "", /\/version/);
    assert.equal((await refusalOf(" ".repeat(LARGEST_POLICY_BYTES + 1))).code, "policy/too-large");
    assert.equal((await refusalOf(Uint8Array.of(0x22, 0xff, 0x22))).code, "policy/not-json");
    assert.equal((await refusalOf("")).code, "policy/not-json");
    for (const path of [join(folder, "absent.json"), folder]) {
      const absent = await loadPolicy(path);
      assert.equal(!absent.ok && absent.refusal.code, "policy/not-readable");
    }
  });

  test("exactly the limit is still read", async () => {
    const text = JSON.stringify(policyJson());
    assert.ok((await load(text + " ".repeat(LARGEST_POLICY_BYTES - Buffer.byteLength(text)))).ok);
  });

  test("canonical JSON sorts names at every depth and keeps the order of lists", () => {
    assert.equal(canonicalJson({ b: [2, { d: 1, c: null }], a: "é" }), '{"a":"é","b":[2,{"c":null,"d":1}]}');
  });
});
