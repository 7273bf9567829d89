import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Config, readConfig } from "../../app/config.ts";
import { makeClosers, openCore } from "../../app/core.ts";
import { EXIT, Failure } from "../../app/failure.ts";
import { makeLog } from "../../kernel/log.ts";
import { type RangeServer, startRangeServer } from "../../../test/world/range-server.ts";
import { examine } from "./check.ts";
import { breachCheck } from "./services.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
let server: RangeServer;
let ignorant: RangeServer;
let folder: string;
before(async () => {
  server = await startRangeServer({ password: 9_545_824 });
  ignorant = await startRangeServer({});
  folder = await mkdtemp(join(tmpdir(), "locksmith-doctor-"));
});
after(async () => {
  await server.close();
  await ignorant.close();
  await rm(folder, { recursive: true, force: true });
});

function configOf(environment: Record<string, string>): Config {
  const read = readConfig({ DATA_DIR: folder, ...environment }, { workingDirectory: folder, packageDirectory: ROOT });
  assert(read.ok, JSON.stringify(read));
  return read.value;
}
const look = (environment: Record<string, string>) => examine("leaked passwords", breachCheck(configOf(environment)));

describe("the check of leaked passwords", () => {
  test("says what is set up and whether it answers", async () => {
    assert.equal((await look({})).status, "warn");
    const list = join(folder, "list.txt");
    await writeFile(list, `${"0".repeat(40)}:1\r\n${"F".repeat(40)}:2\r\n`);
    const both = await look({ BREACH_URL: server.url.href, BREACH_FILE: list });
    assert.equal(both.status, "ok", both.detail);
    assert.match(both.detail, /sorted list of about 2 hashes; http:\/\/127\.0\.0\.1:\d+\/ answers/);
    assert.match((await look({ BREACH_URL: ignorant.url.href })).detail, /does not know the best known password/);
    server.behave("failing");
    const away = await look({ BREACH_URL: server.url.href });
    assert.equal(away.status, "warn", "an outage keeps nobody out, so it is no failure");
    assert.match(away.detail, /gives no answer: status 503/);
    assert.equal((await look({ BREACH_FILE: join(folder, "none.txt") })).status, "fail");
  });

  test("a file that is no such list stops the start, with the variable's name", async () => {
    const list = join(folder, "words.txt");
    await writeFile(list, "password\n123456\nqwerty\nletmein-letmein-letmein\n");
    const log = makeLog("error", () => undefined);
    const start = openCore(configOf({ BREACH_FILE: list }), log, makeClosers(log));
    await assert.rejects(start, (error) => {
      assert(error instanceof Failure);
      assert.equal(error.exitCode, EXIT.usage);
      assert.match(error.message, /BREACH_FILE .*words\.txt.*SHA-1:count/);
      return true;
    });
  });
});
