import { checkUsername, createAccount, parseAddress, sendConfirmation } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { bindPassword, preparePassword } from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { recogniseDevice, startSession } from "../sessions/index.ts";

export interface Registration {
  readonly username: string;
  readonly address: string;
  readonly password: Secret<string>;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

export interface Registered {
  readonly accountId: AccountId;
  readonly sessionToken: Secret<string>;
  /** For the cookie by which this browser is known again. */
  readonly deviceToken: Secret<string>;
}

/**
 * Creates an account with a password and an address to be confirmed, and signs this browser in as far as setting up
 * goes. Refuses a taken or look-alike username openly, since usernames are public. An address that is another account's
 * gets the same answer; its owner is told by mail instead of getting a confirmation link.
 */
export async function register(runtime: Runtime, input: Registration): Promise<Result<Registered>> {
  const username = checkUsername(input.username);
  if (!username.ok) return username;
  const address = parseAddress(input.address);
  if (!address.ok) return address;
  const words = [input.username, address.value.address];
  const password = await preparePassword(runtime, input.password, { hasSecondFactor: false, words });
  if (!password.ok) return password;
  return transact(runtime.db, { now: input.now }, async (tx) => {
    const created = await createAccount(tx, runtime.random, { username: username.value, address: address.value });
    if (!created.ok) return created;
    const { accountId, addressId } = created.value;
    await bindPassword(tx, runtime.random, accountId, password.value, "registration");
    await sendConfirmation(tx, runtime, {
      accountId,
      addressId,
      address: address.value.address,
      folded: address.value.folded,
      username: username.value,
    });
    const device = await recogniseDevice(tx, runtime.random, accountId, input.deviceToken);
    const { token } = await startSession(tx, runtime.random, {
      deviceId: device.id,
      accountId,
      kind: "subscriber",
      factors: ["password"],
      source: input.source,
    });
    audit(tx, runtime.random, {
      act: "accounts/registered",
      actor: { kind: "subscriber", id: accountId },
      accountId,
      personal: { ...input.source, username: username.value, address: address.value.address },
    });
    return ok({ accountId, sessionToken: token, deviceToken: device.token });
  });
}
