import type { Kysely } from "kysely";
import { audit, type AuditActor } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type AccountId, type DeviceId, newId, type SessionId } from "../kernel/ids.ts";
import { digestToken } from "../kernel/one-time.ts";
import type { Random } from "../kernel/random.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { type Factor, FRESH_MS, LIMITS, type Session, type SessionKind } from "./types.ts";

interface SessionTables {
  sessions: {
    id: SessionId;
    account_id: AccountId;
    kind: SessionKind;
    digest: Buffer;
    factors: Factor[];
    started_at: Date;
    last_seen_at: Date;
    expires_at: Date;
    reauthenticated_at: Date;
    ended_at: Date | null;
    ended_because: string | null;
    ip: string;
    user_agent: string;
    device_id: DeviceId | null;
    owes_new_password: boolean;
  };
}

const own = (reader: Reader): Kysely<SessionTables> => reader.as<SessionTables>();
const SECRET_BYTES = 32;
const SEEN_EVERY_MS = 60_000;

export interface StartSession {
  readonly accountId: AccountId;
  readonly kind: SessionKind;
  readonly factors: readonly Factor[];
  readonly source: Source;
  readonly deviceId?: DeviceId;
  /** The password it is begun with has leaked. */
  readonly owesNewPassword?: boolean;
}

/** Starts a session with a secret of 256 random bits, of which only the digest is stored. The caller audits. */
export async function startSession(
  tx: Tx,
  random: Random,
  start: StartSession,
): Promise<{ readonly id: SessionId; readonly token: Secret<string> }> {
  const token = random.bytes(SECRET_BYTES).toString("base64url");
  const id = newId("ses", tx.now, random);
  await own(tx)
    .insertInto("sessions")
    .values({
      id,
      account_id: start.accountId,
      kind: start.kind,
      digest: digestToken(token),
      factors: [...start.factors],
      started_at: tx.now,
      last_seen_at: tx.now,
      expires_at: new Date(tx.now.getTime() + LIMITS[start.kind].wholeMs),
      reauthenticated_at: tx.now,
      ended_at: null,
      ended_because: null,
      ip: start.source.ip,
      user_agent: start.source.userAgent,
      device_id: start.deviceId ?? null,
      owes_new_password: start.owesNewPassword ?? false,
    })
    .execute();
  return { id, token: secret(token) };
}

const live = (reader: Reader, now: Date) =>
  own(reader).selectFrom("sessions").selectAll().where("ended_at", "is", null).where("expires_at", ">", now);

const isIdle = (row: SessionTables["sessions"], now: Date): boolean =>
  now.getTime() - row.last_seen_at.getTime() > LIMITS[row.kind].idleMs;

/**
 * The live session this token belongs to, and notes that it was seen. Both timeouts end it for good.
 * @param isPerson whether a person asked; a page that looks by itself keeps no session awake
 */
export async function resolveSession(
  runtime: Runtime,
  token: string,
  kind: SessionKind,
  now: Date,
  isPerson = true,
): Promise<Session | null> {
  const row = await live(runtime.db, now)
    .where("digest", "=", digestToken(token))
    .where("kind", "=", kind)
    .executeTakeFirst();
  if (!row || isIdle(row, now)) return null;
  if (isPerson && now.getTime() - row.last_seen_at.getTime() >= SEEN_EVERY_MS) {
    await transact(runtime.db, { now, bookkeeping: "session last seen" }, async (tx) => {
      await own(tx).updateTable("sessions").set({ last_seen_at: now }).where("id", "=", row.id).execute();
      return ok();
    });
  }
  return toSession(row);
}

/** Live sessions of an account, newest first. */
export async function listLiveSessions(reader: Reader, accountId: AccountId, now: Date): Promise<readonly Session[]> {
  const rows = await live(reader, now).where("account_id", "=", accountId).orderBy("started_at", "desc").execute();
  return rows.filter((row) => !isIdle(row, now)).map(toSession);
}

const MOST_NETWORKS = 1000;

/** From where an account was signed in to before a moment, the newest first, as far back as sessions are kept. */
export function listSignIns(
  reader: Reader,
  accountId: AccountId,
  before: Date,
): Promise<readonly { readonly ip: string; readonly userAgent: string; readonly startedAt: Date }[]> {
  return own(reader)
    .selectFrom("sessions")
    .select(["ip", "user_agent as userAgent", "started_at as startedAt"])
    .where("account_id", "=", accountId)
    .where("kind", "=", "subscriber")
    .where("started_at", "<", before)
    .orderBy("started_at", "desc")
    .limit(MOST_NETWORKS)
    .execute();
}

export async function findSession(reader: Reader, id: SessionId, now: Date): Promise<Session | null> {
  const row = await live(reader, now).where("id", "=", id).executeTakeFirst();
  return row && !isIdle(row, now) ? toSession(row) : null;
}

/** Ends one session of the account. @returns false where it had ended, or is another account's */
export async function endSession(
  tx: Tx,
  random: Random,
  end: { readonly id: SessionId; readonly accountId: AccountId; readonly because: string; readonly actor: AuditActor },
): Promise<boolean> {
  const result = await own(tx)
    .updateTable("sessions")
    .set({ ended_at: tx.now, ended_because: end.because })
    .where("id", "=", end.id)
    .where("account_id", "=", end.accountId)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return false;
  const facts = { sessions: [end.id], because: end.because };
  audit(tx, random, { act: "sessions/ended", actor: end.actor, accountId: end.accountId, facts });
  return true;
}

/** Ends the live sessions of an account but `except`. @returns how many were live */
export async function endAllSessions(
  tx: Tx,
  random: Random,
  end: {
    readonly accountId: AccountId;
    readonly because: string;
    readonly actor: AuditActor;
    readonly except?: SessionId | undefined;
    /** Only sessions of one kind. */
    readonly kind?: SessionKind | undefined;
  },
): Promise<number> {
  let update = own(tx)
    .updateTable("sessions")
    .set({ ended_at: tx.now, ended_because: end.because })
    .where("account_id", "=", end.accountId)
    .where("ended_at", "is", null);
  if (end.kind !== undefined) update = update.where("kind", "=", end.kind);
  if (end.except !== undefined) update = update.where("id", "!=", end.except);
  const ended = await update.returning("id").execute();
  if (ended.length > 0) {
    const facts = { sessions: ended.map((row) => row.id), because: end.because };
    audit(tx, random, { act: "sessions/ended", actor: end.actor, accountId: end.accountId, facts });
  }
  return ended.length;
}

/**
 * Notes that an authenticator was shown again, and replaces the session's secret: privileges changed (ASVS 5.0 7.2.4).
 * The caller audits.
 */
export async function reauthenticate(
  tx: Tx,
  random: Random,
  id: SessionId,
  factors: readonly Factor[],
): Promise<Secret<string>> {
  const token = random.bytes(SECRET_BYTES).toString("base64url");
  await own(tx)
    .updateTable("sessions")
    .set({ reauthenticated_at: tx.now, digest: digestToken(token), factors: [...factors] })
    .where("id", "=", id)
    .execute();
  return secret(token);
}

/** Has the authenticators shown again on every live session before the next sensitive change. The caller audits. */
export async function expireReauthentication(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx)
    .updateTable("sessions")
    .set({ reauthenticated_at: new Date(tx.now.getTime() - FRESH_MS - 1) })
    .where("account_id", "=", accountId)
    .where("ended_at", "is", null)
    .execute();
}

/** Replaces the session's secret after its owner has chosen a new password, which it then owes no more. The caller audits. */
export async function renewSession(tx: Tx, random: Random, id: SessionId): Promise<Secret<string>> {
  const token = random.bytes(SECRET_BYTES).toString("base64url");
  await own(tx)
    .updateTable("sessions")
    .set({ digest: digestToken(token), owes_new_password: false })
    .where("id", "=", id)
    .execute();
  return secret(token);
}

const toSession = (row: SessionTables["sessions"]): Session => ({
  id: row.id,
  accountId: row.account_id,
  kind: row.kind,
  factors: row.factors,
  startedAt: row.started_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
  reauthenticatedAt: row.reauthenticated_at,
  ip: row.ip,
  userAgent: row.user_agent,
  deviceId: row.device_id,
  owesNewPassword: row.owes_new_password,
});
