import { type Account, listAddresses } from "../accounts/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { describeBrowser } from "../kernel/user-agent.ts";
import { queueMail } from "../notifications/index.ts";
import { type RecognisedDevice, recogniseDevice } from "../sessions/index.ts";

/**
 * Notes the browser of a sign-in, and tells every confirmed address where the account was not signed in with it before
 * (ASVS 5.0 6.3.5). A notice, not a gate: nothing waits for it.
 * @param presented the device cookie as it came
 */
export async function noteDevice(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  from: { readonly source: Source; readonly deviceToken?: string | undefined },
): Promise<RecognisedDevice> {
  const device = await recogniseDevice(tx, runtime.random, account.id, from.deviceToken);
  if (device.isKnown) return device;
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (!verifiedAt) continue;
    await queueMail(tx, runtime, {
      to: address,
      message: "signed-in-new-device",
      params: {
        username: account.username,
        when: tx.now,
        network: from.source.ip,
        browser: describeBrowser(from.source.userAgent),
      },
      accountId: account.id,
    });
  }
  return device;
}
