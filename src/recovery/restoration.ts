import type { PublicKeyCredentialCreationOptionsJSON } from "@simplewebauthn/server";
import { type Account, findAccount, listAddresses, thawAccount } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  beginPasskey,
  bindPasskey,
  bindPassword,
  bindTotpKey,
  checkNewPasskey,
  type EnrolmentText,
  enrolmentOf,
  makeCodes,
  matchKey,
  preparePassword,
  revokeAuthenticators,
  revokeCodes,
} from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { CaseId, OneTimeId } from "../kernel/ids.ts";
import {
  digestToken,
  issueToken,
  type OneTimeSecret,
  oneTimeRefusals,
  peekUsable,
  revokeSecrets,
  spend,
} from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { queueMail } from "../notifications/index.ts";
import { ALL_POWERS, placeHold, revokeAllApiTokens, voidInvitationsOf } from "../registry/index.ts";
import { endAllSessions, forgetDevices, recogniseDevice } from "../sessions/index.ts";
import { countAttempt } from "../throttle/index.ts";
import { advance } from "./advance.ts";
import { findCaseHolder, openWithCaseCode } from "./case-page.ts";
import type { RecoveryRuntime } from "./context.ts";
import { tellEverybody } from "./notices.ts";
import { recoveryRefusals } from "./refusals.ts";
import { findCase, lockCase } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * Restoration: a single-use, expiring right to bind new authenticators. It is not a session: it opens one form, and
 * after that form nobody is signed in. The link comes by mail, and whoever reads the owner's mail has it too: in the
 * first half of its life it opens the form only with the case code, later by itself (docs/decisions/008).
 */

const RIGHT = "restoration";
const TRIES = { limit: 30, windowSeconds: 3600 };

/** Issues the right, in place of one that was not used. */
export async function issueRestorationRight(
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
): Promise<{ readonly url: string; readonly expiresAt: Date }> {
  await revokeRestorationRight(tx, recoveryCase.id, "a newer link was sent");
  const expiresAt = new Date(tx.now.getTime() + runtime.policy.limits.restorationRightLifetimeMs);
  const { token } = await issueToken(tx, runtime.random, { purpose: RIGHT, subject: recoveryCase.id, expiresAt });
  return { url: new URL(`/restore/${token.reveal()}`, runtime.publicUrl).href, expiresAt };
}

export const revokeRestorationRight = (tx: Tx, caseId: CaseId, because: string): Promise<number> =>
  revokeSecrets(tx, RIGHT, caseId, because);

/** The browser that comes with the link. */
export interface Bearer {
  /** Its lasting cookie, which nobody else can know. */
  readonly browser: string;
  /** The cookie of a case page that it holds open. */
  readonly caseCookie: string | undefined;
}

async function isLinkEnough(
  runtime: Runtime,
  right: OneTimeSecret,
  { caseCookie }: Bearer,
  now: Date,
): Promise<boolean> {
  if (!right.expiresAt) return false;
  if (now.getTime() * 2 >= right.issuedAt.getTime() + right.expiresAt.getTime()) return true;
  const holder = await findCaseHolder(runtime, caseCookie, now);
  return holder !== null && holder.hasFullAccess && holder.recoveryCase.id === right.subject;
}

/** What the form shows. */
export interface RestorationForm {
  readonly recoveryCase: RecoveryCase;
  readonly account: Account;
  readonly enrolment: EnrolmentText;
}

const KEY_BYTES = 20;

/**
 * The key of the new authenticator app. It is derived from the right and the browser: the form can be loaded again and
 * again without anything being written, and who opens the link elsewhere, to read along, is shown another key.
 */
const totpKeys = (runtime: Runtime, rightId: OneTimeId, { browser }: Bearer): readonly Buffer[] =>
  runtime.keys.macs("restoration-key", `${rightId}\n${browser}`).map((mac) => mac.subarray(0, KEY_BYTES));

/** The key that is shown. */
const totpKey = (runtime: Runtime, rightId: OneTimeId, { browser }: Bearer): Buffer =>
  runtime.keys.mac("restoration-key", `${rightId}\n${browser}`).subarray(0, KEY_BYTES);

/** The key whose code was typed: a form that was open while master keys were rotated showed one of an older key. */
function typedKey(
  runtime: Runtime,
  rightId: OneTimeId,
  bearer: Bearer,
  typed: { readonly code: string; readonly now: Date },
): Result<{ key: Buffer; step: bigint }> {
  const { code, now } = typed;
  const shown = totpKey(runtime, rightId, bearer);
  const key = totpKeys(runtime, rightId, bearer).find((one) => matchKey(one, code, now).ok) ?? shown;
  const step = matchKey(key, code, now);
  return step.ok ? ok({ key, step: step.value }) : step;
}

/**
 * Looks at the right without spending it. Refuses unknown, used, expired and revoked links, and early on a browser
 * without the case code.
 */
export async function peekRestoration(
  runtime: RecoveryRuntime,
  token: string,
  bearer: Bearer,
  now: Date,
): Promise<Result<RestorationForm>> {
  const found = await findRight(runtime, token, now);
  if (!found.ok) return found;
  const { right, recoveryCase, account } = found.value;
  if (!(await isLinkEnough(runtime, right, bearer, now))) return refuse(recoveryRefusals["case-code-needed"]());
  const key = totpKey(runtime, right.id, bearer);
  return ok({ recoveryCase, account, enrolment: enrolmentOf(key, runtime.indexName, account.username) });
}

/** Opens the case page in this browser with the case code, on the way to the form. Refuses every other code. */
export async function showCaseCode(
  runtime: RecoveryRuntime,
  token: string,
  typed: string,
  now: Date,
): Promise<Result<Secret<string>>> {
  const found = await findRight(runtime, token, now);
  return found.ok ? openWithCaseCode(runtime, found.value.recoveryCase, typed, now) : found;
}

async function findRight(
  runtime: RecoveryRuntime,
  token: string,
  now: Date,
): Promise<Result<{ readonly right: OneTimeSecret; readonly recoveryCase: RecoveryCase; readonly account: Account }>> {
  const right = await peekUsable(runtime.db, { purpose: RIGHT, digests: [digestToken(token)] }, now);
  if (!right.ok) return right;
  const recoveryCase = await findCase(runtime.db, right.value.subject as CaseId); // the subject was written above
  const account = recoveryCase?.accountId ? await findAccount(runtime.db, recoveryCase.accountId) : null;
  if (!recoveryCase || !account || recoveryCase.state !== "ready") return refuse(oneTimeRefusals.revoked());
  return ok({ right: right.value, recoveryCase, account });
}

/** The new second factor, shown to work. */
export type NewSecondFactor =
  /** Six digits of the new authenticator app. */
  | { readonly kind: "totp"; readonly code: string }
  /** What the browser gave for `beginRestorationPasskey`. */
  | { readonly kind: "passkey"; readonly answer: string };

export interface Restoration {
  readonly token: string;
  readonly bearer: Bearer;
  readonly password: Secret<string>;
  readonly secondFactor: NewSecondFactor;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

/** What a browser needs to make a passkey as the new second factor. Refuses what `peekRestoration` refuses. */
export async function beginRestorationPasskey(
  runtime: RecoveryRuntime,
  token: string,
  bearer: Bearer,
  now: Date,
): Promise<Result<PublicKeyCredentialCreationOptionsJSON>> {
  const form = await peekRestoration(runtime, token, bearer, now);
  return form.ok ? beginPasskey(runtime, form.value.account, passkeyScope(token), now) : form;
}

const passkeyScope = (token: string) =>
  ({ use: "restore", subject: digestToken(token).toString("base64url") }) as const;

/** Binds the new second factor, in the transaction of the restoration. */
type Bind = (tx: Tx) => Promise<Result<unknown>>;

/** Checks that the new second factor works. A passkey's challenge is spent with it; the right is not. */
async function checkSecondFactor(
  runtime: RecoveryRuntime,
  { token, bearer, secondFactor, now }: Restoration,
  rightId: OneTimeId,
  account: Account,
): Promise<Result<Bind>> {
  if (secondFactor.kind === "passkey") {
    const made = await checkNewPasskey(runtime, passkeyScope(token), secondFactor.answer, now);
    return made.ok ? ok((tx) => bindPasskey(tx, runtime, account.id, made.value, undefined)) : made;
  }
  const typed = typedKey(runtime, rightId, bearer, { code: secondFactor.code, now });
  if (!typed.ok) return typed;
  const { key, step } = typed.value;
  return ok(async (tx) => ok(await bindTotpKey(tx, runtime, account.id, key, step)));
}

/** What else ends in the same transaction: sign-ins that are half done (sign-in/). */
export type OnRestored = (tx: Tx, account: Account) => Promise<void>;

export interface Restored {
  readonly account: Account;
  readonly recoveryCase: RecoveryCase;
  readonly codes: Secret<readonly string[]>;
  /** For the cookie: the one browser that the account knows from now on. */
  readonly deviceToken: Secret<string>;
  /** Null where nothing is held. */
  readonly heldUntil: Date | null;
}

/**
 * Completes a recovery: new password, new second factor, new recovery codes; every session, API token and old
 * authenticator ends; powers are held for the policy's time; everybody is told. One transaction, all or nothing. A
 * password or code that does not do leaves the right unspent.
 */
export async function restoreAccount(
  runtime: RecoveryRuntime,
  restoration: Restoration,
  onRestored: OnRestored,
): Promise<Result<Restored>> {
  const { token, bearer, now } = restoration;
  const right = await peekUsable(runtime.db, { purpose: RIGHT, digests: [digestToken(token)] }, now);
  if (!right.ok) return right;
  const counted = await countAttempt(runtime.db, { bucket: `restoration:${right.value.id}`, ...TRIES }, now);
  if (!counted.ok) return counted;
  const form = await peekRestoration(runtime, token, bearer, now);
  if (!form.ok) return form;
  const { account } = form.value;
  const addresses = await listAddresses(runtime.db, account.id);
  const words = [account.username, ...addresses.map((one) => one.address)];
  const password = await preparePassword(runtime, restoration.password, { hasSecondFactor: true, words });
  if (!password.ok) return password;
  const bindSecondFactor = await checkSecondFactor(runtime, restoration, right.value.id, account);
  if (!bindSecondFactor.ok) return bindSecondFactor;
  return transact(runtime.db, { now }, async (tx): Promise<Result<Restored>> => {
    const recoveryCase = await lockCase(tx, form.value.recoveryCase.id);
    if (!recoveryCase) return refuse(oneTimeRefusals.unknown());
    const spent = await spend(tx, { purpose: RIGHT, digests: [digestToken(token)] });
    if (!spent.ok) return spent;
    const actor = { kind: "claimant", id: recoveryCase.id } as const;
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "restore",
      as: "claimant",
      actor,
      patch: { ended_because: "restored" },
    });
    if (!moved.ok) return moved;
    await revokeAuthenticators(tx, account.id, ["password", "totp", "passkey", "recovery-codes"], "account recovery");
    await revokeCodes(tx, account.id, "account recovery");
    await bindPassword(tx, runtime.random, account.id, password.value, "restoration");
    const bound = await bindSecondFactor.value(tx);
    if (!bound.ok) return bound;
    const codes = await makeCodes(tx, runtime, account);
    const sessions = await endAllSessions(tx, runtime.random, {
      accountId: account.id,
      because: "account recovery",
      actor,
    });
    await forgetDevices(tx, account.id);
    const device = await recogniseDevice(tx, runtime.random, account.id, restoration.deviceToken);
    await onRestored(tx, account);
    const tokens = await revokeAllApiTokens(tx, runtime.random, {
      accountId: account.id,
      because: "account recovery",
      actor,
    });
    await voidInvitationsOf(tx, runtime.random, account.id);
    await thawAccount(tx, runtime.random, { accountId: account.id, caseId: recoveryCase.id, actor });
    const heldUntil = await hold(tx, runtime, moved.value);
    const told = await tellEverybody(tx, runtime, moved.value, "completed");
    const primary = addresses.find((one) => one.isPrimary && one.verifiedAt);
    await queueMail(tx, runtime, {
      to: primary?.address ?? recoveryCase.contactAddress,
      message: "account-restored",
      params: { username: account.username, holdUntil: heldUntil, powers: heldUntil ? [...ALL_POWERS] : [] },
      accountId: account.id,
      caseId: recoveryCase.id,
    });
    audit(tx, runtime.random, {
      act: "recovery/authenticators-bound",
      actor,
      accountId: account.id,
      caseId: recoveryCase.id,
      facts: {
        secondFactor: restoration.secondFactor.kind,
        sessions,
        tokens,
        told,
        heldUntil: heldUntil?.toISOString() ?? null,
      },
      personal: { ...restoration.source },
    });
    return ok({ account, recoveryCase: moved.value, codes, deviceToken: device.token, heldUntil });
  });
}

/** Holds every power for as long as the decision says, from now. @returns until when; null where nothing is held */
export async function hold(tx: Tx, runtime: RecoveryRuntime, recoveryCase: RecoveryCase): Promise<Date | null> {
  const holdMs = recoveryCase.decision?.holdMs ?? 0;
  if (holdMs === 0 || !recoveryCase.accountId) return null;
  const until = new Date(tx.now.getTime() + holdMs);
  await placeHold(tx, runtime.random, {
    accountId: recoveryCase.accountId,
    powers: ALL_POWERS,
    caseId: recoveryCase.id,
    until,
    because: "account recovery",
    actor: { kind: "clock" },
  });
  return until;
}
