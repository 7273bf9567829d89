import { sql } from "kysely";
import { type Keyring, type KeyPurpose, sealedUnder } from "../crypto/keyring.ts";
import type { Random } from "../random.ts";
import type { Reader } from "./database.ts";
import type { Tx } from "./transact.ts";

/*
 * Columns that hold what is sealed with the installation's keys. Bytes are as `seal` makes them; a text says first that it
 * is sealed and by which key. A text that was written before its column was sealed is read as it is, and sealed by the
 * next rotation.
 */

const MARK = "sealed.";

/** Seals a text for a text column. The empty text stays empty: there is nothing to hide, and erased looks the same. */
export function sealText(
  { keys, random }: { readonly keys: Keyring; readonly random: Random },
  purpose: KeyPurpose,
  plain: string,
  context: string,
): string {
  if (plain === "") return "";
  const sealed = keys.seal(purpose, Buffer.from(plain, "utf8"), context, random);
  return `${MARK}${sealedUnder(sealed)}.${sealed.toString("base64url")}`;
}

/** Opens a text of a text column. Throws when it was changed, belongs to another row, or its key is gone. */
export function openText(keys: Keyring, purpose: KeyPurpose, stored: string, context: string): string {
  if (!stored.startsWith(MARK)) return stored;
  const sealed = Buffer.from(stored.slice(stored.lastIndexOf(".") + 1), "base64url");
  return keys.open(purpose, sealed, context).toString("utf8");
}

/** A column whose values are sealed. Every table that has one has a column `id`. */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  readonly kind: "bytes" | "text";
  readonly purpose: KeyPurpose;
  /** The column that the value is bound to. */
  readonly boundTo: string;
  readonly context: (bound: string) => string;
}

const isUnder = ({ column, kind }: SealedColumn, keyId: string) =>
  kind === "bytes"
    ? sql<boolean>`substring(${sql.ref(column)} from 1 for 8) = convert_to(${keyId}, 'UTF8')`
    : sql<boolean>`starts_with(${sql.ref(column)}, ${`${MARK}${keyId}.`})`;

const holdsSomething = ({ column, kind }: SealedColumn) =>
  kind === "bytes" ? sql<boolean>`${sql.ref(column)} is not null` : sql<boolean>`${sql.ref(column)} <> ''`;

/** How many values of a column are sealed under a key. */
export async function countUnder(reader: Reader, column: SealedColumn, keyId: string): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from ${sql.table(column.table)}
    where ${holdsSomething(column)} and ${isUnder(column, keyId)}`.execute(reader.as<unknown>());
  return Number(rows[0]?.count ?? 0n);
}

/**
 * Seals a column's values anew under the current key: at most `limit` that are under another, or not sealed yet. Rows that
 * somebody else holds are waited for, since none may be left out. Returns how many.
 */
export async function resealSome(
  tx: Tx,
  column: SealedColumn,
  runtime: { readonly keys: Keyring; readonly random: Random },
  limit: number,
): Promise<number> {
  const { keys, random } = runtime;
  const db = tx.as<unknown>();
  const { rows } = await sql<{ id: string; bound: string; value: Buffer | string }>`
    select id, ${sql.ref(column.boundTo)} as bound, ${sql.ref(column.column)} as value
    from ${sql.table(column.table)}
    where ${holdsSomething(column)} and not ${isUnder(column, keys.currentKeyId)}
    order by id limit ${limit} for update`.execute(db);
  const sealAnew = (value: Buffer | string, context: string): Buffer | string =>
    typeof value === "string"
      ? sealText(runtime, column.purpose, openText(keys, column.purpose, value, context), context)
      : keys.seal(column.purpose, keys.open(column.purpose, value, context), context, random);
  for (const { id, bound, value } of rows) {
    let anew: Buffer | string;
    try {
      anew = sealAnew(value, column.context(bound));
    } catch (cause) {
      throw new Error(`${column.table}.${column.column} of ${id} cannot be opened with any key of the file.`, {
        cause,
      });
    }
    await sql`update ${sql.table(column.table)} set ${sql.ref(column.column)} = ${anew} where id = ${id}`.execute(db);
  }
  return rows.length;
}
