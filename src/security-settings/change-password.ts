import { listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { bindPassword, hasSecondFactor, preparePassword } from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { endAllSessions, renewSession } from "../sessions/index.ts";
import { type Self, selfActor, tellOwner } from "./enrol.ts";

/**
 * Sets a new password, ends every other session, and gives this one a new secret. The route has made sure that both authenticators were shown in the
 * last ten minutes (ASVS 5.0 6.2.3). Refuses short, long, common, context and leaked passwords, with the reason.
 */
export async function changePassword(
  runtime: Runtime,
  self: Self,
  password: Secret<string>,
): Promise<Result<Secret<string>>> {
  const addresses = await listAddresses(runtime.db, self.account.id);
  const words = [self.account.username, ...addresses.map((one) => one.address)];
  const isSecondBound = await hasSecondFactor(runtime.db, self.account.id);
  const prepared = await preparePassword(runtime, password, { hasSecondFactor: isSecondBound, words });
  if (!prepared.ok) return prepared;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<Secret<string>>> => {
    const { id: accountId, username } = self.account;
    await bindPassword(tx, runtime.random, accountId, prepared.value, "change");
    const actor = selfActor(self);
    await endAllSessions(tx, runtime.random, {
      accountId,
      because: "password changed",
      actor,
      except: self.session.id,
    });
    audit(tx, runtime.random, {
      act: "authenticators/password-changed",
      actor,
      accountId,
      personal: { ...self.source },
    });
    await tellOwner(tx, runtime, self, "password-changed", { username, when: self.now, source: self.source.ip });
    return ok(await renewSession(tx, runtime.random, self.session.id));
  });
}
