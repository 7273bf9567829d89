import { eraseAccount } from "../accounts/index.ts";
import { erasePersonalOf } from "../audit/index.ts";
import { eraseAuthenticators } from "../authenticators/index.ts";
import { eraseEvidence } from "../evidence/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import { eraseSecrets } from "../kernel/one-time.ts";
import { eraseMails } from "../notifications/index.ts";
import { eraseCases, listCaseIdsOf } from "../recovery/index.ts";
import { eraseAccountData } from "../registry/index.ts";
import { eraseSessions } from "../sessions/index.ts";
import { eraseCeremonies } from "../sign-in/index.ts";
import { deleteDeletion } from "./store.ts";

/** How much of each kind went, for the log. */
export interface Erased extends Readonly<Record<string, number>> {
  readonly addresses: number;
  readonly authenticators: number;
  readonly sessions: number;
  readonly tokens: number;
  readonly cases: number;
  readonly events: number;
}

/**
 * Erases everything personal that an account leaves, in the caller's transaction: what it signed in with, where it was
 * reached, what was written to and about it. What was published stays. The caller has locked the account, and audits.
 * @param options.retiresName whether nobody may have the name after it
 */
export async function eraseEverything(
  tx: Tx,
  accountId: AccountId,
  options: { readonly retiresName: boolean },
): Promise<Erased> {
  const caseIds = await listCaseIdsOf(tx, accountId);
  const events = await erasePersonalOf(tx, { accountId, caseIds });
  await eraseCases(tx, caseIds);
  await eraseMails(tx, accountId, caseIds);
  await eraseEvidence(tx, accountId, caseIds);
  const { tokens } = await eraseAccountData(tx, accountId);
  const sessions = await eraseSessions(tx, accountId);
  await eraseCeremonies(tx, accountId);
  const authenticatorIds = await eraseAuthenticators(tx, accountId);
  await deleteDeletion(tx, accountId);
  const addressIds = await eraseAccount(tx, accountId, options);
  await eraseSecrets(tx, [accountId, ...caseIds, ...authenticatorIds, ...addressIds]);
  return {
    addresses: addressIds.length,
    authenticators: authenticatorIds.length,
    sessions,
    tokens,
    cases: caseIds.length,
    events,
  };
}
