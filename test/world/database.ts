import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { type Database, openDatabase } from "../../src/kernel/db/database.ts";
import { migrate } from "../../src/kernel/db/migrate.ts";
import { prepareJobs } from "../../src/kernel/jobs/index.ts";

/*
 * Real PostgreSQL for tests. TEST_DATABASE_URL names a server (a role that may create databases); without it this
 * process starts an embedded one in a temporary folder and removes it at the end. Every test database is a copy of a
 * migrated template, so that files can run side by side.
 */

const MIGRATIONS = join(import.meta.dirname, "../../migrations");

/** What is left to remove when this process's tests are over, last made first. */
const leftOvers: (() => Promise<unknown>)[] = [];
// Registered while the file is loaded, so that it belongs to the whole run and not to the suite that came first.
after(async () => {
  for (const remove of leftOvers.reverse()) await remove();
});

let server: Promise<string> | null = null;

async function startServer(): Promise<string> {
  const given = process.env["TEST_DATABASE_URL"];
  if (given) return given;
  const { startEmbedded } = await import("../../src/kernel/db/embedded/index.ts");
  const folder = await mkdtemp(join(tmpdir(), "locksmith-test-pg-"));
  const embedded = await startEmbedded({ dataDirectory: join(folder, "pg"), isDurable: false });
  leftOvers.push(async () => {
    await embedded.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return embedded.connectionString;
}

const withDatabase = (url: string, name: string): string => {
  const socketForm = /^(postgres(?:ql)?:\/\/[^/]*\/)([^?]*)(.*)$/.exec(url);
  if (!socketForm) throw new Error("The test database URL has no database part.");
  return `${socketForm[1]}${name}${socketForm[3]}`;
};

async function onServer<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const NOT_ALLOWED = "42501"; // insufficient_privilege

/**
 * Drops a database with whoever is connected to it. A role that is no superuser may not end an autovacuum that is at work
 * in it just then; without force PostgreSQL ends that itself, and our own connections are closed by now.
 */
const dropDatabase = (url: string, name: string): Promise<unknown> =>
  onServer(url, async (client) => {
    try {
      await client.query(`drop database if exists ${name} with (force)`);
    } catch (error) {
      if ((error as { code?: unknown }).code !== NOT_ALLOWED) throw error;
      await client.query(`drop database if exists ${name}`);
    }
  });

let template: Promise<string> | null = null;

/** Makes the migrated template once a process. */
async function makeTemplate(url: string): Promise<string> {
  const name = `template_${randomBytes(6).toString("hex")}`;
  await onServer(url, (client) => client.query(`create database ${name}`));
  const db = openDatabase({ connectionString: withDatabase(url, name), poolSize: 2 });
  await migrate(db, MIGRATIONS);
  await db.close();
  await prepareJobs(withDatabase(url, name), []); // queues are made by the first job put in them
  leftOvers.push(() => dropDatabase(url, name));
  return name;
}

export interface TestDatabase {
  readonly db: Database;
  readonly connectionString: string;
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own. Drop it at the end of the test. */
export async function testDatabase(options: { readonly poolSize?: number } = {}): Promise<TestDatabase> {
  server ??= startServer();
  const url = await server;
  template ??= makeTemplate(url);
  const from = await template;
  const name = `test_${randomBytes(6).toString("hex")}`;
  await onServer(url, (client) => client.query(`create database ${name} template ${from}`));
  const connectionString = withDatabase(url, name);
  const db = openDatabase({ connectionString, poolSize: options.poolSize ?? 16 });
  return {
    db,
    connectionString,
    drop: async () => {
      await db.close();
      await dropDatabase(url, name);
    },
  };
}
