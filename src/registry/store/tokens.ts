import type { Reader } from "../../kernel/db/database.ts";
import type { Tx } from "../../kernel/db/transact.ts";
import type { AccountId, ApiTokenId, PublisherId } from "../../kernel/ids.ts";
import type { ApiToken } from "../types.ts";
import { own, type RegistryTables } from "./tables.ts";

export interface NewApiToken {
  readonly id: ApiTokenId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly digest: Buffer;
  readonly projects: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly publishers: readonly PublisherId[] | null;
}

export async function insertApiToken(tx: Tx, row: NewApiToken): Promise<void> {
  await own(tx)
    .insertInto("api_tokens")
    .values({
      id: row.id,
      account_id: row.accountId,
      name: row.name,
      digest: row.digest,
      projects: row.projects ? [...row.projects] : null,
      created_at: tx.now,
      expires_at: row.expiresAt,
      last_used_at: null,
      held_at: null,
      held_because: null,
      revoked_at: null,
      revoked_because: null,
      publishers: row.publishers ? [...row.publishers] : null,
    })
    .execute();
}

export async function findApiTokenByDigest(reader: Reader, digest: Buffer): Promise<ApiToken | null> {
  const row = await own(reader).selectFrom("api_tokens").selectAll().where("digest", "=", digest).executeTakeFirst();
  return row ? toApiToken(row) : null;
}

/** The token as it is now, kept from being revoked or held until the transaction ends. */
export async function lockApiToken(tx: Tx, id: ApiTokenId): Promise<ApiToken | null> {
  const row = await own(tx).selectFrom("api_tokens").selectAll().where("id", "=", id).forShare().executeTakeFirst();
  return row ? toApiToken(row) : null;
}

/** Every token ever made for the account by its subscriber, newest first; not those of runs, which live minutes. */
export async function selectApiTokens(reader: Reader, accountId: AccountId): Promise<readonly ApiToken[]> {
  const rows = await own(reader)
    .selectFrom("api_tokens")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("publishers", "is", null)
    .orderBy("id", "desc")
    .execute();
  return rows.map(toApiToken);
}

/** One token of one account, kept from being changed by anybody else until the transaction ends. */
export async function lockOwnApiToken(tx: Tx, id: ApiTokenId, accountId: AccountId): Promise<ApiToken | null> {
  const row = await own(tx)
    .selectFrom("api_tokens")
    .selectAll()
    .where("id", "=", id)
    .where("account_id", "=", accountId)
    .forUpdate()
    .executeTakeFirst();
  return row ? toApiToken(row) : null;
}

/** The ids of an account's tokens that are not revoked, kept from being changed as above. */
export async function lockLiveApiTokens(tx: Tx, accountId: AccountId): Promise<readonly ApiTokenId[]> {
  const rows = await own(tx)
    .selectFrom("api_tokens")
    .select("id")
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map((row) => row.id);
}

export async function setRevoked(tx: Tx, ids: readonly ApiTokenId[], because: string): Promise<void> {
  await own(tx)
    .updateTable("api_tokens")
    .set({ revoked_at: tx.now, revoked_because: because })
    .where("id", "in", [...ids])
    .execute();
}

export async function setHeld(tx: Tx, id: ApiTokenId, because: string): Promise<void> {
  await own(tx)
    .updateTable("api_tokens")
    .set({ held_at: tx.now, held_because: because })
    .where("id", "=", id)
    .execute();
}

/** Holds those of the tokens that are not held for some reason already. Returns their ids. */
export async function setHeldWhereFree(
  tx: Tx,
  ids: readonly ApiTokenId[],
  because: string,
): Promise<readonly ApiTokenId[]> {
  if (ids.length === 0) return [];
  const rows = await own(tx)
    .updateTable("api_tokens")
    .set({ held_at: tx.now, held_because: because })
    .where("id", "in", [...ids])
    .where("held_at", "is", null)
    .returning("id")
    .execute();
  return rows.map((row) => row.id);
}

export async function setReleased(tx: Tx, id: ApiTokenId): Promise<void> {
  await own(tx).updateTable("api_tokens").set({ held_at: null, held_because: null }).where("id", "=", id).execute();
}

/** Notes a use; at most once a minute, since it is read in hours and days. */
export async function touchApiToken(tx: Tx, id: ApiTokenId): Promise<void> {
  const minuteAgo = new Date(tx.now.getTime() - 60_000);
  await own(tx)
    .updateTable("api_tokens")
    .set({ last_used_at: tx.now })
    .where("id", "=", id)
    .where((is) => is.or([is("last_used_at", "is", null), is("last_used_at", "<", minuteAgo)]))
    .execute();
}

const toApiToken = (row: RegistryTables["api_tokens"]): ApiToken => ({
  id: row.id,
  accountId: row.account_id,
  name: row.name,
  projects: row.projects,
  publishers: row.publishers,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  held: row.held_at ? { at: row.held_at, because: row.held_because ?? "" } : null,
  revoked: row.revoked_at ? { at: row.revoked_at, because: row.revoked_because ?? "" } : null,
});
