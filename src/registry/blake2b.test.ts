import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { blake2b256 } from "./blake2b.ts";

const digest = (...chunks: readonly (string | Uint8Array)[]): string => {
  const hasher = blake2b256();
  for (const chunk of chunks) hasher.update(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return hasher.digest();
};

// Made with Python 3.11: hashlib.blake2b(data, digest_size=32).hexdigest()
const PYTHON: readonly (readonly [string, Uint8Array, string])[] = [
  ["nothing", Buffer.alloc(0), "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"],
  ["abc", Buffer.from("abc"), "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"],
  ["127 bytes", Buffer.alloc(127, 7), "49149511630effba193dcce8e3b84cc473bfdab33692ce9e61500e7b24e4415d"],
  ["128 bytes", Buffer.alloc(128, 7), "332f1f712b03a6a6f6c28db7d96c62f170744119ab0f831b9e0d80f800e3aad7"],
  ["129 bytes", Buffer.alloc(129, 7), "a04de7247309966b2b2afc367838071ea523f897e6a405286f2b5627032a8dea"],
  ["255 bytes", Buffer.alloc(255, 7), "d8bf992c4b47dd6dc022d52a6cc5a2f2c5ffb4249b3a3b74c17f32b0e90a1575"],
  ["256 bytes", Buffer.alloc(256, 7), "b49f21d17acf05b322ebbc2983fdfcc3fe1f77d80c122dca03806a8163f0416a"],
  ["65535 bytes", Buffer.alloc(65535, 7), "8e159b9ea36e58f037effb47fc1eb28e87aef5ac4049bef032f07c7cadece1d5"],
  ["65536 bytes", Buffer.alloc(65536, 7), "f2728d7bcabb179e5bcb7170e98f1916aa5c50ed15c513a57b56a5b46ae8f261"],
  ["65537 bytes", Buffer.alloc(65537, 7), "4479b8f4126762fcfc83d65da9038d83238596372bf0210ac72e825d485b1738"],
  ["200000 bytes", Buffer.alloc(200000, 7), "ba88ec557e770674ccbb9f5d58406cb24efdbdb4c7d90ccdf3d38074b6202239"],
];

test("BLAKE2b-256 agrees with Python's hashlib", () => {
  for (const [what, data, expected] of PYTHON) assert.equal(digest(data), expected, what);
});

test("how the bytes are cut into chunks makes no difference", () => {
  const data = Buffer.concat(Array.from({ length: 5000 }, (_, at) => createHash("sha256").update(String(at)).digest()));
  const whole = digest(data);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: data.length }), { maxLength: 6 }), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), data.length];
      const chunks = edges.slice(1).map((edge, at) => data.subarray(edges[at], edge));
      assert.equal(digest(...chunks), whole);
    }),
    { numRuns: 60 },
  );
});
