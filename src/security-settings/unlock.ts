import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import { type Account, findAccount, listAddresses, lockAccount, thawAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  acceptPasskey,
  type Authenticator,
  authenticatorRefusals,
  bindPassword,
  type ChallengeScope,
  checkPasskey,
  countCodeAttempt,
  findAuthenticator,
  isCopySuspected,
  isPassword,
  listPasskeys,
  type Passkey,
  type PasswordFacts,
  passwordFacts,
  preparePassword,
  readTotpCode,
  redeemCode,
  removePasskey,
  reportCopy,
  requestPasskey,
  revokeAuthenticators,
  spendTotp,
  verifyTotp,
} from "../authenticators/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId } from "../kernel/ids.ts";
import { revokeSecrets } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { NOT_ME, queueMail } from "../notifications/index.ts";
import { ALL_POWERS, holdAllApiTokens, placeHold } from "../registry/index.ts";
import { endAllSessions, forgetDevices } from "../sessions/index.ts";
import { settingsRefusals } from "./refusals.ts";

/*
 * Undoing a lock: the owner shows the password and a second factor again (SP 800-63B-4 §4.3: reversed by an authenticator
 * that was not suspended), and chooses a new password. Whoever the lock was against must not be able to do the same, so
 * nothing counts that was changed in the days before it.
 */

const DAY_MS = 24 * 3600_000;
/** What was changed this lately before the lock may be the thief's (the seven days of the recovery policy's maturity). */
const SETTLED_DAYS = 7;
/** In its first day an account is being set up: what is bound then replaces nothing. */
const SETUP_DAYS = 1;
const HOLD_HOURS = 24;

/** Whether something bound then was there before the trouble. Pure. */
export function isSettled(boundAt: Date, lockedAt: Date, createdAt: Date): boolean {
  const age = lockedAt.getTime() - boundAt.getTime();
  return age >= SETTLED_DAYS * DAY_MS || boundAt.getTime() - createdAt.getTime() <= SETUP_DAYS * DAY_MS;
}

/** A password chosen at an unlocking rests on factors that were settled, so it is too. */
const isPasswordSettled = ({ origin, setAt }: PasswordFacts, lockedAt: Date, createdAt: Date): boolean =>
  origin === "unlock" || isSettled(setAt, lockedAt, createdAt);

/** What an account can be unlocked with. */
export interface WaysToUnlock {
  readonly isPasswordSettled: boolean;
  readonly passkey: boolean;
  readonly app: boolean;
  readonly codes: boolean;
  /** Whether a second factor is there that was changed too lately. */
  readonly isChangedLately: boolean;
}

/** What the frozen page offers to somebody whose password was right; null where the freeze is not the owner's to end. */
export async function waysToUnlock(reader: Reader, account: Account): Promise<WaysToUnlock | null> {
  const { frozen, createdAt } = account;
  if (frozen?.because !== "owner") return null;
  const password = await findAuthenticator(reader, account.id, "password");
  const app = await findAuthenticator(reader, account.id, "totp");
  const codes = await findAuthenticator(reader, account.id, "recovery-codes");
  const passkeys = await listPasskeys(reader, account.id);
  const isOld = (one: Pick<Authenticator, "boundAt"> | null) =>
    one !== null && isSettled(one.boundAt, frozen.at, createdAt);
  return {
    isPasswordSettled: password !== null && isPasswordSettled(passwordFacts(password), frozen.at, createdAt),
    passkey: passkeys.some(isOld),
    app: isOld(app),
    codes: isOld(codes),
    isChangedLately: [app, codes, ...passkeys].some((one) => one !== null && !isOld(one)),
  };
}

export type UnlockFactor =
  /** Six digits of the app, or a recovery code. */
  | { readonly kind: "typed"; readonly code: string }
  /** What the browser gave for `startUnlockPasskey` in the same sign-in. */
  | { readonly kind: "passkey"; readonly answer: string; readonly ceremonyId: string };

const unlocking = (ceremonyId: string): ChallengeScope => ({ use: "unlock", subject: ceremonyId });

/** What the browser needs to show a passkey that was there before the trouble. Refuses where there is none. */
export async function startUnlockPasskey(
  runtime: Runtime,
  { account, ceremonyId, now }: { readonly account: Account; readonly ceremonyId: string; readonly now: Date },
): Promise<Result<PublicKeyCredentialRequestOptionsJSON>> {
  const { frozen, createdAt } = account;
  if (frozen?.because !== "owner") return refuse(settingsRefusals["not-yours-to-unlock"]());
  const present = await listPasskeys(runtime.db, account.id);
  const allow = present.filter((one: Passkey) => isSettled(one.boundAt, frozen.at, createdAt));
  if (allow.length === 0)
    return refuse(present.length > 0 ? settingsRefusals["changed-lately"]() : authenticatorRefusals["not-bound"]());
  return ok(await requestPasskey(runtime, unlocking(ceremonyId), { allow, userVerification: "preferred" }, now));
}

export interface Unlock {
  /** Whose password was right a moment ago. */
  readonly accountId: AccountId;
  readonly factor: UnlockFactor;
  readonly newPassword: Secret<string>;
  readonly source: Source;
  readonly now: Date;
}

export interface Unlocked {
  readonly account: Account;
  /** The code in place of the recovery code that was used; null where an app was. */
  readonly replacement: Secret<string> | null;
  readonly heldUntil: Date;
}

/** What else ends in the same transaction: half-done sign-ins (sign-in/), an open case (recovery/). */
export type OnUnlocked = (tx: Tx, account: Account) => Promise<void>;

interface CheckedFactor {
  /** Spends it in the transaction of the act. */
  readonly spend: (tx: Tx) => Promise<Result<{ readonly replacement: Secret<string> | null }>>;
  /** What must be known after a roll-back. */
  readonly afterwards?: (outcome: Result<unknown>) => Promise<void>;
}

/**
 * Unlocks an account that was locked by its owner. Sessions stay ended, API tokens stay held until each is released, no
 * browser is known, older "This was not me" links end, and every power is held for 24 hours. Nobody is signed in by it.
 * Refuses: a freeze of another class, factors changed just before the lock, a wrong or used code, a password that does
 * not do; none of them uses a code up.
 */
export async function unlockAccount(
  runtime: Runtime,
  unlock: Unlock,
  onUnlocked: OnUnlocked,
): Promise<Result<Unlocked>> {
  const account = await findAccount(runtime.db, unlock.accountId);
  const lockedAt = account?.frozen?.because === "owner" ? account.frozen.at : null;
  const password = account && (await findAuthenticator(runtime.db, account.id, "password"));
  if (!account || !lockedAt || !password) return refuse(settingsRefusals["not-yours-to-unlock"]());
  if (!isPasswordSettled(passwordFacts(password), lockedAt, account.createdAt))
    return refuse(settingsRefusals["changed-lately"]());
  const factor = await checkFactor(runtime, account, lockedAt, unlock);
  if (!factor.ok) return factor;
  if (await isPassword(runtime, password, unlock.newPassword)) return refuse(settingsRefusals["same-password"]());
  const addresses = await listAddresses(runtime.db, account.id);
  const words = [account.username, ...addresses.map((one) => one.address)];
  const prepared = await preparePassword(runtime, unlock.newPassword, { hasSecondFactor: true, words });
  if (!prepared.ok) return prepared;
  const outcome = await transact(runtime.db, { now: unlock.now }, async (tx): Promise<Result<Unlocked>> => {
    const current = await lockAccount(tx, account.id);
    if (current?.frozen?.because !== "owner") return refuse(settingsRefusals["not-yours-to-unlock"]());
    const spent = await factor.value.spend(tx);
    if (!spent.ok) return spent;
    await bindPassword(tx, runtime.random, account.id, prepared.value, "unlock");
    await endLatePasskeys(tx, runtime, account, lockedAt, unlock.source);
    const heldUntil = await reopen(tx, runtime, account, unlock.source);
    await onUnlocked(tx, account);
    return ok({ account, replacement: spent.value.replacement, heldUntil });
  });
  await factor.value.afterwards?.(outcome);
  return outcome;
}

/** Checks the second factor; the attempt is counted and committed. */
function checkFactor(
  runtime: Runtime,
  account: Account,
  lockedAt: Date,
  unlock: Unlock,
): Promise<Result<CheckedFactor>> {
  const { factor } = unlock;
  if (factor.kind === "passkey") return checkShown(runtime, account, lockedAt, { ...unlock, ...factor });
  return checkTyped(runtime, account, lockedAt, { ...unlock, typedCode: factor.code });
}

async function checkShown(
  runtime: Runtime,
  account: Account,
  lockedAt: Date,
  shown: { readonly answer: string; readonly ceremonyId: string; readonly source: Source; readonly now: Date },
): Promise<Result<CheckedFactor>> {
  const { answer, ceremonyId, source, now } = shown;
  const checked = await checkPasskey(runtime, unlocking(ceremonyId), answer, () => account.id, now);
  if (!checked.ok) return checked;
  if (!isSettled(checked.value.passkey.boundAt, lockedAt, account.createdAt))
    return refuse(settingsRefusals["changed-lately"]());
  return ok({
    spend: async (tx) => {
      const accepted = await acceptPasskey(tx, checked.value, "beside a password");
      return accepted.ok ? ok({ replacement: null }) : accepted;
    },
    afterwards: async (outcome) => {
      if (isCopySuspected(outcome)) await reportCopy(runtime, checked.value, source, now);
    },
  });
}

async function checkTyped(
  runtime: Runtime,
  account: Account,
  lockedAt: Date,
  { typedCode, now }: { readonly typedCode: string; readonly now: Date },
): Promise<Result<CheckedFactor>> {
  const kind = readTotpCode(typedCode) ? "totp" : "recovery-codes";
  const authenticator = await findAuthenticator(runtime.db, account.id, kind, ["active", "disabled"]);
  if (!authenticator) return refuse(authenticatorRefusals["not-bound"]());
  if (!isSettled(authenticator.boundAt, lockedAt, account.createdAt))
    return refuse(settingsRefusals["changed-lately"]());
  if (kind === "totp") {
    const match = await verifyTotp(runtime, account.id, typedCode, now);
    if (!match.ok) return match;
    return ok({
      spend: async (tx) => {
        const spent = await spendTotp(tx, match.value);
        return spent.ok ? ok({ replacement: null }) : spent;
      },
    });
  }
  const set = await countCodeAttempt(runtime, account.id, now);
  if (!set.ok) return set;
  return ok({ spend: (tx) => redeemCode(tx, runtime, set.value, typedCode) });
}

/**
 * Ends passkeys that were made just before the lock: one that asks for a PIN signs in by itself, without the new password.
 * An app or codes of that time do nothing without it.
 */
async function endLatePasskeys(tx: Tx, runtime: Runtime, account: Account, lockedAt: Date, source: Source) {
  const { id: accountId, username, createdAt } = account;
  const because = "made just before the account was locked";
  for (const { id, name, boundAt } of await listPasskeys(tx, accountId)) {
    if (isSettled(boundAt, lockedAt, createdAt)) continue;
    const removed = await removePasskey(tx, accountId, id);
    // Refused where nothing else is left to show, as after unlocking with a recovery code: then it is the only one.
    if (!removed.ok) await revokeAuthenticators(tx, accountId, ["passkey"], because);
    audit(tx, runtime.random, {
      act: "authenticators/passkey-removed",
      actor: { kind: "subscriber", id: accountId },
      accountId,
      facts: { authenticator: id, because },
      personal: { ...source, name },
    });
    for (const { address, verifiedAt } of await listAddresses(tx, accountId)) {
      if (!verifiedAt) continue;
      const params = { username, name, when: tx.now, source: source.ip };
      await queueMail(tx, runtime, { to: address, message: "passkey-removed", params, accountId });
    }
  }
}

/** Opens the account again, with everything taken away that a thief may have left. @returns until when powers are held */
async function reopen(tx: Tx, runtime: Runtime, account: Account, source: Source): Promise<Date> {
  const { id: accountId, username } = account;
  const actor = { kind: "subscriber", id: accountId } as const;
  await thawAccount(tx, runtime.random, { accountId, caseId: null, actor });
  // What came to be while the lock was being pressed.
  await endAllSessions(tx, runtime.random, { accountId, because: "account unlocked", actor });
  await holdAllApiTokens(tx, runtime.random, { accountId, actor });
  await forgetDevices(tx, accountId);
  await revokeSecrets(tx, NOT_ME, accountId, "the owner unlocked the account");
  const heldUntil = new Date(tx.now.getTime() + HOLD_HOURS * 3600_000);
  await placeHold(tx, runtime.random, {
    accountId,
    powers: ALL_POWERS,
    caseId: null,
    until: heldUntil,
    because: "the account was locked and unlocked",
    actor,
  });
  audit(tx, runtime.random, {
    act: "accounts/unlocked",
    actor,
    accountId,
    facts: { heldUntil: heldUntil.toISOString() },
    personal: { ...source },
  });
  for (const { address, verifiedAt } of await listAddresses(tx, accountId)) {
    if (!verifiedAt) continue;
    const params = { username, when: tx.now, how: "owner", network: source.ip, heldUntil } as const;
    await queueMail(tx, runtime, { to: address, message: "account-unlocked", params, accountId });
  }
  return heldUntil;
}
