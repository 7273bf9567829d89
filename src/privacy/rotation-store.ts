import type { Kysely } from "kysely";
import type { Database, Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";

interface RotationTables {
  key_rotations: {
    key_id: string;
    began_at: Date;
    current_since: Date | null;
    finished_at: Date | null;
    retired_at: Date | null;
  };
}

/** A master key that a rotation made. */
export interface KeyRotation {
  readonly keyId: string;
  readonly beganAt: Date;
  /** From when on every process made with it; null before that. */
  readonly currentSince: Date | null;
  readonly finishedAt: Date | null;
  readonly retiredAt: Date | null;
}

const own = (reader: Reader): Kysely<RotationTables> => reader.as<RotationTables>();

/** Every rotation there was, the oldest first. */
export function listRotations(reader: Reader): Promise<readonly KeyRotation[]> {
  return own(reader)
    .selectFrom("key_rotations")
    .select(["key_id as keyId", "began_at as beganAt", "current_since as currentSince"])
    .select(["finished_at as finishedAt", "retired_at as retiredAt"])
    .orderBy("began_at")
    .execute();
}

export async function insertRotation(tx: Tx, keyId: string): Promise<void> {
  await own(tx)
    .insertInto("key_rotations")
    .values({ key_id: keyId, began_at: tx.now, current_since: null, finished_at: null, retired_at: null })
    .execute();
}

/** Notes a moment of a key's life; one that is noted already stays. */
export async function noteMoment(
  tx: Tx,
  keyIds: readonly string[],
  moment: "current_since" | "finished_at" | "retired_at",
): Promise<void> {
  await own(tx)
    .updateTable("key_rotations")
    .set({ [moment]: tx.now })
    .where("key_id", "in", [...keyIds])
    .where(moment, "is", null)
    .execute();
}

/**
 * Runs something while no other process does, on any machine of this database. The lock goes with the connection: whoever
 * is killed does not keep it. @returns null where another one is at it
 */
export async function alone<T>(db: Database, act: () => Promise<T>): Promise<T | null> {
  const client = await db.pool.connect();
  const name = "hashtextextended('locksmith key rotation', 0)";
  try {
    const { rows } = await client.query<{ held: boolean }>(`select pg_try_advisory_lock(${name}) as held`);
    if (rows[0]?.held !== true) return null;
    try {
      return await act();
    } finally {
      await client.query(`select pg_advisory_unlock(${name})`);
    }
  } finally {
    client.release();
  }
}
