import pg from "pg";

export interface Address {
  /** A folder with a socket, or a host's name. */
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly password: string;
  readonly database: string;
}

/** A connection string for pg and libpq. A socket's folder stands, escaped, where the host does. */
export const connectionStringOf = ({ host, port, name, password, database }: Address): string =>
  `postgresql://${name}:${encodeURIComponent(password)}@${encodeURIComponent(host)}:${port}/${database}`;

/** Connects, acts and leaves. The connection is given 10 seconds. */
export async function withConnection<T>(connectionString: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 });
  client.on("error", () => undefined); // a lost connection also fails the query, which throws
  try {
    await client.connect();
    return await act(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const NAME = /^[a-z][a-z0-9_-]{0,62}$/;
// Both say that somebody else made it at the same moment.
const MADE_MEANWHILE = new Set(["42P04", "23505"]);

/**
 * The connection string of a database of that name on the same server, which is made if there is none.
 * @param connectionString of any database there, for a role that may make databases
 * @param name lower-case letters, digits, _ and -, at most 63; trusted. Throws on others.
 */
export async function ensureDatabase(connectionString: string, name: string): Promise<string> {
  if (!NAME.test(name)) throw new Error(`${name} is not a name for a database.`);
  await withConnection(connectionString, async (client) => {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount !== 0) return;
    await client.query(`create database ${client.escapeIdentifier(name)}`).catch((error: unknown) => {
      const { code } = error as { code?: string }; // pg's errors carry the SQLSTATE as `code`
      if (!MADE_MEANWHILE.has(code ?? "")) throw error;
    });
  });
  const url = new URL(connectionString);
  url.pathname = `/${name}`;
  return url.href;
}
