import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, test } from "node:test";
import { EXIT } from "../app/failure.ts";
import type { CliContext } from "./command.ts";
import { commands } from "./commands.ts";
import { main } from "./main.ts";

const ROOT = join(import.meta.dirname, "..", "..");

async function run(
  argv: readonly string[],
  environment: Record<string, string> = {},
  workingDirectory = ROOT,
  input: Buffer = Buffer.alloc(0),
) {
  let out = "";
  let errors = "";
  const context: CliContext = {
    environment,
    places: { workingDirectory, packageDirectory: ROOT },
    process: { onSignal: () => undefined, onCrash: () => undefined, exitNow: () => undefined },
    readInput: () => Readable.from([input]),
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      errors += text;
    },
    isTerminal: false,
    nodeVersion: process.versions.node,
    loadComposition: () => Promise.reject(new Error("No command here serves pages.")),
  };
  const code = await main(argv, context);
  return { code, out, errors };
}

describe("bad arguments", () => {
  const cases: readonly (readonly [what: string, argv: readonly string[], says: RegExp])[] = [
    ["an unknown command", ["frobnicate"], /frobnicate/],
    ["a slip in a command", ["doctr"], /Unknown command.*Did you mean doctor/],
    ["an unknown option", ["doctor", "--fast"], /Unknown option '--fast'/],
    ["an option twice wrong", ["--verbose", "doctor"], /--verbose/],
    ["too many arguments", ["policy", "check", "a.json", "b.json"], /Too many arguments|too many arguments/],
    ["a group without its second word", ["audit"], /Say which command/],
    ["an unknown second word", ["audit", "forge"], /forge|Too many/i],
    ["an over-long argument", ["policy", "check", "x".repeat(4097)], /Argument 3 is longer than 4096/],
    ["a control character", ["policy", "check", "a\u001b[31mb"], /Argument 3 contains control characters/],
    ["a line break", ["audit\nverify"], /Argument 1 contains control characters/],
    ["half a character", ["policy", "check", "\ud800"], /not valid Unicode/],
    ["an endless list", Array.from({ length: 33 }, () => "x"), /more than 32 arguments/],
    ["help for what is not there", ["help", "everything"], /There is no command/],
  ];
  for (const [what, argv, says] of cases) {
    test(`${what}: exit code 2, one sentence on standard error, nothing on standard output`, async () => {
      const { code, out, errors } = await run(argv);
      assert.equal(code, 2);
      assert.match(errors, says);
      assert.equal(out, "");
      assert.doesNotMatch(errors, /\bat .*\.ts:\d|\p{Cc}(?!$)/u);
    });
  }

  test("with --json the same is a JSON object as well", async () => {
    const { code, out } = await run(["frobnicate", "--json"]);
    assert.equal(code, 2);
    assert.equal(JSON.parse(out).exitCode, 2);
  });

  test("wrong settings: exit code 2, each on its line", async () => {
    const { code, errors } = await run(["audit", "verify"], { PORT: "x", LOG_LEVEL: "y" });
    assert.equal(code, 2);
    assert.match(errors, /^ {2}PORT [\s\S]*^ {2}LOG_LEVEL /m);
  });
});

describe("help", () => {
  test("lists every command and every exit code", async () => {
    for (const argv of [[], ["help"], ["--help"], ["-h"]]) {
      const { code, out, errors } = await run(argv);
      assert.equal(code, 0);
      assert.equal(errors, "");
      for (const { name } of commands) assert.ok(out.includes(`  ${name} `), `${argv.join(" ")} lacks ${name}`);
      for (const exitCode of Object.values(EXIT)) assert.match(out, new RegExp(`^ {2}${exitCode}  ?`, "m"));
    }
  });

  test("knows each command in three ways", async () => {
    for (const { name, about } of commands) {
      const words = name.split(" ");
      for (const argv of [
        ["help", ...words],
        [...words, "--help"],
      ]) {
        const { code, out } = await run(argv);
        assert.equal(code, 0);
        assert.ok(out.includes(about), `${argv.join(" ")} lacks its text`);
      }
    }
  });

  test("is JSON where asked", async () => {
    const { out } = await run(["help", "--json"]);
    assert.deepEqual(
      JSON.parse(out).map(({ command }: { command: string }) => command),
      commands.map(({ name }) => name),
    );
  });
});

describe("docs/commands.md", () => {
  test("has every command, setting and exit code that help has", async () => {
    const document = await readFile(join(ROOT, "docs", "commands.md"), "utf8");
    const { out } = await run(["help"]);
    const settings = [...out.matchAll(/^ {2}([A-Z]+(?:_[A-Z]+)*)[ =]/gm)].map(([, name]) => name ?? "");
    assert.ok(settings.length >= 15);
    for (const name of settings) assert.ok(document.includes(`| \`${name}\` |`), `${name} is missing`);
    for (const { name } of commands) assert.ok(document.includes(`| \`locksmith ${name}`), `${name} is missing`);
    for (const code of Object.values(EXIT)) assert.ok(document.includes(`| ${code} |`), `exit code ${code} is missing`);
  });
});

describe("policy check", () => {
  test("the policy that comes with Locksmith is safe", async () => {
    const { code, out } = await run(["policy", "check", "--json"]);
    assert.equal(code, 0, out);
    assert.match(JSON.parse(out).digest, /^[0-9a-f]{64}$/);
  });

  test("a file that is no policy is refused with 3, and the reason", async () => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-"));
    try {
      await writeFile(join(folder, "p.json"), "{ not json");
      const { code, errors } = await run(["policy", "check", "p.json"], {}, folder);
      assert.equal(code, 3);
      assert.match(errors, /not valid JSON/);
      assert.equal((await run(["policy", "check", "../nowhere/p.json"], {}, folder)).code, 3);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe("doctor", () => {
  test("on a machine without an installation warns, fails nothing, and makes nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-"));
    try {
      const { code, out } = await run(["doctor"], { DATA_DIR: join(folder, "data") });
      assert.equal(code, 0, out);
      assert.match(out, /^warn {2}data folder: .* is not there yet$/m);
      assert.match(out, /^warn {2}database: not made yet$/m);
      assert.match(out, /^ok {4}node: Node 26/m);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("names what fails and what to do, with exit code 3", async () => {
    const folder = await mkdtemp(join(tmpdir(), "locksmith-"));
    try {
      const { code, out } = await run(["doctor", "--json"], {
        DATA_DIR: folder,
        DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/x",
        SMTP_URL: "smtp://127.0.0.1:1",
        POLICY_FILE: join(folder, "none.json"),
      });
      assert.equal(code, 3);
      const findings: { check: string; status: string; advice?: string }[] = JSON.parse(out).findings;
      const failed = findings.filter(({ status }) => status === "fail");
      assert.deepEqual(
        failed.map(({ check }) => check),
        ["policy", "mail", "database"],
      );
      assert.ok(failed.every(({ advice }) => advice));
      assert.doesNotMatch(out, /hunter2/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("wrong settings are a finding, not an end", async () => {
    const { code, out } = await run(["doctor"], { PORT: "x" });
    assert.equal(code, 3);
    assert.match(out, /^fail {2}settings: not valid\n\s+PORT /m);
  });
});
