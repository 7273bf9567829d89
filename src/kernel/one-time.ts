import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Reader } from "./db/database.ts";
import type { Tx } from "./db/transact.ts";
import { newId, type OneTimeId } from "./ids.ts";
import type { Random } from "./random.ts";
import { defineRefusals, type Refusal } from "./refusal.ts";
import { ok, refuse, type Result } from "./result.ts";
import { type Secret, secret } from "./secret.ts";

/*
 * The only code that spends a secret. A secret is spent by one conditional statement: whoever's UPDATE finds the row
 * unspent has spent it, and nobody else can (ASVS 5.0 2.3.4, 6.5.1). The attempt is counted and committed before by
 * the caller, in a transaction of its own.
 */

interface OneTimeTables {
  one_time_secrets: {
    id: OneTimeId;
    purpose: string;
    subject: string;
    digest: Buffer;
    detail: Readonly<Record<string, unknown>>;
    issued_at: Date;
    expires_at: Date | null;
    spent_at: Date | null;
    revoked_at: Date | null;
    revoked_because: string | null;
  };
  one_time_counters: { purpose: string; subject: string; last: bigint; spent_at: Date };
}

export interface OneTimeSecret {
  readonly id: OneTimeId;
  readonly purpose: string;
  /** Whose it is, or what it opens: an account id, a case id, an address id. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly issuedAt: Date;
  readonly expiresAt: Date | null;
  readonly spentAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokedBecause: string | null;
}

export const oneTimeRefusals = defineRefusals("one-time", {
  unknown: { status: 404, title: "This link or code is not one of ours, or is incomplete.", tell: "generic" },
  spent: { status: 410, title: "This link or code has been used already." },
  expired: { status: 410, title: "This link or code has expired." },
  revoked: { status: 410, title: "This link or code has been replaced by a newer one." },
});

const TOKEN_BYTES = 32;

/** The stored form of a high-entropy token. 256 random bits need no slow hash (ASVS 5.0 6.5.2). */
export const digestToken = (token: string): Buffer => createHash("sha256").update(token, "utf8").digest();

export interface Issue {
  readonly purpose: string;
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** When it stops working; null for one that does not expire by itself. */
  readonly expiresAt: Date | null;
}

/** Issues a secret of 256 random bits for a link. Only its digest is stored; the token is returned this once. */
export async function issueToken(
  tx: Tx,
  random: Random,
  issue: Issue,
): Promise<{ readonly id: OneTimeId; readonly token: Secret<string> }> {
  const token = random.bytes(TOKEN_BYTES).toString("base64url");
  const id = await storeSecret(tx, random, { ...issue, digest: digestToken(token) });
  return { id, token: secret(token) };
}

/** Stores a secret that the caller made, by its digest: a recovery code, a short code. The digest must be unique. */
export async function storeSecret(
  tx: Tx,
  random: Random,
  issue: Issue & { readonly digest: Buffer },
): Promise<OneTimeId> {
  const id = newId("one", tx.now, random);
  await tx
    .as<OneTimeTables>()
    .insertInto("one_time_secrets")
    .values({
      id,
      purpose: issue.purpose,
      subject: issue.subject,
      digest: issue.digest,
      detail: issue.detail ?? {},
      issued_at: tx.now,
      expires_at: issue.expiresAt,
      spent_at: null,
      revoked_at: null,
      revoked_because: null,
    })
    .execute();
  return id;
}

export interface Presented {
  readonly purpose: string;
  /** Digests the presented secret may have: one for a token, one a key where keys were rotated. */
  readonly digests: readonly Buffer[];
  /** Where given, a secret of another subject is unknown. */
  readonly subject?: string;
}

/**
 * Spends a secret. Exactly one of any number of simultaneous callers succeeds.
 * Refuses: unknown, spent, expired, revoked.
 */
export async function spend(tx: Tx, presented: Presented): Promise<Result<OneTimeSecret>> {
  let update = tx
    .as<OneTimeTables>()
    .updateTable("one_time_secrets")
    .set({ spent_at: tx.now })
    .where("purpose", "=", presented.purpose)
    .where("digest", "in", [...presented.digests])
    .where("spent_at", "is", null)
    .where("revoked_at", "is", null)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", tx.now)]));
  if (presented.subject !== undefined) update = update.where("subject", "=", presented.subject);
  const row = await update.returningAll().executeTakeFirst();
  if (row) return ok(fromRow(row));
  const found = await peek(tx, presented);
  return refuse(found ? unusable(found, tx.now) : oneTimeRefusals.unknown());
}

/** Looks at a secret without spending it: a GET may do this, mail scanners follow links. */
export async function peek(reader: Reader, presented: Presented): Promise<OneTimeSecret | null> {
  let query = reader
    .as<OneTimeTables>()
    .selectFrom("one_time_secrets")
    .selectAll()
    .where("purpose", "=", presented.purpose)
    .where("digest", "in", [...presented.digests]);
  if (presented.subject !== undefined) query = query.where("subject", "=", presented.subject);
  const row = await query.executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** Looks at a secret and says why it could not be spent now, if so. */
export async function peekUsable(reader: Reader, presented: Presented, now: Date): Promise<Result<OneTimeSecret>> {
  const found = await peek(reader, presented);
  if (!found) return refuse(oneTimeRefusals.unknown());
  const isUsable =
    found.spentAt === null && found.revokedAt === null && (found.expiresAt === null || found.expiresAt > now);
  return isUsable ? ok(found) : refuse(unusable(found, now));
}

/** All secrets of one purpose and subject, oldest first. */
export async function listSecrets(reader: Reader, purpose: string, subject: string): Promise<readonly OneTimeSecret[]> {
  const rows = await reader
    .as<OneTimeTables>()
    .selectFrom("one_time_secrets")
    .selectAll()
    .where("purpose", "=", purpose)
    .where("subject", "=", subject)
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** All secrets of one subject and several purposes, in one read, oldest first. */
export async function listSecretsOf(
  reader: Reader,
  purposes: readonly string[],
  subject: string,
): Promise<readonly OneTimeSecret[]> {
  const rows = await reader
    .as<OneTimeTables>()
    .selectFrom("one_time_secrets")
    .selectAll()
    .where("purpose", "in", [...purposes])
    .where("subject", "=", subject)
    .orderBy("id")
    .execute();
  return rows.map(fromRow);
}

/** Revokes every unspent secret of one purpose and subject. Returns how many. */
export async function revokeSecrets(tx: Tx, purpose: string, subject: string, because: string): Promise<number> {
  const result = await tx
    .as<OneTimeTables>()
    .updateTable("one_time_secrets")
    .set({ revoked_at: tx.now, revoked_because: because })
    .where("purpose", "=", purpose)
    .where("subject", "=", subject)
    .where("spent_at", "is", null)
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** Makes one unspent secret worthless. @returns it, or null where it is unknown, spent or revoked already */
export async function revokeOne(tx: Tx, presented: Presented, because: string): Promise<OneTimeSecret | null> {
  let update = tx
    .as<OneTimeTables>()
    .updateTable("one_time_secrets")
    .set({ revoked_at: tx.now, revoked_because: because })
    .where("purpose", "=", presented.purpose)
    .where("digest", "in", [...presented.digests])
    .where("spent_at", "is", null)
    .where("revoked_at", "is", null);
  if (presented.subject !== undefined) update = update.where("subject", "=", presented.subject);
  const row = await update.returningAll().executeTakeFirst();
  return row ? fromRow(row) : null;
}

/** Forgets secrets of one purpose that expired before a moment. For those that are issued to anybody who asks. */
export async function forgetExpired(tx: Tx, purpose: string, before: Date): Promise<void> {
  await tx
    .as<OneTimeTables>()
    .deleteFrom("one_time_secrets")
    .where("purpose", "=", purpose)
    .where("expires_at", "<", before)
    .execute();
}

/**
 * Spends a step of a counter that only goes up: a TOTP time step is accepted once, and none before it afterwards
 * (RFC 6238 §5.2, SP 800-63B-4 §3.1.4.2). Exactly one of any number of simultaneous callers succeeds.
 */
export async function spendStep(
  tx: Tx,
  purpose: string,
  subject: string,
  stepNumber: bigint,
): Promise<Result<undefined>> {
  const { rows } = await sql<{ last: bigint }>`
    insert into one_time_counters as counter (purpose, subject, last, spent_at)
    values (${purpose}, ${subject}, ${stepNumber}, ${tx.now})
    on conflict (purpose, subject) do update set last = excluded.last, spent_at = excluded.spent_at
    where counter.last < excluded.last
    returning last`.execute(tx.as<OneTimeTables>() as Kysely<OneTimeTables>);
  return rows.length === 1 ? ok() : refuse(oneTimeRefusals.spent());
}

/**
 * Deletes every secret issued to these subjects, spent or not, and their counters. For what is erased as a whole.
 * @param subjects.divided of those, also what was issued to a part of one (`<subject> …`)
 */
export async function eraseSecrets(
  tx: Tx,
  subjects: { readonly whole: readonly string[]; readonly divided: readonly string[] },
): Promise<void> {
  const own = tx.as<OneTimeTables>();
  const { divided } = subjects;
  const all = [...subjects.whole, ...divided];
  if (all.length === 0) return;
  await own.deleteFrom("one_time_secrets").where("subject", "in", all).execute();
  await own.deleteFrom("one_time_counters").where("subject", "in", all).execute();
  if (divided.length === 0) return;
  const isPart = sql<boolean>`split_part(subject, ' ', 1) in (${sql.join([...divided])})`;
  await own.deleteFrom("one_time_secrets").where(isPart).execute();
}

/** How many secrets issued in a time still work. */
export async function countLiveSecrets(
  reader: Reader,
  issued: { readonly from: Date; readonly until: Date },
  now: Date,
): Promise<number> {
  const { count } = await reader
    .as<OneTimeTables>()
    .selectFrom("one_time_secrets")
    .select((is) => is.fn.countAll<bigint>().as("count"))
    .where("issued_at", ">=", issued.from)
    .where("issued_at", "<=", issued.until)
    .where("spent_at", "is", null)
    .where("revoked_at", "is", null)
    .where((is) => is.or([is("expires_at", "is", null), is("expires_at", ">", now)]))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Deletes secrets that were spent, revoked or expired before a moment. Returns how many. */
export async function deleteOldSecrets(tx: Tx, before: Date): Promise<number> {
  const result = await tx
    .as<OneTimeTables>()
    .deleteFrom("one_time_secrets")
    .where((is) => is.or([is("spent_at", "<", before), is("revoked_at", "<", before), is("expires_at", "<", before)]))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

function unusable(found: OneTimeSecret, now: Date): Refusal {
  if (found.revokedAt) return oneTimeRefusals.revoked();
  if (found.spentAt) return oneTimeRefusals.spent();
  if (found.expiresAt && found.expiresAt <= now) return oneTimeRefusals.expired();
  return oneTimeRefusals.spent(); // usable when looked at, yet not spendable: somebody was faster
}

const fromRow = (row: OneTimeTables["one_time_secrets"]): OneTimeSecret => ({
  id: row.id,
  purpose: row.purpose,
  subject: row.subject,
  detail: row.detail,
  issuedAt: row.issued_at,
  expiresAt: row.expires_at,
  spentAt: row.spent_at,
  revokedAt: row.revoked_at,
  revokedBecause: row.revoked_because,
});
