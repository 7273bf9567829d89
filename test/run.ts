import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { startEmbedded } from "../src/kernel/db/embedded/index.ts";

/*
 * Runs the tests: `npm test` all of them, `npm run test:quick` those that need no outside client, no browser, no second
 * process and no walk over the whole route table. One embedded PostgreSQL serves every file, each test in a database of
 * its own; TEST_DATABASE_URL names another server instead. Outside clients that were not found are named in the closing
 * lines.
 */

const ROOT = join(import.meta.dirname, "..");
const args = process.argv.slice(2);
const isQuick = args.includes("--quick");
const wanted = args.filter((arg) => !arg.startsWith("--"));

/** Slow by nature: browsers, child processes, outside clients, many rounds. */
const SLOW =
  /(?:^|\/)test\/(?:browser|flows|races|process|adversary)\/|style-guide\.test|outbox\.test|embedded\.test|postfix\.test|registry\/.*(?:http|upload).*\.test/;

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function chosen(): string[] {
  const all = [...filesUnder("src"), ...filesUnder("test"), ...filesUnder("bench")].toSorted();
  const named = wanted.length > 0 ? all.filter((file) => wanted.some((part) => file.includes(part))) : all;
  return isQuick ? named.filter((file) => !SLOW.test(file)) : named;
}

function runTests(files: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const options = [
    "--test",
    "--test-concurrency=2",
    "--test-timeout=600000",
    "--test-reporter=dot",
    "--test-reporter-destination=stdout",
  ];
  // The closing counts come from the spec reporter, which also prints every failure whole.
  const reporters = process.stdout.isTTY
    ? options
    : ["--test", "--test-concurrency=2", "--test-timeout=600000", "--test-reporter=spec"];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...reporters, ...files], { cwd: ROOT, env, stdio: "inherit" });
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function main(): Promise<number> {
  const files = chosen();
  if (files.length === 0) {
    process.stderr.write("No test file has that in its name.\n");
    return 2;
  }
  const scratch = await mkdtemp(join(tmpdir(), "locksmith-tests-"));
  const missingFile = join(scratch, "missing-clients");
  await writeFile(missingFile, "");
  const given = process.env["TEST_DATABASE_URL"];
  const server = given ? null : await startEmbedded({ dataDirectory: join(scratch, "pg"), isDurable: false });
  try {
    const env = {
      ...process.env,
      TEST_DATABASE_URL: given ?? server?.connectionString ?? "",
      LOCKSMITH_MISSING_CLIENTS: missingFile,
      NODE_NO_WARNINGS: "1",
    };
    const code = await runTests(files, env);
    const missing = new Set((await readFile(missingFile, "utf8")).split("\n").filter(Boolean));
    process.stdout.write(
      missing.size === 0
        ? "\nOutside clients: every one that a test asked for was found.\n"
        : `\nOutside clients not found, their tests did not run: ${[...missing].toSorted().join(", ")}\n`,
    );
    return missing.size > 0 && process.env["REQUIRE_ALL"] === "1" ? 1 : code;
  } finally {
    await server?.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

process.exitCode = await main();
