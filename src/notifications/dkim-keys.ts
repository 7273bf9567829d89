import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { DkimPublicKey } from "./dkim.ts";

/*
 * Every public key that mails of this installation were ever signed with. A key that was replaced stays, so that a mail
 * of its time can still be told from a forged one.
 */

interface DkimTables {
  dkim_keys: {
    domain: string;
    selector: string;
    algorithm: DkimPublicKey["algorithm"];
    public_key: string;
    origin: "server" | "operator";
    first_used_at: Date;
    last_used_at: Date;
  };
}

export interface KeptDkimKey extends DkimPublicKey {
  /** Noted by a server that signed with it, or added by hand. */
  readonly origin: "server" | "operator";
  readonly firstUsedAt: Date;
  readonly lastUsedAt: Date;
}

/** Notes that a server signs with a key from now on. @returns whether the key is new here */
export async function noteDkimKey(tx: Tx, key: DkimPublicKey): Promise<boolean> {
  const seen = await tx
    .as<DkimTables>()
    .updateTable("dkim_keys")
    .set({ last_used_at: tx.now, origin: "server" })
    .where("domain", "=", key.domain)
    .where("selector", "=", key.selector)
    .where("public_key", "=", key.publicKey)
    .executeTakeFirst();
  if (seen.numUpdatedRows > 0n) return false;
  return keepDkimKey(tx, { ...key, origin: "server", firstUsedAt: tx.now, lastUsedAt: tx.now });
}

/** @returns false where it is kept already */
export async function keepDkimKey(tx: Tx, key: KeptDkimKey): Promise<boolean> {
  const kept = await tx
    .as<DkimTables>()
    .insertInto("dkim_keys")
    .values({
      domain: key.domain,
      selector: key.selector,
      algorithm: key.algorithm,
      public_key: key.publicKey,
      origin: key.origin,
      first_used_at: key.firstUsedAt,
      last_used_at: key.lastUsedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return kept.numInsertedOrUpdatedRows === 1n;
}

/** Takes a key away, one that leaked for example: mails signed with it prove nothing any more. @returns how many went */
export async function dropDkimKey(tx: Tx, which: Pick<DkimPublicKey, "domain" | "selector">): Promise<number> {
  const gone = await tx
    .as<DkimTables>()
    .deleteFrom("dkim_keys")
    .where("domain", "=", which.domain)
    .where("selector", "=", which.selector)
    .executeTakeFirst();
  return Number(gone.numDeletedRows);
}

/** Every key that is kept, or those of one name, the oldest first. */
export async function listDkimKeys(
  reader: Reader,
  which?: Pick<DkimPublicKey, "domain" | "selector">,
): Promise<readonly KeptDkimKey[]> {
  let query = reader.as<DkimTables>().selectFrom("dkim_keys").selectAll().orderBy("first_used_at").orderBy("selector");
  if (which) query = query.where("domain", "=", which.domain).where("selector", "=", which.selector);
  return (await query.execute()).map((row) => ({
    domain: row.domain,
    selector: row.selector,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    origin: row.origin,
    firstUsedAt: row.first_used_at,
    lastUsedAt: row.last_used_at,
  }));
}
