import assert from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { ok, refuse, type Result } from "../../kernel/result.ts";
import { makeReportKeys } from "./keys.ts";
import { leakReportRefusals } from "./refusals.ts";
import { isSignedBy, parseKeyList } from "./signature.ts";

/** The example that GitHub's documentation of the partner programme gives: key, body and signature. */
const PUBLISHED = {
  id: "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
  key: [
    "-----BEGIN PUBLIC KEY-----",
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq",
    "kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==",
    "-----END PUBLIC KEY-----",
  ].join("\n"),
  body: '[{"token":"some_token","type":"some_type","url":"some_url"}]',
  signature: "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
};

const listOf = (...keys: readonly { readonly id: string; readonly key: string }[]): string =>
  JSON.stringify({ public_keys: keys.map(({ id, key }) => ({ key_identifier: id, key, is_current: true })) });

const pair = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const pemOf = ({ publicKey }: ReturnType<typeof pair>): string =>
  publicKey.export({ type: "spki", format: "pem" }).toString();

describe("the signature of a leak report", () => {
  test("the published example is good, and no byte of it may change", () => {
    const keys = parseKeyList(listOf(PUBLISHED));
    assert(keys.ok);
    const key = keys.value.get(PUBLISHED.id);
    assert(key);
    const body = Buffer.from(PUBLISHED.body);
    assert.equal(isSignedBy(key, body, PUBLISHED.signature), true);
    for (let at = 0; at < body.length; at += 1) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(isSignedBy(key, changed, PUBLISHED.signature), false, `byte ${at}`);
    }
    for (const signature of ["", "AAAA", "not base 64", `${PUBLISHED.signature} `, PUBLISHED.signature.slice(4)]) {
      assert.equal(isSignedBy(key, body, signature), false, signature);
    }
  });

  test("another key's signature is not good", () => {
    const [ours, theirs] = [pair(), pair()];
    const body = Buffer.from("[]");
    const signature = createSign("sha256").update(body).sign(theirs.privateKey, "base64");
    assert.equal(isSignedBy(theirs.publicKey, body, signature), true);
    assert.equal(isSignedBy(ours.publicKey, body, signature), false);
  });

  test("a key of another kind is passed over, and what is no list is refused", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" });
    const keys = parseKeyList(listOf({ id: "rsa", key: rsa.toString() }, { id: "junk", key: "junk" }, PUBLISHED));
    assert(keys.ok);
    assert.deepEqual([...keys.value.keys()], [PUBLISHED.id]);
    for (const text of ["", "{", "[]", '{"public_keys":{}}', '{"public_keys":[{"key_identifier":1}]}']) {
      assert.equal(parseKeyList(text).ok, false, text);
    }
  });
});

describe("the reporter's keys", () => {
  const at = (minutes: number): Date => new Date(Date.UTC(2026, 10, 2) + minutes * 60_000);

  test("are loaded when first needed, for an unknown key at most once a minute, and anew after a day", async () => {
    const second = pair();
    let loads = 0;
    let list = listOf(PUBLISHED);
    const keys = makeReportKeys(async () => {
      loads += 1;
      return ok(list);
    });
    assert((await keys.find(PUBLISHED.id, at(0))).ok);
    assert((await keys.find(PUBLISHED.id, at(60))).ok);
    assert.equal(loads, 1, "a known key needs no second load");
    const unknown = await keys.find("second", at(61));
    assert(!unknown.ok && unknown.refusal.code === leakReportRefusals["unknown-key"]().code);
    await keys.find("second", at(61.5));
    assert.equal(loads, 2, "one load a minute");
    list = listOf(PUBLISHED, { id: "second", key: pemOf(second) });
    assert((await keys.find("second", at(63))).ok, "a new key is found");
    list = listOf({ id: "second", key: pemOf(second) });
    assert.equal((await keys.find(PUBLISHED.id, at(63 + 24 * 60 + 1))).ok, false, "a withdrawn key is forgotten");
  });

  test("an outage keeps what is known, and says so where nothing is", async () => {
    let answer: Result<string> = refuse(leakReportRefusals["no-keys"]());
    const keys = makeReportKeys(async () => answer);
    const none = await keys.find(PUBLISHED.id, at(0));
    assert(!none.ok && none.refusal.status === 503);
    answer = ok(listOf(PUBLISHED));
    assert((await keys.find(PUBLISHED.id, at(2))).ok);
    answer = ok("<html>down for maintenance</html>");
    assert((await keys.find(PUBLISHED.id, at(2 + 25 * 60))).ok, "an answer that is no list changes nothing");
  });
});
