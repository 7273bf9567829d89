import { type Account, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { ok } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { describeBrowser } from "../kernel/user-agent.ts";
import { queueMail } from "../notifications/index.ts";
import type { Factor } from "../sessions/index.ts";
import { countAttempt } from "../throttle/index.ts";

/**
 * Told once a day, at the third failure from browsers that the account does not know: for a slip of the fingers a mail is
 * too much (OWASP Credential Stuffing: notify sparingly), and two factors of which one was right are worth one.
 */
const TOLD_AT = 3;
const TOLD_WITHIN = { limit: Number.POSITIVE_INFINITY, windowSeconds: 24 * 3600 };

/**
 * Every failure on an existing account is on its history (ASVS 5.0 16.3.1); guesses at other names only on the counter.
 * With the password right and the second factor wrong its owner is told as well, sparingly (ASVS 5.0 6.3.5).
 * @param step.isKnown whether it is a browser of the account, where the password was right; left out where it was not
 */
export async function noteFailure(
  runtime: Runtime,
  account: Account | null,
  factor: Factor | "device-code",
  step: { readonly source: Source; readonly now: Date; readonly isKnown?: boolean },
): Promise<void> {
  const isTold = account !== null && step.isKnown === false && (await isThird(runtime, account, step.now));
  await transact(runtime.db, { now: step.now }, async (tx) => {
    audit(tx, runtime.random, {
      act: "sign-in/failed",
      actor: { kind: "anyone" },
      accountId: account?.id ?? null,
      facts: { factor },
      personal: { ...step.source },
    });
    if (!isTold) return ok();
    const source = `${step.source.ip}, ${describeBrowser(step.source.userAgent)}`;
    const params = { username: account.username, when: step.now, source };
    for (const { address, verifiedAt } of await listAddresses(tx, account.id))
      if (verifiedAt)
        await queueMail(tx, runtime, { to: address, message: "failed-second-factor", params, accountId: account.id });
    return ok();
  });
}

async function isThird(runtime: Runtime, account: Account, now: Date): Promise<boolean> {
  const counted = await countAttempt(runtime.db, { bucket: `half-right:${account.id}`, ...TOLD_WITHIN }, now);
  return counted.ok && counted.value === TOLD_AT;
}
