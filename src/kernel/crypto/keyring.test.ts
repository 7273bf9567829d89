import assert from "node:assert/strict";
import { createHmac, hkdfSync } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { testRandom } from "../../../test/world/runtime.ts";
import { systemRandom } from "../random.ts";
import { equalBytes, loadKeyring, makeKeyFile, makeKeyring } from "./keyring.ts";

const random = testRandom("keyring");
const old = makeKeyFile(random);
const young = makeKeyFile(random);
const rotated = { current: young.current, keys: { ...old.keys, ...young.keys } };

describe("derived keys", () => {
  test("are HKDF-SHA-256 of the master key, one a purpose", () => {
    const keys = makeKeyring(old);
    const master = Buffer.from(old.keys[old.current] ?? "", "base64");
    assert.equal(master.length, 32);
    const csrf = Buffer.from(hkdfSync("sha256", master, "locksmith", "locksmith/csrf", 32));
    assert.deepEqual(keys.key("csrf"), csrf);
    assert.deepEqual(keys.mac("csrf", "text"), createHmac("sha256", csrf).update("text").digest());
    assert.notDeepEqual(keys.key("csrf"), keys.key("short-code"));
    assert.notDeepEqual(keys.mac("csrf", "text"), keys.mac("short-code", "text"));
  });

  test("after a rotation the new key makes, and every key still reads", () => {
    const before = makeKeyring(old);
    const after = makeKeyring(rotated);
    assert.equal(after.currentKeyId, young.current);
    assert.deepEqual(after.macs("recovery-code", "x"), [
      makeKeyring(young).mac("recovery-code", "x"),
      before.mac("recovery-code", "x"),
    ]);
    const sealed = before.seal("totp-secret", Buffer.from("kept"), "row 1", random);
    assert.equal(after.open("totp-secret", sealed, "row 1").toString(), "kept");
    assert.throws(() => makeKeyring(young).open("totp-secret", sealed, "row 1"), /not in the key file/);
    assert.throws(() => before.key("csrf", "00000000"), /not in the key file/);
  });
});

describe("sealing", () => {
  const keys = makeKeyring(old);

  test("what was sealed opens, and looks different each time", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, context) => {
        const plain = Buffer.from(bytes);
        const sealed = keys.seal("totp-secret", plain, context, systemRandom);
        assert.deepEqual(keys.open("totp-secret", sealed, context), plain);
        assert.notDeepEqual(sealed, keys.seal("totp-secret", plain, context, systemRandom));
      }),
      { numRuns: 50 },
    );
  });

  test("another row, another purpose, one changed bit and a shortened value do not open", () => {
    const sealed = keys.seal("totp-secret", Buffer.from("twenty bytes of key!"), "row 1", random);
    assert.throws(() => keys.open("totp-secret", sealed, "row 2"));
    assert.throws(() => keys.open("short-code", sealed, "row 1"));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => keys.open("totp-secret", changed, "row 1"), `byte ${at}`);
      assert.throws(() => keys.open("totp-secret", sealed.subarray(0, at), "row 1"), `${at} bytes`);
    }
  });

  test("a tag cut short does not do, even of nothing", () => {
    const nothing = keys.seal("totp-secret", Buffer.alloc(0), "row 1", random);
    for (const tagBytes of [4, 8, 12, 15])
      assert.throws(() => keys.open("totp-secret", nothing.subarray(0, 20 + tagBytes), "row 1"), `${tagBytes} bytes`);
    assert.equal(keys.open("totp-secret", nothing, "row 1").length, 0);
  });
});

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "locksmith-keys-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("the key file", () => {
  test("is made once, for its owner alone, and read from then on", async (t) => {
    const path = join(await folder(t), "secrets", "keys.json");
    const first = await loadKeyring(path, systemRandom);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(join(path, ".."))).mode & 0o777, 0o700);
    const second = await loadKeyring(path, systemRandom);
    assert.deepEqual(second.key("csrf"), first.key("csrf"));
    assert.deepEqual(await readdir(join(path, "..")), ["keys.json"]);
  });

  test("of two starts at once one makes it, and both use it", async (t) => {
    const path = join(await folder(t), "keys.json");
    const [one, other] = await Promise.all([loadKeyring(path, systemRandom), loadKeyring(path, systemRandom)]);
    assert.deepEqual(one.key("csrf"), other.key("csrf"));
  });

  const short = { current: "aaaaaaaa", keys: { aaaaaaaa: Buffer.alloc(31).toString("base64") } };
  const damaged: Readonly<Record<string, string>> = {
    nothing: "",
    "half a file": JSON.stringify(old).slice(0, 40),
    "no current key": JSON.stringify({ ...old, current: "zzzzzzzz" }),
    "a short key": JSON.stringify(short),
    "a field too many": JSON.stringify({ ...old, more: 1 }),
    "a list": "[]",
  };
  for (const [what, text] of Object.entries(damaged)) {
    test(`with ${what} is refused and left alone, and its content is not quoted`, async (t) => {
      const path = join(await folder(t), "keys.json");
      await writeFile(path, text);
      await assert.rejects(loadKeyring(path, systemRandom), (error: Error) => {
        assert.match(error.message, /keys\.json is (?:not JSON|damaged)\. Restore it from a backup\./);
        return !error.message.includes(old.keys[old.current] ?? "");
      });
      assert.equal(await readFile(path, "utf8"), text);
    });
  }

  test("a folder in its place is an error, not a new key", async (t) => {
    const path = join(await folder(t), "keys.json");
    await mkdir(path);
    await assert.rejects(loadKeyring(path, systemRandom), { code: "EISDIR" });
  });
});

test("bytes are equal in length and content, or not", () => {
  assert(equalBytes(Buffer.from("abc"), Buffer.from("abc")));
  assert(!equalBytes(Buffer.from("abc"), Buffer.from("abd")));
  assert(!equalBytes(Buffer.from("abc"), Buffer.from("abcd")));
  assert(!equalBytes(Buffer.alloc(0), Buffer.from("a")));
});
