import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { createGuardedFetch } from "../../kernel/net/guarded-fetch.ts";
import { makeLog } from "../../kernel/log.ts";
import { secret } from "../../kernel/secret.ts";
import { type RangeServer, startRangeServer } from "../../../test/world/range-server.ts";
import { testClock } from "../../../test/world/runtime.ts";
import { countInFile, inspectBreachFile } from "./file.ts";
import { leakHash, makeLeakLookup } from "./lookup.ts";
import { readRange } from "./range.ts";

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex").toUpperCase();
const listOf = (entries: Iterable<readonly [string, number]>, lineEnd = "\r\n"): string =>
  [...entries]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([hash, count]) => `${hash}:${count}${lineEnd}`)
    .join("");

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "locksmith-breach-"));
});
after(() => rm(folder, { recursive: true, force: true }));

describe("the file of leaked passwords", () => {
  test("finds every line of lists of any size, and nothing else", async () => {
    const path = join(folder, "any.txt");
    const word = fc.string({ minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(word, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 99_999_999 }),
        fc.constantFrom("\n", "\r\n"),
        fc.boolean(),
        async (words, count, lineEnd, isOpenEnded) => {
          const text = listOf(
            words.map((one, at) => [sha1(one), count + at] as const),
            lineEnd,
          );
          await writeFile(path, isOpenEnded ? text.trimEnd() : text);
          for (const [at, one] of words.entries()) assert.equal(await countInFile(path, sha1(one)), count + at);
          for (const other of ["0".repeat(40), "F".repeat(40), sha1("not in any list")])
            assert.equal(await countInFile(path, other.toLowerCase()), 0);
          assert.equal((await inspectBreachFile(path)).bytes > 0, true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("reads a few lines of a long list, not the list", async () => {
    const path = join(folder, "long.txt");
    await writeFile(path, listOf(Array.from({ length: 20_000 }, (_, at) => [sha1(`word ${at}`), at + 1] as const)));
    const file = await open(path, "r");
    const prototype = Object.getPrototypeOf(file) as { read: (...rest: unknown[]) => Promise<{ bytesRead: number }> };
    await file.close();
    const real = prototype.read;
    let bytes = 0;
    prototype.read = async function (this: unknown, ...rest: unknown[]) {
      const result = await real.apply(this, rest);
      bytes += result.bytesRead;
      return result;
    };
    try {
      assert.equal(await countInFile(path, sha1("word 12345")), 12_346);
    } finally {
      prototype.read = real;
    }
    assert(bytes > 0 && bytes < 4_000, `${bytes} bytes were read`);
  });

  test("what is no such list is refused with the reason, and a replaced one is used at once", async () => {
    const path = join(folder, "bad.txt");
    const bad: readonly (readonly [string, string, RegExp])[] = [
      ["empty", "", /empty/],
      ["passwords", "password\n123456\nqwerty\nletmein-letmein-letmein\n", /not “SHA-1:count”/],
      ["without counts", `${sha1("a")}\n${sha1("b")}\n`, /not “SHA-1:count”/],
      ["one long line", "A".repeat(10_000), /too long|not “SHA-1:count”/],
      ["not sorted", [9, 1, 5, 3].map((digit) => `${String(digit).repeat(40)}:1\n`).join(""), /not sorted/],
    ];
    for (const [what, text, why] of bad) {
      await writeFile(path, text);
      await assert.rejects(inspectBreachFile(path), why, what);
    }
    await assert.rejects(inspectBreachFile(join(folder, "none.txt")), /ENOENT/);
    await writeFile(path, listOf([[sha1("a"), 1]]));
    assert.equal(await countInFile(path, sha1("b")), 0);
    await writeFile(`${path}.new`, listOf([[sha1("b"), 2]]));
    await rename(`${path}.new`, path);
    assert.equal(await countInFile(path, sha1("b")), 2);
  });
});

describe("the range protocol", () => {
  test("an answer is read line by line; padding counts nothing; anything else is no answer", () => {
    const suffix = "0018A45C4D1DEF81644B54AB7F969B88D65"; // as in the protocol's own documentation
    const answer = `${suffix}:1\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:2\r\n011053FD0102E94D6AE2F8B83D76FAF94F6:0\r\n`;
    assert.deepEqual(readRange(answer, suffix), { kind: "count", count: 1 });
    assert.deepEqual(readRange(answer.toLowerCase(), suffix), { kind: "count", count: 1 });
    assert.deepEqual(readRange(answer, "011053FD0102E94D6AE2F8B83D76FAF94F6"), { kind: "count", count: 0 });
    assert.deepEqual(readRange(answer, "F".repeat(35)), { kind: "count", count: 0 });
    assert.deepEqual(readRange("", suffix), { kind: "count", count: 0 });
    for (const bad of ["<html>", `${suffix}`, `${suffix}:x`, `${suffix}:1\n{}`])
      assert.equal(readRange(bad, suffix).kind, "away");
  });

  test("the hash is the one that lists use, of the normalised text", () => {
    assert.equal(leakHash("password"), "5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8");
    assert.equal(leakHash("A\u030angstro\u0308m"), leakHash("\u00c5ngstr\u00f6m"));
  });
});

describe("the look-up", () => {
  let server: RangeServer;
  before(async () => {
    server = await startRangeServer({ "correct horse battery staple": 384 });
  });
  after(() => server.close());

  const lookup = (file: string | null, url: URL | null = server.url) => {
    const lines: string[] = [];
    const clock = testClock();
    const fetch = createGuardedFetch({
      allowPrivate: [`http://127.0.0.1/32:${server.url.port}`],
      limits: { timeoutMs: 300, headersTimeoutMs: 300 },
    });
    const ask = makeLeakLookup({ url, file }, { fetch, clock, log: makeLog("debug", (line) => lines.push(line)) });
    assert(ask);
    return { ask: (password: string) => ask(secret(password)), lines, clock };
  };

  test("sends five digits of the hash and nothing else", async () => {
    server.behave("well");
    const { ask } = lookup(null);
    const before = server.asked.length;
    assert.equal(await ask("correct horse battery staple"), 384);
    assert.equal(await ask("another lantern entirely"), 0);
    assert.deepEqual(server.asked.slice(before), [
      `/range/${sha1("correct horse battery staple").slice(0, 5)}`,
      `/range/${sha1("another lantern entirely").slice(0, 5)}`,
    ]);
  });

  test("every kind of outage is “not known”, is logged, and is not felt twice in half a minute", async () => {
    for (const how of ["failing", "silent", "page", "broken"] as const) {
      server.behave(how);
      const { ask, lines, clock } = lookup(null);
      const before = server.asked.length;
      assert.equal(await ask("correct horse battery staple"), null, how);
      assert.equal(await ask("correct horse battery staple"), null, how);
      assert.equal(server.asked.length - before, 1, `${how}: asked once`);
      assert.equal(lines.filter((line) => line.includes("breach service away")).length, 2);
      assert(!lines.some((line) => line.includes("horse") || line.includes(sha1("correct horse battery staple"))));
      server.behave("well");
      clock.advance(31_000);
      assert.equal(await ask("correct horse battery staple"), 384, how);
    }
  });

  test("a file answers first, and alone when the service is away; without either there is no look-up", async () => {
    const path = join(folder, "both.txt");
    await writeFile(path, listOf([[sha1("in the file"), 7]]));
    const { ask } = lookup(path);
    server.behave("well");
    const before = server.asked.length;
    assert.equal(await ask("in the file"), 7);
    assert.equal(server.asked.length, before);
    assert.equal(await ask("correct horse battery staple"), 384);
    server.behave("failing");
    assert.equal(await ask("correct horse battery staple"), 0, "what the file says");
    const { ask: gone, lines } = lookup(join(folder, "gone.txt"), null);
    assert.equal(await gone("in the file"), null);
    assert(lines.some((line) => line.includes("breach file not readable")));
    const nothing = { fetch: createGuardedFetch(), clock: testClock(), log: makeLog("error", () => undefined) };
    assert.equal(makeLeakLookup({ url: null, file: null }, nothing), undefined);
  });
});
