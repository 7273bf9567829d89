import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { SetCookie } from "../kernel/http/index.ts";
import { type AccountId, type DeviceId, newId } from "../kernel/ids.ts";
import type { Random } from "../kernel/random.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { DEVICE_COOKIE, DEVICE_COOKIE_SECONDS, type KnownDevice } from "./types.ts";

/*
 * Known devices: a random name in a cookie for a year, by which an account's owner is told of sign-ins from elsewhere.
 * It proves nothing and opens nothing: no cookie stands in for an authenticator (SP 800-63B-4 §5.1.1). It is not tied to
 * a network address, which changes with every journey.
 */

interface DeviceTables {
  known_devices: {
    id: DeviceId;
    account_id: AccountId;
    digest: Buffer;
    first_seen_at: Date;
    last_seen_at: Date;
  };
}

const own = (reader: Reader): Kysely<DeviceTables> => reader.as<DeviceTables>();
const TOKEN_BYTES = 32;
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/** Covers the account as well, so that the table does not say which accounts share a browser. */
const digestOf = (accountId: AccountId, token: string): Buffer =>
  createHash("sha256").update(`${accountId}\n${token}`, "utf8").digest();

const yearBefore = (now: Date): Date => new Date(now.getTime() - DEVICE_COOKIE_SECONDS * 1000);

export interface RecognisedDevice {
  readonly id: DeviceId;
  /** For the cookie; the browser's own where it had one. */
  readonly token: Secret<string>;
  /** Whether this account was signed in there within the last year. */
  readonly isKnown: boolean;
}

/**
 * Notes that an account is signing in with this browser, and whether it did before. In the transaction of the sign-in.
 * @param presented the cookie as it came, from anybody
 */
export async function recogniseDevice(
  tx: Tx,
  random: Random,
  accountId: AccountId,
  presented: string | undefined,
): Promise<RecognisedDevice> {
  const token =
    presented !== undefined && SHAPE.test(presented) ? presented : random.bytes(TOKEN_BYTES).toString("base64url");
  const digest = digestOf(accountId, token);
  const known = await own(tx)
    .updateTable("known_devices")
    .set({ last_seen_at: tx.now })
    .where("digest", "=", digest)
    .where("last_seen_at", ">", yearBefore(tx.now))
    .returning("id")
    .executeTakeFirst();
  if (known) return { id: known.id, token: secret(token), isKnown: true };
  const id = newId("dev", tx.now, random);
  const seen = { first_seen_at: tx.now, last_seen_at: tx.now };
  const { id: kept } = await own(tx)
    .insertInto("known_devices")
    .values({ id, account_id: accountId, digest, ...seen })
    .onConflict((conflict) => conflict.column("digest").doUpdateSet(seen)) // over a year old, or made just now
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id: kept, token: secret(token), isKnown: false };
}

/** The device a browser is to an account, null where it is none of its own. Looking changes nothing. */
export async function findKnownDevice(
  reader: Reader,
  accountId: AccountId,
  presented: string | undefined,
  now: Date,
): Promise<DeviceId | null> {
  const row = await own(reader)
    .selectFrom("known_devices")
    .select("id")
    .where("digest", "=", digestOf(accountId, presented ?? ""))
    .where("last_seen_at", ">", yearBefore(now))
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Every browser in which the account was signed in within the last year. */
export async function listDevices(reader: Reader, accountId: AccountId, now: Date): Promise<readonly KnownDevice[]> {
  const rows = await own(reader)
    .selectFrom("known_devices")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("last_seen_at", ">", yearBefore(now))
    .execute();
  return rows.map((row) => ({ id: row.id, firstSeenAt: row.first_seen_at }));
}

/** The cookie by which a browser is known again, for a year from its last sign-in. */
export const deviceCookie = (token: Secret<string>): SetCookie => ({
  name: DEVICE_COOKIE,
  value: token.reveal(),
  maxAgeSeconds: DEVICE_COOKIE_SECONDS,
});

/** After a lock or a recovery no browser is known any more: the next sign-in is told of, wherever it comes from. */
export async function forgetDevices(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("known_devices").where("account_id", "=", accountId).execute();
}

/** Forgets browsers that no account was signed in with for a year. */
export async function deleteOldDevices(tx: Tx): Promise<void> {
  await own(tx).deleteFrom("known_devices").where("last_seen_at", "<=", yearBefore(tx.now)).execute();
}
