import { type Kysely } from "kysely";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId, CaseId, SigningKeyId } from "../kernel/ids.ts";
import { deleteForges } from "./forge/store.ts";
import { deleteOpenpgpKeys } from "./openpgp-store.ts";
import { eraseMailUses } from "./kinds/registry-mail/store.ts";
import { eraseVouches } from "./kinds/vouch/store.ts";

interface AccountDataTables {
  signing_keys: {
    id: SigningKeyId;
    account_id: AccountId;
    type: string;
    blob: Buffer;
    fingerprint: string;
    comment: string;
    bound_at: Date;
    revoked_at: Date | null;
    revoked_because: string | null;
  };
  findings: {
    case_id: CaseId;
    account_id: AccountId | null;
    observation: unknown;
    claimant_text: string;
    reviewer_text: string | null;
  };
}

const own = (reader: Reader): Kysely<AccountDataTables> => reader.as<AccountDataTables>();

/** Every SSH key ever registered on an account, removed ones too, each as the line of a `.pub` file. */
export async function listEverySigningKey(reader: Reader, accountId: AccountId) {
  const rows = await own(reader)
    .selectFrom("signing_keys")
    .selectAll()
    .where("account_id", "=", accountId)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    publicKey: `${row.type} ${row.blob.toString("base64")} ${row.comment}`.trim(),
    fingerprint: row.fingerprint,
    boundAt: row.bound_at,
    revokedAt: row.revoked_at,
    revokedBecause: row.revoked_because,
  }));
}

/** Deletes an account's keys, and erases what was seen and said in the cases about it. Verdicts stay. */
export async function eraseEvidence(tx: Tx, accountId: AccountId, caseIds: readonly CaseId[]): Promise<void> {
  await deleteOpenpgpKeys(tx, accountId);
  await deleteForges(tx, accountId);
  await own(tx).deleteFrom("signing_keys").where("account_id", "=", accountId).execute();
  await eraseVouches(tx, accountId);
  await eraseMailUses(tx, accountId);
  await own(tx)
    .updateTable("findings")
    .set({ observation: null, claimant_text: "", reviewer_text: null })
    .where((is) =>
      is.or([is("account_id", "=", accountId), ...(caseIds.length > 0 ? [is("case_id", "in", [...caseIds])] : [])]),
    )
    .execute();
}
