import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemRandom } from "../random.ts";
import { addKey, makeKeyCurrent, makeKeyId, readKeyFile, removeKeys, watchKeyFile } from "./key-file.ts";
import { loadKeyring } from "./keyring.ts";

async function place(t: TestContext): Promise<{ readonly folder: string; readonly path: string }> {
  const folder = await mkdtemp(join(tmpdir(), "locksmith-keys-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "keys.json");
  await loadKeyring(path, systemRandom);
  return { folder, path };
}

describe("the key file", () => {
  test("gets a key, uses it, and loses the old one; private and whole at every step", async (t) => {
    const { folder, path } = await place(t);
    const old = (await readKeyFile(path)).current;
    const id = makeKeyId(systemRandom);
    await addKey(path, id, systemRandom);
    const added = await readKeyFile(path);
    await addKey(path, id, systemRandom);
    assert.deepEqual(await readKeyFile(path), added, "a second time nothing changes");
    assert.equal(added.current, old, "it does not make yet");
    await makeKeyCurrent(path, id, systemRandom);
    assert.equal((await readKeyFile(path)).current, id);
    await assert.rejects(removeKeys(path, [id], systemRandom), /current key/);
    await removeKeys(path, [old], systemRandom);
    assert.deepEqual(Object.keys((await readKeyFile(path)).keys), [id]);
    await assert.rejects(makeKeyCurrent(path, old, systemRandom), /not in the key file/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ["keys.json"], "no draft is left");
  });

  test("is taken up by a running process, and a damaged one is not", async (t) => {
    const { path } = await place(t);
    const keys = await loadKeyring(path, systemRandom);
    const errors: unknown[] = [];
    t.after(watchKeyFile(path, keys, (error) => errors.push(error)));
    const id = makeKeyId(systemRandom);
    await addKey(path, id, systemRandom);
    await makeKeyCurrent(path, id, systemRandom);
    while (keys.currentKeyId !== id) await delay(50);
    const whole = await readFile(path, "utf8");
    await writeFile(path, whole.slice(0, 40));
    while (errors.length === 0) await delay(50);
    assert.equal(keys.currentKeyId, id, "the keys at hand stay");
    assert.match(String(errors[0]), /Restore it from a backup/);
  });

  test("what another process sealed a moment ago opens at once", async (t) => {
    const { path } = await place(t);
    const late = await loadKeyring(path, systemRandom);
    const id = makeKeyId(systemRandom);
    await addKey(path, id, systemRandom);
    await makeKeyCurrent(path, id, systemRandom);
    const sealed = (await loadKeyring(path, systemRandom)).seal("case-data", Buffer.from("hello"), "a", systemRandom);
    assert.equal(late.open("case-data", sealed, "a").toString(), "hello");
  });
});

test("what must not change with a rotation does not: not while a key is prepared, used, or a younger one replaces it", async (t) => {
  const { path } = await place(t);
  const keys = await loadKeyring(path, systemRandom);
  const before = keys.oldestMac("fake-answer", "alice");
  for (let round = 0; round < 3; round += 1) {
    const id = makeKeyId(systemRandom);
    await addKey(path, id, systemRandom);
    keys.replace(await readKeyFile(path));
    assert.deepEqual(keys.oldestMac("fake-answer", "alice"), before);
    await makeKeyCurrent(path, id, systemRandom);
    keys.replace(await readKeyFile(path));
    assert.deepEqual(keys.oldestMac("fake-answer", "alice"), before);
    assert.deepEqual(keys.macs("csrf", "a")[0], keys.mac("csrf", "a"), "the one that makes is the first");
  }
});
