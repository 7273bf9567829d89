import { createHash } from "node:crypto";
import { canonicalJson } from "../kernel/canonical-json.ts";

/*
 * The chain is pure: what a row's hash covers, and nothing else. hash = SHA-256(previous hash ‖ canonical row).
 * Personal data is not hashed itself but committed to, with a salt, so that it can be erased and the chain still holds.
 */

/** A row as it is hashed. */
export interface ChainedRow {
  readonly seq: bigint;
  readonly at: Date;
  readonly act: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly accountId: string | null;
  readonly caseId: string | null;
  readonly facts: unknown;
  readonly personalCommitment: Buffer;
}

/** What the first row is chained to. */
export const GENESIS = Buffer.alloc(32);

/** Binds a row to its personal data without containing it. @param salt 16 random bytes, kept with the row */
export const commitPersonal = (salt: Buffer, personal: unknown): Buffer =>
  createHash("sha256").update(salt).update(canonicalJson(personal)).digest();

/** The hash of a row, given the hash of the row before it. */
export function hashRow(previous: Buffer, row: ChainedRow): Buffer {
  const text = canonicalJson({
    seq: row.seq.toString(),
    at: row.at.toISOString(),
    act: row.act,
    actorKind: row.actorKind,
    actorId: row.actorId,
    accountId: row.accountId,
    caseId: row.caseId,
    facts: row.facts,
    personalCommitment: row.personalCommitment.toString("hex"),
  });
  return createHash("sha256").update(previous).update(text).digest();
}
