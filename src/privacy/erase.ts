import { type Account, eraseAccount, foldUsername } from "../accounts/index.ts";
import { erasePersonalOf } from "../audit/index.ts";
import { eraseAuthenticators } from "../authenticators/index.ts";
import { eraseDesk } from "../desk/index.ts";
import { eraseDrills } from "../drill/index.ts";
import { eraseEvidence } from "../evidence/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { eraseSecrets } from "../kernel/one-time.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { eraseInbound } from "../mail-in/index.ts";
import { eraseMails } from "../notifications/index.ts";
import { eraseCases, eraseDeskWork, eraseStrictMode, forgetClaims, listCaseIdsOf } from "../recovery/index.ts";
import { eraseContacts } from "../recovery-contacts/index.ts";
import { eraseAccountData } from "../registry/index.ts";
import { eraseSessions } from "../sessions/index.ts";
import { eraseUndo } from "../undo/index.ts";
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
  runtime: Runtime,
  account: Account,
  options: { readonly retiresName: boolean },
): Promise<Erased> {
  const accountId = account.id;
  const caseIds = await listCaseIdsOf(tx, accountId);
  const claims = await forgetClaims(tx, foldUsername(account.username));
  const events = await erasePersonalOf(tx, { accountId, caseIds: [...caseIds, ...claims] });
  const contactIds = await eraseContacts(tx, runtime, account);
  await eraseDrills(tx, accountId);
  await eraseUndo(tx, accountId);
  await eraseDesk(tx, accountId, caseIds);
  await eraseDeskWork(tx, accountId);
  await eraseStrictMode(tx, accountId);
  await eraseCases(tx, caseIds);
  await eraseInbound(tx, caseIds);
  await eraseMails(tx, accountId, caseIds);
  await eraseEvidence(tx, accountId, caseIds);
  const { tokens } = await eraseAccountData(tx, accountId);
  const sessions = await eraseSessions(tx, accountId);
  await eraseCeremonies(tx, accountId);
  const authenticatorIds = await eraseAuthenticators(tx, accountId);
  await deleteDeletion(tx, accountId);
  const addressIds = await eraseAccount(tx, accountId, options);
  const whole = [accountId, ...authenticatorIds, ...addressIds, ...contactIds];
  await eraseSecrets(tx, { whole, divided: [accountId, ...caseIds] });
  return {
    addresses: addressIds.length,
    authenticators: authenticatorIds.length,
    sessions,
    tokens,
    cases: caseIds.length,
    events,
  };
}
