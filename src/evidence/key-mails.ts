import { findAccount, listAddresses } from "../accounts/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { AccountId } from "../kernel/ids.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type MessageName, type MessageParams, queueMail } from "../notifications/index.ts";

/** The mails about keys for recovery. */
type KeyMail = "ssh-key-added" | "openpgp-key-added" | "forge-account-added" | "recovery-key-removed";

/** Writes one mail to every confirmed address of an account, in the caller's transaction. */
export async function tellOfKey<N extends KeyMail & MessageName>(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  message: N,
  params: Omit<MessageParams<N>, "username" | "when" | "notMeUrl">,
): Promise<void> {
  const account = await findAccount(tx, accountId);
  if (!account) throw new Error("A key changed on an account that is not there.");
  for (const address of await listAddresses(tx, accountId)) {
    if (!address.verifiedAt) continue;
    await queueMail(tx, runtime, {
      to: address.address,
      message,
      params: { ...params, username: account.username, when: tx.now } as unknown as MessageParams<N>, // the three that Omit took away, put back
      accountId,
    });
  }
}
