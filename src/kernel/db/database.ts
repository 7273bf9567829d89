import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { preparing } from "./prepared.ts";
import { WriteWitness } from "./write-witness.ts";

/**
 * Anything that can be read from: the database itself or an open transaction. A slice names its own tables:
 * `reader.as<AccountTables>()`. The types stop at the slice's border; test/architecture.test.ts checks the SQL.
 */
export interface Reader {
  as<Tables>(): Kysely<Tables>;
}

export interface Database extends Reader {
  readonly pool: pg.Pool;
  /** Kysely handle without tables, for the kernel's own use. */
  readonly root: Kysely<unknown>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly connectionString: string;
  /** Connections kept at most. */
  readonly poolSize?: number;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onConnectionLost?: (error: Error) => void;
}

const INT8 = 20;

/** Opens a pool. Connects on first use, so an absent server shows as an error of the first query, not here. */
export function openDatabase(options: DatabaseOptions): Database {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, (text) => BigInt(text));
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.poolSize ?? 16,
    types,
    connectionTimeoutMillis: 10_000,
    // A statement or a forgotten transaction must not hold its locks for ever.
    options: "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
  });
  pool.on("error", (error) => options.onConnectionLost?.(error));
  // A connection that breaks between two statements of a transaction has no query to tell: without a listener of its own
  // that would end the process. Whoever holds it finds out at the next statement.
  pool.on("connect", (client) => client.on("error", () => {}));
  const root = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: preparing(pool) }),
    plugins: [new WriteWitness()],
  });
  return {
    pool,
    root,
    as: <Tables>() => root as unknown as Kysely<Tables>, // the tables are a type only; every handle is the same
    close: () => root.destroy(),
  };
}
