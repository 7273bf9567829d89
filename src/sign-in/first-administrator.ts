import { checkUsername, createAccount, insertStaffRole, parseAddress, sendConfirmation } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { bindPassword, preparePassword } from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import { digestToken, peekUsable, spend } from "../kernel/one-time.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { recogniseDevice, startSession } from "../sessions/index.ts";
import type { Registered, Registration } from "./register.ts";

/** The one-time token behind the link that the operator is given (app/first-administrator.ts). */
export const FIRST_ADMINISTRATOR = { purpose: "first-administrator", subject: "installation" } as const;

const presented = (token: string) => ({ ...FIRST_ADMINISTRATOR, digests: [digestToken(token)] });

/** Whether the link still works. Looking changes nothing. */
export const peekAdministratorLink = (runtime: Runtime, token: string, now: Date) =>
  peekUsable(runtime.db, presented(token), now);

/**
 * Creates an administrator, who can also review, and signs this browser in as far as setting up goes. The link is spent
 * with it. Refuses what a registration refuses, and a used or old link.
 */
export async function createAdministrator(
  runtime: Runtime,
  token: string,
  input: Registration,
): Promise<Result<Pick<Registered, "sessionToken" | "deviceToken">>> {
  const link = await peekAdministratorLink(runtime, token, input.now);
  if (!link.ok) return link;
  const username = checkUsername(input.username);
  if (!username.ok) return username;
  const address = parseAddress(input.address);
  if (!address.ok) return address;
  const words = [input.username, address.value.address];
  const password = await preparePassword(runtime, input.password, { hasSecondFactor: false, words });
  if (!password.ok) return password;
  return transact(
    runtime.db,
    { now: input.now },
    async (tx): Promise<Result<Pick<Registered, "sessionToken" | "deviceToken">>> => {
      const spent = await spend(tx, presented(token));
      if (!spent.ok) return spent;
      const created = await createAccount(tx, runtime.random, { username: username.value, address: address.value });
      if (!created.ok) return created;
      const { accountId, addressId } = created.value;
      await bindPassword(tx, runtime.random, accountId, password.value, "registration");
      for (const role of ["administrator", "reviewer"] as const) await insertStaffRole(tx, accountId, role, null);
      await sendConfirmation(tx, runtime, { accountId, addressId, username: username.value, ...address.value });
      const device = await recogniseDevice(tx, runtime.random, accountId, input.deviceToken);
      const session = await startSession(tx, runtime.random, {
        deviceId: device.id,
        accountId,
        kind: "subscriber",
        factors: ["password"],
        source: input.source,
      });
      audit(tx, runtime.random, {
        act: "accounts/administrator-created",
        actor: { kind: "operator" },
        accountId,
        facts: { roles: ["administrator", "reviewer"] },
        personal: { ...input.source, username: username.value },
      });
      return ok({ sessionToken: session.token, deviceToken: device.token });
    },
  );
}
