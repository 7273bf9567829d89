import { type Account, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { type Authenticator, markLeaked } from "../authenticators/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { queueMail } from "../notifications/index.ts";

/**
 * A password that was just right stands in lists of leaked ones: marks it, so that it proves nothing in a recovery and
 * every sign-in with it leads to a new one, and tells the owner. Whoever typed it may be the owner or the finder.
 */
export async function noteLeak(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  password: Authenticator,
  source: Source,
): Promise<void> {
  await markLeaked(tx, password.id);
  audit(tx, runtime.random, {
    act: "authenticators/password-leaked",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { authenticator: password.id },
    personal: { ...source },
  });
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (!verifiedAt) continue;
    const params = { username: account.username, when: tx.now, source: source.ip };
    await queueMail(tx, runtime, { to: address, message: "password-leaked", params, accountId: account.id });
  }
}
