import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./database.ts";

const NAME = /^\d{4}_[a-z0-9-]+\.sql$/;

async function readMigrations(folder: string): Promise<Record<string, Migration>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  const migrations: Record<string, Migration> = {};
  for (const file of files) {
    if (!NAME.test(file)) throw new Error(`Migration ${file} is not named like 0001_words.sql.`);
    const text = await readFile(join(folder, file), "utf8");
    migrations[file.replace(/\.sql$/, "")] = {
      up: async (db) => {
        await sql.raw(text).execute(db);
      },
    };
  }
  return migrations;
}

export interface MigrationOutcome {
  readonly applied: readonly string[];
}

/**
 * Brings the schema up to date: forward only, in order of name, all pending ones in one transaction, under a lock that
 * makes a second process wait. A database that knows migrations this version does not is refused: it is newer.
 */
export async function migrate(db: Database, folder: string): Promise<MigrationOutcome> {
  const migrator = new Migrator({
    db: db.root,
    provider: { getMigrations: () => readMigrations(folder) },
    migrationTableName: "schema_migrations",
    migrationLockTableName: "schema_migrations_lock",
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) throw error;
  return { applied: (results ?? []).map((result) => result.migrationName) };
}

/** Names of migrations that have not been applied; for readiness and `locksmith doctor`. */
export async function pendingMigrations(db: Database, folder: string): Promise<readonly string[]> {
  const known = Object.keys(await readMigrations(folder));
  const { rows } = await sql<{ present: boolean }>`
    select to_regclass('public.schema_migrations') is not null as present`.execute(db.root);
  if (!rows[0]?.present) return known;
  const applied = await sql<{ name: string }>`select name from schema_migrations`.execute(db.root);
  const names = new Set(applied.rows.map((row) => row.name));
  return known.filter((name) => !names.has(name));
}
