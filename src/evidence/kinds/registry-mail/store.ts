import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import type { Reader } from "../../../kernel/db/database.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import type { AccountId, CaseId } from "../../../kernel/ids.ts";

interface UseTables {
  registry_mail_uses: { mail_digest: Buffer; account_id: AccountId; case_id: CaseId; used_at: Date };
}

const own = (reader: Reader): Kysely<UseTables> => reader.as<UseTables>();
export const digestOf = (messageId: string): Buffer => createHash("sha256").update(messageId).digest();

/** Whether a mail was shown in a case about another account. */
export async function wasUsedElsewhere(reader: Reader, messageId: string, accountId: AccountId): Promise<boolean> {
  const row = await own(reader)
    .selectFrom("registry_mail_uses")
    .select("used_at")
    .where("mail_digest", "=", digestOf(messageId))
    .where("account_id", "<>", accountId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Notes that a mail was shown in a case. */
export async function noteUse(tx: Tx, messageId: string, accountId: AccountId, caseId: CaseId): Promise<void> {
  await own(tx)
    .insertInto("registry_mail_uses")
    .values({ mail_digest: digestOf(messageId), account_id: accountId, case_id: caseId, used_at: tx.now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Forgets which mails were shown in the cases of an account. */
export async function eraseMailUses(tx: Tx, accountId: AccountId): Promise<void> {
  await own(tx).deleteFrom("registry_mail_uses").where("account_id", "=", accountId).execute();
}

/** Forgets uses older than the mails' own observations are kept. */
export async function deleteOldUses(tx: Tx, before: Date): Promise<void> {
  await own(tx).deleteFrom("registry_mail_uses").where("used_at", "<", before).execute();
}
