import type { Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, SessionId } from "../kernel/ids.ts";
import { forgetDevices } from "./devices.ts";

interface ErasureTables {
  sessions: {
    id: SessionId;
    account_id: AccountId;
    kind: string;
    factors: string[];
    started_at: Date;
    last_seen_at: Date;
    expires_at: Date;
    reauthenticated_at: Date;
    ended_at: Date | null;
    ended_because: string | null;
    ip: string;
    user_agent: string;
  };
}

const own = (reader: Reader): Kysely<ErasureTables> => reader.as<ErasureTables>();

/** Every session of an account that is still on record, ended ones too, without its digest. For its owner. */
export function listEverySession(reader: Reader, accountId: AccountId) {
  return own(reader)
    .selectFrom("sessions")
    .select(["id", "kind", "factors", "ip", "user_agent as userAgent", "ended_because as endedBecause"])
    .select(["started_at as startedAt", "last_seen_at as lastSeenAt", "expires_at as expiresAt"])
    .select(["reauthenticated_at as reauthenticatedAt", "ended_at as endedAt"])
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
}

/** Deletes every session of an account, live ones too, and the browsers it was known in. Returns how many sessions. */
export async function eraseSessions(tx: Tx, accountId: AccountId): Promise<number> {
  await forgetDevices(tx, accountId);
  const result = await own(tx).deleteFrom("sessions").where("account_id", "=", accountId).executeTakeFirst();
  return Number(result.numDeletedRows);
}

/** Deletes sessions that ended, or ran out, before a moment. Returns how many. */
export async function deleteEndedSessions(tx: Tx, before: Date): Promise<number> {
  const result = await own(tx)
    .deleteFrom("sessions")
    .where((is) => is.or([is("ended_at", "<", before), is("expires_at", "<", before)]))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
