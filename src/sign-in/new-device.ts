import { type Account, type Address, hasStanding, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { describeCodes, isPasskeyBound } from "../authenticators/index.ts";
import { makeShortCode } from "../kernel/crypto/short-code.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId, CeremonyId } from "../kernel/ids.ts";
import { revokeSecrets, storeSecret } from "../kernel/one-time.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { describeBrowser } from "../kernel/user-agent.ts";
import { queueMail } from "../notifications/index.ts";
import { type Factor, type RecognisedDevice, recogniseDevice } from "../sessions/index.ts";
import { findRun } from "../suspicion/index.ts";
import { countAttempt } from "../throttle/index.ts";
import type { Purpose } from "./store.ts";

/*
 * Browsers that are new to an account. Whoever signs in there with what a look-alike site could have passed on confirms
 * it once: with a passkey, a recovery code, or a code mailed to an address of the account. A remembered browser proves
 * nothing and stands in for no factor; it only spares the question (SP 800-63B-4 §5.1.1, ASVS 5.0 6.3.5).
 */

/** The purpose of the codes. Subject: the account and the ceremony. */
export const DEVICE_CODE = "new-device-code";
/** As for the codes of a recovery case: slow mail may arrive (SP 800-63B-4 §4.2.1.2: at most 24 hours by mail). */
export const DEVICE_CODE_MINUTES = 30;
/** How long a sign-in waits for it: time for a second mail, by another route. */
const CONFIRM_MINUTES = 60;
/** To one account, whatever its addresses: only somebody whose factors were right gets as far as asking for one. */
const MAILS_AN_HOUR = 10;
const MAILS_A_DAY = 30;

export const subjectOf = (accountId: AccountId, ceremonyId: CeremonyId): string => `${accountId} ${ceremonyId}`;

/** The code is worth nothing to another sign-in: its digest covers the ceremony. */
export const digestsOf = (runtime: Runtime, ceremonyId: CeremonyId, code: string): readonly Buffer[] =>
  runtime.keys.macs("short-code", `${DEVICE_CODE}\n${ceremonyId}\n${code}`);

/** What a new browser can be confirmed with. */
export interface WaysToConfirm {
  /**
   * Confirmed addresses where mail arrives, the main one first. Where none was ever confirmed, those that are to be: a
   * code mailed to a mistyped one is worth nothing to whoever reads it, since it belongs to one browser.
   */
  readonly addresses: readonly Address[];
  readonly unusedCodes: number;
  readonly passkey: boolean;
}

export async function waysToConfirm(reader: Reader, accountId: AccountId): Promise<WaysToConfirm> {
  const [addresses, codes, passkey] = await Promise.all([
    listAddresses(reader, accountId),
    describeCodes(reader, accountId),
    isPasskeyBound(reader, accountId),
  ]);
  const wereConfirmed = addresses.some((one) => one.verifiedAt);
  const usable = addresses.filter((one) => (wereConfirmed ? hasStanding(one) : one.unreachableAt === null));
  return { addresses: usable, unusedCodes: codes?.unused ?? 0, passkey };
}

/**
 * Whether a sign-in with what can be phished is to be confirmed: on a new browser, and on any within a run of guesses from
 * its network. Asked where an address was ever confirmed, in a run of guesses everywhere; and only where there is a way to
 * do it: a question that nobody could answer would only be a wall.
 */
export async function isToConfirm(
  runtime: Runtime,
  accountId: AccountId,
  from: { readonly isKnown: boolean; readonly name: string | null; readonly source: Source; readonly now: Date },
): Promise<boolean> {
  const run = await findRun(runtime, { name: from.name, ip: from.source.ip }, from.now);
  if (from.isKnown && run !== "many-names") return false; // nothing that strangers do at a name reaches a known browser
  const addresses = await listAddresses(runtime.db, accountId);
  if (addresses.some(hasStanding)) return true;
  if (!run && !addresses.some((one) => one.verifiedAt)) return false;
  const ways = await waysToConfirm(runtime.db, accountId);
  return ways.passkey || ways.unusedCodes > 0 || ways.addresses.length > 0;
}

/** Whether one more mail may go to the account now. Counted at once. */
export async function countDeviceMail(runtime: Runtime, accountId: AccountId, now: Date) {
  const bucket = `device-mail:${accountId}`;
  const hour = { bucket: `${bucket}:hour`, limit: MAILS_AN_HOUR, windowSeconds: 3600 };
  const day = { bucket: `${bucket}:day`, limit: MAILS_A_DAY, windowSeconds: 24 * 3600 };
  const counted = await countAttempt(runtime.db, hour, now);
  return counted.ok ? countAttempt(runtime.db, day, now) : counted;
}

/** What a ceremony says of itself while it waits for the confirmation. */
export const confirming = (tx: Tx, factors: readonly Factor[]) => ({
  factors,
  confirmingSince: tx.now,
  expiresAt: new Date(tx.now.getTime() + CONFIRM_MINUTES * 60_000),
});

interface NewDevice {
  readonly account: Account;
  readonly ceremonyId: CeremonyId;
  readonly purpose: Purpose;
  readonly source: Source;
}

/** Notes that only the confirmation is missing, and mails a code to the main address that takes mail, if one may go. */
export async function askToConfirm(
  tx: Tx,
  runtime: Runtime,
  device: NewDevice & { readonly factors: readonly Factor[] },
): Promise<void> {
  const { account, factors, purpose, source } = device;
  audit(tx, runtime.random, {
    act: "sign-in/confirmation-asked",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { purpose, factors },
    personal: { ...source },
  });
  const { addresses } = await waysToConfirm(tx, account.id);
  const first = addresses[0];
  if (first && (await countDeviceMail(runtime, account.id, tx.now)).ok) await mailCode(tx, runtime, device, first);
}

/** Mails a code for one sign-in; it replaces the one before. */
export async function mailCode(tx: Tx, runtime: Runtime, device: NewDevice, address: Address): Promise<void> {
  const { account, ceremonyId, purpose, source } = device;
  const code = makeShortCode(runtime.random);
  const subject = subjectOf(account.id, ceremonyId);
  const expiresAt = new Date(tx.now.getTime() + DEVICE_CODE_MINUTES * 60_000);
  const [digest = Buffer.alloc(0)] = digestsOf(runtime, ceremonyId, code);
  await revokeSecrets(tx, DEVICE_CODE, subject, "a newer code was sent");
  const detail = { address: address.id };
  await storeSecret(tx, runtime.random, { purpose: DEVICE_CODE, subject, digest, detail, expiresAt });
  await queueMail(tx, runtime, {
    to: address.address,
    message: "new-device-code",
    params: {
      username: account.username,
      code: `${code.slice(0, 4)} ${code.slice(4)}`,
      expiresAt,
      when: tx.now,
      network: source.ip,
      browser: describeBrowser(source.userAgent),
      site: runtime.publicUrl.host,
      isDesk: purpose === "staff",
    },
    accountId: account.id,
  });
  audit(tx, runtime.random, {
    act: "sign-in/device-code-mailed",
    actor: { kind: "anyone" },
    accountId: account.id,
    facts: { address: address.id },
    personal: { ...source },
  });
}

/**
 * Notes the browser of a sign-in, and tells every confirmed address where the account was not signed in with it before
 * (ASVS 5.0 6.3.5): also what a code was mailed to, since whoever read that one may not be its owner.
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
