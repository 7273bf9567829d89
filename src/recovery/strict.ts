import type { Kysely } from "kysely";
import { type Account, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";

interface StrictTables {
  recovery_strict_accounts: { account_id: AccountId; since: Date; ends_at: Date | null };
}

const own = (reader: Reader): Kysely<StrictTables> => reader.as<StrictTables>() as Kysely<StrictTables>; // a transaction writes as a database does

/** A stolen session must not end it at once: everybody hears of it, and has a week. */
const ENDING_MS = 7 * 86_400_000;

export interface StrictMode {
  readonly since: Date;
  /** When it ends; null while nobody asked for that. */
  readonly endsAt: Date | null;
}

/** The account's strict mode at this moment, or null: no person may then let anybody in, whatever they have shown. */
export async function strictModeOf(reader: Reader, accountId: AccountId, now: Date): Promise<StrictMode | null> {
  const row = await own(reader)
    .selectFrom("recovery_strict_accounts")
    .select(["since", "ends_at"])
    .where("account_id", "=", accountId)
    .executeTakeFirst();
  return row && (!row.ends_at || row.ends_at > now) ? { since: row.since, endsAt: row.ends_at } : null;
}

/** Begins strict mode, or keeps it where it was about to end. */
export const beginStrict = (
  runtime: Runtime,
  account: Account,
  source: Source,
  now: Date,
): Promise<Result<undefined>> => change(runtime, account, source, now, null);

/** Asks for its end, a week from now. Asking twice moves nothing. */
export const endStrict = (runtime: Runtime, account: Account, source: Source, now: Date): Promise<Result<undefined>> =>
  change(runtime, account, source, now, new Date(now.getTime() + ENDING_MS));

function change(
  runtime: Runtime,
  account: Account,
  source: Source,
  now: Date,
  endsAt: Date | null,
): Promise<Result<undefined>> {
  return transact(runtime.db, { now }, async (tx) => {
    const present = await strictModeOf(tx, account.id, now);
    const isSame = endsAt === null ? present !== null && present.endsAt === null : present?.endsAt !== null;
    if (isSame) return ok(); // begun already, ending already, or nothing to end
    await write(tx, account.id, present?.since ?? now, endsAt);
    audit(tx, runtime.random, {
      act: endsAt ? "recovery/strict-ending" : "recovery/strict-begun",
      actor: { kind: "subscriber", id: account.id },
      accountId: account.id,
      facts: { endsAt: endsAt?.toISOString() ?? null },
      personal: { ...source },
    });
    const params = { username: account.username, endsAt, when: now, source: source.ip };
    for (const address of await listAddresses(tx, account.id)) {
      if (!address.verifiedAt) continue;
      await queueMail(tx, runtime, {
        to: address.address,
        message: "strict-mode-changed",
        params,
        accountId: account.id,
      });
    }
    return ok();
  });
}

async function write(tx: Tx, accountId: AccountId, since: Date, endsAt: Date | null): Promise<void> {
  await own(tx)
    .insertInto("recovery_strict_accounts")
    .values({ account_id: accountId, since, ends_at: endsAt })
    .onConflict((conflict) => conflict.column("account_id").doUpdateSet({ since, ends_at: endsAt }))
    .execute();
}
