import assert from "node:assert/strict";
import { rename, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { attachEmbedded } from "../../src/app/attach.ts";
import { testDatabase } from "../world/database.ts";
import {
  databasePid,
  type Ended,
  isAlive,
  ROOT,
  start,
  startRelay,
  temporaryInstallation,
  type TestProcess,
} from "../world/process.ts";

/*
 * The server and the commands as processes of their own: what an operator sees. The first group is one installation's
 * life, in order; each test goes on where the one before ended.
 */

const SERVER = join(ROOT, "src", "bin", "server.ts");
const CLI = join(ROOT, "src", "bin", "cli.ts");
const WORKER = join(ROOT, "src", "bin", "worker.ts");
const RUNNING = /Locksmith is running at (http:\S+?)[ .]*(?:\(|\n)/;
const LINK = /(http:\S+)\/first-administrator\/([\w-]{43})\s/;

type Environment = Readonly<Record<string, string>>;

const serve = (environment: Environment): TestProcess =>
  start([SERVER], { environment: { PORT: "0", ...environment } });

const command = (environment: Environment, ...args: string[]): Promise<Ended> =>
  start([CLI, ...args], { environment }).ended;

/** Where a server answers, once it does. */
const addressOf = async (server: TestProcess): Promise<string> => (await server.says(RUNNING))[1] ?? "";

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly isOk: boolean; readonly detail: string }>>;
}

async function readiness(url: string): Promise<{ status: number; report: Readiness }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, report: (await response.json()) as Readiness }; // our own documented shape
}

/** Asks until the answer has that status; the test runner's own limit ends one that never does. */
async function untilReadiness(url: string, status: number): Promise<Readiness> {
  for (;;) {
    const answer = await readiness(url);
    if (answer.status === status) return answer.report;
    await delay(100);
  }
}

async function stop(server: TestProcess, signal: NodeJS.Signals = "SIGINT"): Promise<Ended> {
  server.kill(signal);
  return server.ended;
}

const json = (ended: Ended): Record<string, unknown> => {
  assert.doesNotThrow(() => JSON.parse(ended.stdout), `not JSON: ${ended.stdout}\n${ended.stderr}`);
  return JSON.parse(ended.stdout) as Record<string, unknown>; // read field by field below
};

describe("an installation on its embedded database", { timeout: 120_000 }, async () => {
  const home = await temporaryInstallation();
  const folder = home.data;
  const environment = { DATA_DIR: folder };
  let server: TestProcess | undefined;
  let url = "";
  let link = "";
  let head = 0;
  after(async () => {
    server?.kill("SIGKILL");
    await server?.ended;
    await home.remove();
  });

  test("the first start makes everything, prints the link for the first administrator, and is ready", async () => {
    server = serve(environment);
    url = await addressOf(server);
    const printed = LINK.exec(server.stdout());
    assert.equal(printed?.[1], url);
    link = printed?.[2] ?? "";
    assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { status: "up" });
    const { status, report } = await readiness(url);
    assert.equal(status, 200);
    assert.ok(Object.values(report.checks).every(({ isOk }) => isOk));
    assert.ok(!server.stderr().includes(link), "the link is for the terminal, never for the log");
    for (const inside of [".", "secrets", "mail"]) assert.equal((await stat(join(folder, inside))).mode & 0o777, 0o700);
    assert.equal((await stat(join(folder, "secrets", "keys.json"))).mode & 0o777, 0o600);
  });

  test("a second start on the same folder says who has it, and stops", async () => {
    const second = await serve(environment).ended;
    assert.equal(second.code, 4);
    assert.match(second.stderr, new RegExp(`already running on this data folder.*pid ${server?.pid}`));
    assert.equal((await readiness(url)).status, 200);
  });

  test("commands use the running server's database", async () => {
    const verified = await command(environment, "audit", "verify", "--json");
    assert.equal(verified.code, 0, verified.stderr);
    const { isIntact, events } = json(verified);
    assert.equal(isIntact, true);
    head = Number(events);
    assert.ok(head >= 1);
    const looked = json(await command(environment, "doctor", "--json"));
    const findings = looked["findings"] as { check: string; status: string; detail: string }[]; // our own documented shape
    assert.deepEqual(
      findings.filter(({ status }) => status === "fail"),
      [],
    );
    assert.match(findings.find(({ check }) => check === "database")?.detail ?? "", /of the running server/);
    const migrated = await command(environment, "migrate", "--json");
    assert.deepEqual(json(migrated), { applied: [] });
    const created = await command(environment, "admin", "create");
    assert.equal(created.code, 0, created.stderr);
    assert.match(created.stdout, /\/first-administrator\/[\w-]{43}/);
    assert.equal((await readiness(url)).status, 200);
  });

  test("Ctrl-C ends it, with its database, and keeps the data", async () => {
    const pid = await databasePid(folder);
    const ended = await stop(server as TestProcess); // started above
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
    assert.match(ended.stdout, /Stopped\. The data is kept\./);
    assert.ok(!isAlive(pid));
    const verified = json(await command(environment, "audit", "verify", "--json"));
    assert.equal(verified["isIntact"], true);
    assert.ok(Number(verified["events"]) > head, "admin create is on the log");
    await assert.rejects(databasePid(folder), "a command leaves nothing running");
  });

  test("killed without warning, it starts again with everything that was saved", async () => {
    server = serve(environment);
    url = await addressOf(server);
    assert.notEqual(LINK.exec(server.stdout())?.[2], link, "a start makes a new link for as long as it is needed");
    const before = await databasePid(folder);
    server.kill("SIGKILL");
    await server.ended;
    server = serve(environment);
    url = await addressOf(server);
    await untilReadiness(url, 200);
    assert.equal(await databasePid(folder), before, "the database left running is taken over");
    const verified = json(await command(environment, "audit", "verify", "--json"));
    assert.equal(verified["isIntact"], true);
  });

  test("a database that dies is started again under the running server", async () => {
    const before = await databasePid(folder);
    process.kill(before, "SIGQUIT");
    while (isAlive(before)) await delay(50);
    await untilReadiness(url, 200);
    assert.notEqual(await databasePid(folder), before);
  });

  test("an event altered with SQL is found and named, with exit code 3", async () => {
    const address = await attachEmbedded(join(folder, "pg"), 0);
    assert.ok(address);
    const client = new pg.Client({ connectionString: address });
    await client.connect();
    await client.query("alter table audit_events disable trigger user");
    await client.query(`update audit_events set facts = facts || '{"revoked": 77}' where seq = 2`);
    await client.query("alter table audit_events enable trigger user");
    await client.end();
    const verified = await command(environment, "audit", "verify");
    assert.equal(verified.code, 3);
    assert.match(verified.stdout, /NOT intact[\s\S]*event 2: .*administrator-link-issued.* was altered/);
  });

  test("SIGTERM ends it as Ctrl-C does", async () => {
    const ended = await stop(server as TestProcess, "SIGTERM"); // started above
    assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr);
  });

  test("without its key file a used installation does not start, and makes no new one", async () => {
    const keys = join(folder, "secrets", "keys.json");
    await rename(keys, `${keys}.away`);
    const ended = await serve(environment).ended;
    assert.equal(ended.code, 4);
    assert.match(ended.stderr, /key file .* is missing/);
    await assert.rejects(stat(keys));
  });
});

describe("starts that cannot work", { timeout: 60_000 }, () => {
  test("a port in use is told before anything is made", async () => {
    const home = await temporaryInstallation();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number }; // a TCP server's address is this object
    try {
      const ended = await serve({ DATA_DIR: home.data, PORT: String(port) }).ended;
      assert.equal(ended.code, 4);
      assert.match(ended.stderr, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use`));
      await assert.rejects(stat(home.data));
    } finally {
      await new Promise((resolve) => other.close(resolve));
      await home.remove();
    }
  });

  test("every setting that is wrong is named, at once, without its secrets", async () => {
    const ended = await serve({ PORT: "eighty", LOG_LEVEL: "loud", DATABASE_URL: "mysql://me:hunter2@db/x" }).ended;
    assert.equal(ended.code, 2);
    for (const name of ["PORT", "LOG_LEVEL", "DATABASE_URL"])
      assert.match(ended.stderr, new RegExp(`^  ${name} `, "m"));
    assert.doesNotMatch(ended.stderr, /hunter2|\bat .*\.ts:/);
    assert.equal(ended.stdout, "");
  });

  test("an absent database is told in a sentence", async () => {
    const home = await temporaryInstallation();
    try {
      const ended = await serve({ DATA_DIR: home.data, DATABASE_URL: "postgres://me:hunter2@127.0.0.1:1/x" }).ended;
      assert.equal(ended.code, 4);
      assert.match(ended.stderr, /nothing listens at its address/);
      assert.doesNotMatch(ended.stderr, /hunter2/);
    } finally {
      await home.remove();
    }
  });

  test("a policy that cannot be read stops the start", async () => {
    const home = await temporaryInstallation();
    try {
      const ended = await serve({ DATA_DIR: home.data, POLICY_FILE: join(home.folder, "none.json") }).ended;
      assert.equal(ended.code, 3);
      assert.match(ended.stderr, /policy file cannot be read/);
    } finally {
      await home.remove();
    }
  });

  test("a worker without DATABASE_URL is told why", async () => {
    const ended = await start([WORKER], { environment: {} }).ended;
    assert.equal(ended.code, 2);
    assert.match(ended.stderr, /needs DATABASE_URL/);
  });
});

describe("an installation on a database server", { timeout: 60_000 }, () => {
  test("while the database is away pages say so, and it recovers by itself; a worker runs beside it", async () => {
    const home = await temporaryInstallation();
    const database = await testDatabase({ poolSize: 1 });
    const address = new URL(database.connectionString);
    const host = decodeURIComponent(address.hostname);
    const relay = await startRelay(
      host.startsWith("/")
        ? { path: `${host}/.s.PGSQL.${address.port || "5432"}` }
        : { host, port: Number(address.port || "5432") },
    );
    const login = `${address.username}${address.password === "" ? "" : `:${address.password}`}`;
    const environment = {
      DATA_DIR: home.data,
      DATABASE_URL: `postgres://${login}@127.0.0.1:${relay.port}${address.pathname}`,
    };
    const server = serve(environment);
    let worker: TestProcess | undefined;
    try {
      const url = await addressOf(server);
      worker = start([WORKER], { environment });
      await worker.says(/worker is running/);
      const page = () => fetch(`${url}/simple/`, { headers: { accept: "text/html" } });
      assert.equal((await page()).status, 200);
      await relay.takeAway();
      const report = await untilReadiness(url, 503);
      assert.equal(report.checks["database"]?.isOk, false);
      const answer = await page();
      assert.equal(answer.status, 503);
      assert.match(await answer.text(), /cannot reach its database/);
      assert.equal((await fetch(`${url}/healthz`)).status, 200);
      await relay.bringBack();
      await untilReadiness(url, 200);
      assert.equal((await page()).status, 200);
      assert.equal((await stop(worker)).code, 0);
      assert.equal((await stop(server)).code, 0);
    } finally {
      for (const running of [server, worker]) running?.kill("SIGKILL");
      await Promise.all([server.ended, worker?.ended]);
      await relay.close();
      await database.drop();
      await home.remove();
    }
  });
});

describe("the command line", { timeout: 60_000 }, () => {
  test("npx runs it from the project's folder, on the Node that npm brought", async (t) => {
    // npx sets the mode of the file it runs, which only its owner may.
    const uid = process.getuid?.() ?? 0;
    if (uid !== 0 && (await stat(CLI)).uid !== uid) return t.skip("the project belongs to another account");
    const home = await temporaryInstallation();
    try {
      const system = (process.env["PATH"] ?? "").split(":").filter((part) => !part.includes("node_modules"));
      const ended = await start(["--offline", "--no-update-notifier", "locksmith", "doctor", "--json"], {
        command: "npx",
        environment: {
          PATH: system.join(":"),
          npm_config_cache: join(home.folder, "npm"),
          DATA_DIR: home.data,
        },
      }).ended;
      const findings = json(ended)["findings"] as { check: string; status: string; detail: string }[]; // documented shape
      assert.match(findings.find(({ check }) => check === "node")?.detail ?? "", /^Node 26\./);
      assert.equal(ended.code, 0, ended.stderr);
    } finally {
      await home.remove();
    }
  });

  test("it says that there is nothing yet, and makes nothing", async () => {
    const home = await temporaryInstallation();
    try {
      const ended = await command({ DATA_DIR: home.data }, "audit", "verify");
      assert.equal(ended.code, 4);
      assert.match(ended.stderr, /There is no installation in/);
      await assert.rejects(stat(home.data));
    } finally {
      await home.remove();
    }
  });
});
