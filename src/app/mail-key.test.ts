import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { testDatabase } from "../../test/world/database.ts";
import { testRuntime } from "../../test/world/runtime.ts";
import { listEvents } from "../audit/index.ts";
import { main } from "../cli/main.ts";
import { listDkimKeys, publicDkimKey, readDkimKey, readDkimRecord } from "../notifications/index.ts";
import { noteMailKey, openMailKey } from "./mail-key.ts";

const DAY_MS = 24 * 3600_000;
const ROOT = join(import.meta.dirname, "../..");

describe("the key that signs mails", () => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let folder: string;
  before(async () => {
    database = await testDatabase();
    folder = await mkdtemp(join(tmpdir(), "locksmith-mail-key-"));
  });
  after(async () => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const command = async (...argv: readonly string[]) => {
    let out = "";
    let errors = "";
    const code = await main(argv, {
      environment: {
        DATA_DIR: folder,
        DATABASE_URL: database.connectionString,
        MAIL_FROM: "Example <security@index.example>",
      },
      places: { workingDirectory: folder, packageDirectory: ROOT },
      process: { onSignal: () => undefined, onCrash: () => undefined, exitNow: () => undefined },
      readInput: () => Readable.from([]),
      write: (text) => void (out += text),
      writeError: (text) => void (errors += text),
      isTerminal: false,
      nodeVersion: process.versions.node,
      loadComposition: () => Promise.reject(new Error("No page is served here.")),
    });
    return { code, out, errors };
  };
  const path = () => join(folder, "secrets", "dkim.json");

  test("is made once, noted while it is used, and kept when another follows", async () => {
    const runtime = testRuntime(database.db);
    const [first, same] = await Promise.all([
      openMailKey(runtime, path(), "index.example"),
      openMailKey(runtime, path(), "index.example"),
    ]);
    assert(first && same);
    assert.equal(first.keySelector, same.keySelector, "two servers that start at once sign with one key");
    if (process.platform !== "win32") assert.equal((await stat(path())).mode & 0o777, 0o600);
    await noteMailKey(runtime, first);
    runtime.clock.advance(30 * DAY_MS);
    await noteMailKey(runtime, first);
    const [kept] = await listDkimKeys(database.db);
    assert(kept);
    assert.equal(kept.lastUsedAt.getTime() - kept.firstUsedAt.getTime(), 30 * DAY_MS);
    assert.equal(kept.publicKey, publicDkimKey(first).publicKey);
    assert.equal((await listEvents(database.db, { limit: 10 })).length, 1, "only the first use is an event");

    const shown = await command("mail", "key", "next");
    assert.equal(shown.code, 0, shown.errors);
    assert.match(shown.out, new RegExp(`${first.keySelector}\\._domainkey\\.index\\.example`));
    const next = await readDkimKey(join(folder, "secrets", "dkim-next.json"));
    assert(next && shown.out.includes(`p=${publicDkimKey(next).publicKey}`));
    assert.doesNotMatch(shown.out, /PRIVATE/);
    await command("mail", "key", "next");
    const again = await readDkimKey(join(folder, "secrets", "dkim-next.json"));
    assert.equal(again?.keySelector, next.keySelector, "asked again, it is the same key");
    await rename(join(folder, "secrets", "dkim-next.json"), path());
    const second = await openMailKey(runtime, path(), "index.example");
    assert(second);
    assert.equal(second.keySelector, next.keySelector);
    await noteMailKey(runtime, second);
    assert.equal((await listDkimKeys(database.db)).length, 2);
    await rm(path());
    assert.equal(await openMailKey(runtime, path(), "index.example"), null, "a file that was taken away stays away");
  });

  test("old keys are added and taken away by hand, weak ones refused", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
    const add = (record: string, ...days: readonly string[]) =>
      command("mail", "key-add", "index.example", "old", record, ...days);
    const added = await add(`"v=DKIM1; k=ed25519; " "p=${raw}"`, "2020-01-01", "2021-06-30");
    assert.equal(added.code, 0, added.errors);
    assert.match((await add(raw, "2020-01-01", "2021-06-30")).out, /already/);
    const [old] = (await listDkimKeys(database.db)).filter(({ selector }) => selector === "old");
    assert.deepEqual([old?.algorithm, old?.origin], ["ed25519-sha256", "operator"]);
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ type: "spki", format: "der" });
    for (const record of [weak.toString("base64"), "v=DKIM1; p=", "nonsense", "A".repeat(300)]) {
      assert.equal(readDkimRecord(record), null);
      assert.equal((await add(record, "2020-01-01", "2021-06-30")).code, 2);
    }
    assert.equal((await add(raw, "2021-06-30", "2020-01-01")).code, 2);
    assert.equal((await add(raw, "2021-02-31x", "2021-06-30")).code, 2);
    assert.equal((await command("mail", "key-drop", "index.example", "old")).code, 0);
    assert.equal((await command("mail", "key-drop", "index.example", "old")).code, 3);
  });

  test("a file with a key that mails cannot be signed with is refused", async () => {
    const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
    const file = join(folder, "ed25519.json");
    await writeFile(file, JSON.stringify({ domainName: "index.example", keySelector: "a", privateKey: pem }));
    await assert.rejects(readDkimKey(file), /no RSA key/);
  });
});
