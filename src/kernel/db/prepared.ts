import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";

/*
 * PostgreSQL parses and plans a statement again each time it is sent, unless it was given a name; for the short ones a
 * request is made of, that is half of the work. So a statement with parameters is named when it is first seen, and each
 * connection prepares it once.
 */

/** A list of changing length makes a new statement for each length: what is seen later than this goes without a name. */
const MOST_NAMES = 500;

/**
 * Whether PostgreSQL refused a prepared statement because a migration has changed the table under it: another process
 * of a newer version was started. Told by where it comes from, since the message may be translated.
 */
export const isStalePlan = (error: unknown): boolean =>
  (error as { routine?: unknown } | null)?.routine === "RevalidateCachedQuery"; // pg's errors carry PostgreSQL's fields

/** A pool for kysely whose connections prepare what they are asked. */
export function preparing(pool: pg.Pool): PostgresPool {
  let names = new Map<string, string>();
  let generation = 0;
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text);
    if (known !== undefined || names.size >= MOST_NAMES) return known;
    const name = `locksmith_${generation}_${names.size}`;
    names.set(text, name);
    return name;
  };
  const forget = () => {
    names = new Map();
    generation += 1;
  };

  const wrap = (client: pg.PoolClient): PostgresPoolClient => {
    const send = (text: string, values: readonly unknown[]) => {
      const name = values.length > 0 ? nameOf(text) : undefined;
      return client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) });
    };
    const query = async (text: string, values: readonly unknown[]) => {
      try {
        return await send(text, values);
      } catch (error) {
        if (!isStalePlan(error)) throw error;
        forget();
        if (client.getTransactionStatus() !== "I") throw error; // it has ended the transaction; `transact` begins again
        return send(text, values);
      }
    };
    // kysely's type also has cursors, for streaming, which would need a package of their own.
    return { query: query as unknown as PostgresPoolClient["query"], release: (isBroken) => client.release(isBroken) };
  };

  const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    connect: async () => {
      const client = await pool.connect();
      const known = wrapped.get(client) ?? wrap(client);
      wrapped.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}
