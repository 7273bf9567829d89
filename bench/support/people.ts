import { createHmac, randomBytes } from "node:crypto";
import { createAccount, parseAddress, setVerified } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { bindPassword, bindTotpKey, makeCodes, preparePassword } from "../../src/authenticators/index.ts";
import { transact } from "../../src/kernel/db/transact.ts";
import type { AccountId } from "../../src/kernel/ids.ts";
import { ok, type Result } from "../../src/kernel/result.ts";
import type { Runtime } from "../../src/kernel/runtime.ts";
import { secret } from "../../src/kernel/secret.ts";
import { createApiToken } from "../../src/registry/index.ts";
import { recogniseDevice } from "../../src/sessions/index.ts";

/** A subscriber with everything needed to sign in, made by the use cases themselves and not over HTTP. */
export interface BenchPerson {
  readonly id: AccountId;
  readonly username: string;
  readonly address: string;
  readonly password: string;
  readonly totpKey: Buffer;
  /** The cookie of a browser in which they were signed in before: a new one would have to be confirmed by mail. */
  readonly deviceToken: string;
  /** Empty unless asked for. */
  readonly codes: readonly string[];
}

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.title}`);
  return result.value;
}

const PASSWORD = "copper lantern orchard fjord 41";
const TOTP_KEY_BYTES = 20;
const LETTERS = "abcdefghkmnpqrstuvwxyz";

/** A name whose look-alikes are not taken either. */
export const makeUsername = (): string => [...randomBytes(14)].map((byte) => LETTERS[byte % LETTERS.length]).join("");

/**
 * Makes accounts with verified address, password and authenticator app. The password is hashed once for all of them,
 * which saves the time and changes nothing about verifying it.
 */
export async function makePeople(
  runtime: Runtime,
  count: number,
  options: { readonly withCodes?: boolean } = {},
): Promise<readonly BenchPerson[]> {
  const prepared = must(await preparePassword(runtime, secret(PASSWORD), { hasSecondFactor: true }));
  const people: BenchPerson[] = [];
  while (people.length < count) {
    const username = makeUsername();
    const address = `${username}@mail.example`;
    const totpKey = randomBytes(TOTP_KEY_BYTES);
    const made = await transact(runtime.db, { now: runtime.clock.now() }, async (tx) => {
      const created = await createAccount(tx, runtime.random, { username, address: must(parseAddress(address)) });
      if (!created.ok) return created;
      const { accountId, addressId } = created.value;
      await setVerified(tx, addressId);
      await bindPassword(tx, runtime.random, accountId, prepared, "registration");
      await bindTotpKey(tx, runtime, accountId, totpKey, 0n);
      const codes = options.withCodes ? (await makeCodes(tx, runtime, { id: accountId, username })).reveal() : [];
      const device = await recogniseDevice(tx, runtime.random, accountId, undefined);
      audit(tx, runtime.random, { act: "bench/account-made", actor: { kind: "operator" }, accountId });
      return ok({ id: accountId, codes, deviceToken: device.token.reveal() });
    });
    people.push({ ...must(made), username, address, password: PASSWORD, totpKey });
  }
  return people;
}

/** An API token of a person, for the whole account. */
export async function makeApiToken(runtime: Runtime, person: BenchPerson): Promise<string> {
  const input = {
    accountId: person.id,
    name: "bench",
    projects: null,
    expiresAt: null,
    actor: { kind: "operator" },
  } as const;
  const made = await transact(runtime.db, { now: runtime.clock.now() }, (tx) =>
    createApiToken(tx, runtime.random, input),
  );
  return must(made).token.reveal();
}

const STEP_MILLISECONDS = 30_000;
export const totpStep = (): number => Math.floor(Date.now() / STEP_MILLISECONDS);

/** What an authenticator app shows at a step (RFC 6238, RFC 4226 §5.3). */
export function totpCode(key: Buffer, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
