import { audit } from "../audit/index.ts";
import { spendTotp, verifyPassword, verifyTotp } from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { reauthenticate } from "../sessions/index.ts";
import { type Self, selfActor } from "./enrol.ts";

/**
 * Shows both authenticators again before a sensitive change (ASVS 5.0 7.5.1). The session's secret is replaced. Refuses
 * a wrong password and a wrong or used code with the same sentence each as at sign-in.
 */
export async function confirmIdentity(
  runtime: Runtime,
  self: Self,
  shown: { readonly password: Secret<string>; readonly code: string },
): Promise<Result<Secret<string>>> {
  const password = await verifyPassword(runtime, self.account.id, shown.password, self.now, "known");
  if (!password.ok) return password;
  const match = await verifyTotp(runtime, self.account.id, shown.code, self.now, { lane: "known" });
  if (!match.ok) return match;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<Secret<string>>> => {
    const spent = await spendTotp(tx, match.value);
    if (!spent.ok) return spent;
    const token = await reauthenticate(tx, runtime.random, self.session.id, ["password", "totp"]);
    audit(tx, runtime.random, {
      act: "sessions/authenticators-shown",
      actor: selfActor(self),
      accountId: self.account.id,
      facts: { session: self.session.id },
      personal: { ...self.source },
    });
    return ok(token);
  });
}
