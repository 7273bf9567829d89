import { type Kysely, sql } from "kysely";
import type { Database, Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId, FindingId, OneTimeId, SigningKeyId } from "../kernel/ids.ts";
import type { SigningKey, StoredFinding, Verdict } from "./types.ts";

interface EvidenceTables {
  signing_keys: {
    id: SigningKeyId;
    account_id: AccountId;
    type: string;
    blob: Buffer;
    fingerprint: string;
    comment: string;
    is_hardware: boolean;
    bound_at: Date;
    revoked_at: Date | null;
    revoked_because: string | null;
  };
  findings: {
    id: FindingId;
    case_id: CaseId;
    account_id: AccountId | null;
    kind: string;
    kind_version: number;
    policy_kind: string;
    root: string;
    verdict: Verdict;
    is_public: boolean;
    bound_at: Date | null;
    changed_at: Date | null;
    observed_at: Date;
    assessed_at: Date;
    expires_at: Date;
    nonce_id: OneTimeId | null;
    observation: unknown;
    claimant_text: string;
    reviewer_text: string | null;
    retain_until: Date;
    replaced_at: Date | null;
    checked_at: Date | null;
    limited_to: string[] | null;
  };
  evidence_declined: { case_id: CaseId; kind: string; declined_at: Date };
  evidence_tries: { case_id: CaseId; kind: string; tries: number; last_try_at: Date };
}

const own = (reader: Reader): Kysely<EvidenceTables> => reader.as<EvidenceTables>();

// Findings.

export async function insertFinding(tx: Tx, finding: StoredFinding, retainUntil: Date): Promise<void> {
  await own(tx)
    .insertInto("findings")
    .values({
      id: finding.id,
      case_id: finding.caseId,
      account_id: finding.accountId,
      kind: finding.kind,
      kind_version: finding.kindVersion,
      policy_kind: finding.policyKind,
      root: finding.root,
      verdict: finding.verdict,
      is_public: finding.isPublic,
      bound_at: finding.boundAt,
      changed_at: finding.changedAt,
      observed_at: finding.observedAt,
      assessed_at: finding.assessedAt,
      expires_at: finding.expiresAt,
      nonce_id: finding.nonceId,
      observation: sql<unknown>`${JSON.stringify(finding.observation)}::jsonb`,
      claimant_text: finding.claimantText,
      reviewer_text: finding.reviewerText,
      retain_until: retainUntil,
      replaced_at: null,
      checked_at: null,
      limited_to: finding.limitedTo ? [...finding.limitedTo] : null,
    })
    .execute();
}

/** Marks current findings of one kind and root as replaced, if their verdict is one of these. Returns how many. */
export async function replaceFindings(
  tx: Tx,
  which: {
    readonly caseId: CaseId;
    readonly kind: string;
    readonly root: string;
    readonly verdicts: readonly Verdict[];
  },
): Promise<number> {
  const result = await own(tx)
    .updateTable("findings")
    .set({ replaced_at: tx.now })
    .where("case_id", "=", which.caseId)
    .where("kind", "=", which.kind)
    .where("root", "=", which.root)
    .where("verdict", "in", [...which.verdicts])
    .where("replaced_at", "is", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

/** @returns false where it is gone or was replaced meanwhile */
export async function replaceFinding(tx: Tx, id: FindingId): Promise<boolean> {
  const result = await own(tx)
    .updateTable("findings")
    .set({ replaced_at: tx.now })
    .where("id", "=", id)
    .where("replaced_at", "is", null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function selectFinding(reader: Reader, id: FindingId): Promise<StoredFinding | null> {
  const row = await own(reader).selectFrom("findings").selectAll().where("id", "=", id).executeTakeFirst();
  return row ? toFinding(row) : null;
}

export async function selectFindings(
  reader: Reader,
  caseId: CaseId,
  isReplacedToo: boolean,
): Promise<readonly StoredFinding[]> {
  let query = own(reader).selectFrom("findings").selectAll().where("case_id", "=", caseId);
  if (!isReplacedToo) query = query.where("replaced_at", "is", null);
  const rows = await query.orderBy("id").execute();
  return rows.map(toFinding);
}

/** The findings of a case that stand, with when each was last looked at again. */
export async function selectStanding(
  reader: Reader,
  caseId: CaseId,
): Promise<readonly { readonly finding: StoredFinding; readonly checkedAt: Date | null }[]> {
  const rows = await own(reader)
    .selectFrom("findings")
    .selectAll()
    .where("case_id", "=", caseId)
    .where("replaced_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({ finding: toFinding(row), checkedAt: row.checked_at }));
}

export async function markChecked(tx: Tx, ids: readonly FindingId[]): Promise<void> {
  await own(tx)
    .updateTable("findings")
    .set({ checked_at: tx.now })
    .where("id", "in", [...ids])
    .execute();
}

/** Erases observations whose time is over, and the sentence made from them. Returns how many. */
export async function eraseObservations(tx: Tx): Promise<number> {
  const result = await own(tx)
    .updateTable("findings")
    .set({ observation: null, reviewer_text: null })
    .where("retain_until", "<=", tx.now)
    .where("observation", "is not", null)
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}

// Tries.

/** Counts one more try, committed at once, unless there were `limit` already. @returns false where there were */
export async function insertTry(
  db: Database,
  which: { readonly caseId: CaseId; readonly kind: string; readonly limit: number },
  now: Date,
): Promise<boolean> {
  const { rows } = await sql<{ tries: number }>`
    insert into evidence_tries as made (case_id, kind, tries, last_try_at)
    values (${which.caseId}, ${which.kind}, 1, ${now})
    on conflict (case_id, kind) do update set tries = made.tries + 1, last_try_at = excluded.last_try_at
    where made.tries < ${which.limit}
    returning tries`.execute(db.root);
  return rows.length === 1;
}

export async function selectTries(reader: Reader, caseId: CaseId): Promise<ReadonlyMap<string, number>> {
  const rows = await own(reader)
    .selectFrom("evidence_tries")
    .select(["kind", "tries"])
    .where("case_id", "=", caseId)
    .execute();
  return new Map(rows.map((row) => [row.kind, row.tries]));
}

// Signing keys.

/** @returns false where the account has that key already */
export async function insertSigningKey(tx: Tx, key: Omit<SigningKey, "boundAt" | "revokedAt">): Promise<boolean> {
  const inserted = await own(tx)
    .insertInto("signing_keys")
    .values({
      id: key.id,
      account_id: key.accountId,
      type: key.type,
      blob: key.blob,
      fingerprint: key.fingerprint,
      comment: key.comment,
      is_hardware: key.isHardware,
      bound_at: tx.now,
      revoked_at: null,
      revoked_because: null,
    })
    .onConflict((conflict) =>
      conflict.columns(["account_id", "fingerprint"]).where("revoked_at", "is", null).doNothing(),
    )
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) === 1n;
}

/** @returns the key that was revoked; null where the account has no such key that still counts */
export async function setKeyRevoked(
  tx: Tx,
  which: { readonly id: SigningKeyId; readonly accountId: AccountId },
  because: string,
): Promise<SigningKey | null> {
  const row = await own(tx)
    .updateTable("signing_keys")
    .set({ revoked_at: tx.now, revoked_because: because })
    .where("id", "=", which.id)
    .where("account_id", "=", which.accountId)
    .where("revoked_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  return row ? toKey(row) : null;
}

export async function selectSigningKeys(reader: Reader, accountId: AccountId): Promise<readonly SigningKey[]> {
  const rows = await own(reader)
    .selectFrom("signing_keys")
    .selectAll()
    .where("account_id", "=", accountId)
    .where("revoked_at", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(toKey);
}

/** Every registration of a key, on any account, revoked ones included, the oldest first. */
export async function selectKeysByFingerprint(reader: Reader, fingerprint: string): Promise<readonly SigningKey[]> {
  const rows = await own(reader)
    .selectFrom("signing_keys")
    .selectAll()
    .where("fingerprint", "=", fingerprint)
    .orderBy("id")
    .execute();
  return rows.map(toKey);
}

const toKey = (row: EvidenceTables["signing_keys"]): SigningKey => ({
  id: row.id,
  accountId: row.account_id,
  type: row.type,
  blob: row.blob,
  fingerprint: row.fingerprint,
  comment: row.comment,
  isHardware: row.is_hardware,
  boundAt: row.bound_at,
  revokedAt: row.revoked_at,
});

const toFinding = (row: EvidenceTables["findings"]): StoredFinding => ({
  id: row.id,
  caseId: row.case_id,
  accountId: row.account_id,
  kind: row.kind,
  kindVersion: row.kind_version,
  policyKind: row.policy_kind,
  root: row.root,
  verdict: row.verdict,
  isPublic: row.is_public,
  boundAt: row.bound_at,
  changedAt: row.changed_at,
  observedAt: row.observed_at,
  assessedAt: row.assessed_at,
  expiresAt: row.expires_at,
  nonceId: row.nonce_id,
  observation: row.observation,
  claimantText: row.claimant_text,
  reviewerText: row.reviewer_text ?? "What was seen has been erased, as its time was over.",
  replacedAt: row.replaced_at,
  limitedTo: row.limited_to,
});

// What claimants said they cannot do.

export async function selectDeclined(reader: Reader, caseId: CaseId): Promise<ReadonlySet<string>> {
  const rows = await own(reader).selectFrom("evidence_declined").select("kind").where("case_id", "=", caseId).execute();
  return new Set(rows.map(({ kind }) => kind));
}

/** @returns false where it was declined already */
export async function insertDeclined(tx: Tx, caseId: CaseId, kind: string): Promise<boolean> {
  const result = await own(tx)
    .insertInto("evidence_declined")
    .values({ case_id: caseId, kind, declined_at: tx.now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** @returns false where it was not declined */
export async function deleteDeclined(tx: Tx, caseId: CaseId, kind: string): Promise<boolean> {
  const result = await own(tx)
    .deleteFrom("evidence_declined")
    .where("case_id", "=", caseId)
    .where("kind", "=", kind)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}
