import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { readAuthorization } from "./api-tokens.ts";
import { base62, formatApiToken, parseApiToken, TOKEN_RANDOM_BYTES, tokenChecksum } from "./tokens.ts";

const codeOf = (text: string): string => {
  const parsed = parseApiToken(text);
  return parsed.ok ? "token" : parsed.refusal.code;
};

test("a token carries its random bytes and a checksum, and is read back", () => {
  const random = fc.uint8Array({ minLength: TOKEN_RANDOM_BYTES, maxLength: TOKEN_RANDOM_BYTES });
  fc.assert(
    fc.property(random, (bytes) => {
      const token = formatApiToken(Buffer.from(bytes));
      assert.match(token, /^lks_[0-9A-Za-z]{40}$/);
      assert.equal(codeOf(token), "token");
      assert.equal(codeOf(`  ${token}\n`), "token");
    }),
  );
  assert.throws(() => formatApiToken(randomBytes(24)));
});

test("the extremes of 200 bits fit", () => {
  assert.equal(formatApiToken(Buffer.alloc(25)).slice(4, 38), "0".repeat(34));
  assert.equal(formatApiToken(Buffer.alloc(25, 255)).slice(4, 38).length, 34);
  assert.notEqual(formatApiToken(Buffer.alloc(25, 255)).slice(4, 5), "0");
});

test("the checksum is the CRC-32 in base 62, as registries write it", () => {
  assert.equal(base62(0n, 6), "000000");
  assert.equal(base62(61n, 1), "z");
  assert.equal(base62(62n, 2), "10");
  // CRC-32 of "123456789" is 0xCBF43926, the check value of its catalogue; base 62 worked out with Python.
  assert.equal(tokenChecksum("123456789"), "3jZRME");
});

test("one symbol changed, left out or put in is told from an unknown token", () => {
  const token = formatApiToken(Buffer.from("a repeatable 25 byte text"));
  fc.assert(
    fc.property(fc.integer({ min: 4, max: token.length - 1 }), fc.constantFrom(..."0Az", ""), (at, symbol) => {
      const changed = token.slice(0, at) + symbol + token.slice(at + 1);
      fc.pre(changed !== token);
      assert.equal(codeOf(changed), "registry/token-mistyped");
    }),
  );
  assert.equal(codeOf(`${token}0`), "registry/token-mistyped");
  assert.equal(codeOf("pypi-AgEIcHlwaS5vcmc"), "registry/not-a-token");
  assert.equal(codeOf("hunter2 hunter2"), "registry/not-a-token");
});

test("the token is found in what twine, curl and scripts send", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const read = (header: string | undefined) => {
    const found = readAuthorization(header);
    return found.ok ? found.value : found.refusal.code;
  };
  assert.equal(read(basic("__token__:lks_x")), "lks_x");
  assert.equal(read("Bearer lks_x"), "lks_x");
  assert.equal(read("bearer  lks_x"), "lks_x");
  assert.equal(read(basic("alice:hunter2")), "registry/not-a-token");
  assert.equal(read(basic("__token__")), "registry/not-a-token");
  for (const header of [undefined, "", "Basic", "Digest abc", " "])
    assert.equal(read(header), "registry/no-credentials");
});
