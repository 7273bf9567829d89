import {
  type Account,
  findAccount,
  findAccountByName,
  type Freeze,
  listAddresses,
  listStaffRoles,
  lockAccount,
  touchAccount,
} from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  countCodeAttempt,
  findLeak,
  findPasswordFacts,
  hasSecondFactor,
  isPasskeyBound,
  notePasswordSuccess,
  redeemCode,
  rehashIfOutdated,
  revokeResetLinks,
  spendTotp,
  verifyPassword,
  verifyTotp,
} from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type AccountId, newId } from "../kernel/ids.ts";
import { digestToken } from "../kernel/one-time.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { type Secret, secret } from "../kernel/secret.ts";
import { queueMail } from "../notifications/index.ts";
import { type Factor, findDevice, startSession } from "../sessions/index.ts";
import { noteWrongPassword } from "../suspicion/index.ts";
import { clearName, countOnName, nameBucket } from "../throttle/index.ts";
import { noteFailure } from "./failure.ts";
import { noteLeak } from "./leaked-password.ts";
import { askToConfirm, confirming, isToConfirm, noteDevice } from "./new-device.ts";
import { signInRefusals } from "./refusals.ts";
import {
  type Ceremony,
  findCeremonyByDigest,
  insertCeremony,
  type Purpose,
  setCeremonyConfirming,
  setCeremonyEnded,
} from "./store.ts";

const CEREMONY_MINUTES = 15;
const TOKEN_BYTES = 32;
/** Nobody's id. */
const NOBODY = "acc_nobody" as AccountId;

/**
 * What else happens in the transaction in which somebody signs in with every factor: the recovery slice cancels an
 * open case there, since the authenticators turned out to be at hand.
 */
export type OnSignedIn = (tx: Tx, account: Account) => Promise<void>;

export type PasswordOutcome =
  /** No second factor is bound yet: signed in as far as setting up goes. */
  | ({ readonly next: "setup" } & SignedIn)
  /** The account is frozen: signs in to nothing, and carries the right password along to its honest page. */
  | { readonly next: "frozen"; readonly account: Account; readonly ceremonyToken: Secret<string> }
  | { readonly next: "second-factor"; readonly account: Account; readonly ceremonyToken: Secret<string> }
  /** No second factor is bound yet, and the browser is new: to be confirmed (confirm-device.ts). */
  | { readonly next: "confirm-device"; readonly account: Account; readonly ceremonyToken: Secret<string> };

export interface PasswordStep {
  /** Username or verified address. */
  readonly name: string;
  readonly password: Secret<string>;
  readonly purpose: Purpose;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

/**
 * First step: name and password. Refuses with one generic answer whether the name exists or not, after the same work
 * (ASVS 5.0 6.3.8). A freeze is told only to somebody whose password was right.
 */
export async function submitPassword(runtime: Runtime, step: PasswordStep): Promise<Result<PasswordOutcome>> {
  const found = await findAccountByName(runtime.db, step.name);
  // Asked for nobody too, as the roles are: a name that exists must not take one statement more.
  const device = await findDevice(runtime.db, found?.id ?? NOBODY, step.deviceToken, step.now);
  // Strangers who guess at a name make each other wait, and not a browser in which its owner was signed in.
  const bucket = device ? `sign-in-known:${device.id}` : nameBucket(runtime, "sign-in", step.name);
  const lane = device ? "known" : "stranger";
  const counted = await countOnName(runtime.db, bucket, step.now);
  if (!counted.ok) return counted;
  const roles = step.purpose === "staff" ? await listStaffRoles(runtime.db, found?.id ?? NOBODY) : [];
  const account = step.purpose === "subscriber" || roles.length > 0 ? found : null;
  const verified = await verifyPassword(runtime, account?.id ?? null, step.password, step.now, lane);
  if (!verified.ok || !account) {
    await noteFailure(runtime, account, "password", step);
    if (!device) await noteWrongPassword(runtime, { name: step.name, ip: step.source.ip }, step.now);
    return refuse(signInRefusals.wrong());
  }
  if (account.frozen && step.purpose === "staff") return refuse(frozen(account));
  const owesSecondFactor = await hasSecondFactor(runtime.db, account.id);
  if (step.purpose === "staff" && !owesSecondFactor) {
    await noteFailure(runtime, account, "password", step); // set up on the subscriber pages; here nothing is told of it
    return refuse(signInRefusals.wrong());
  }
  const rehashed = await rehashIfOutdated(runtime, verified.value, step.password);
  const leak = await findLeak(runtime, verified.value, step.password);
  const isAsked =
    !owesSecondFactor &&
    !account.frozen &&
    (await isToConfirm(runtime, account.id, { ...step, isKnown: device !== null }));
  return transact(runtime.db, { now: step.now }, async (tx): Promise<Result<PasswordOutcome>> => {
    await notePasswordSuccess(tx, verified.value, rehashed);
    await clearName(tx, bucket);
    if (leak === "new") await noteLeak(tx, runtime, account, verified.value, step.source);
    if (!owesSecondFactor && !account.frozen && !isAsked) {
      const current = await requireThawed(tx, account);
      if (!current.ok) return current;
      return ok({ next: "setup", account, ...(await signIn(tx, runtime, account, ["password"], step)) });
    }
    audit(tx, runtime.random, {
      act: "sign-in/password-accepted",
      actor: { kind: "subscriber", id: account.id },
      accountId: account.id,
      facts: { purpose: step.purpose },
      personal: { ...step.source },
    });
    const token = runtime.random.bytes(TOKEN_BYTES).toString("base64url");
    const id = newId("cer", step.now, runtime.random);
    await insertCeremony(tx, {
      id,
      accountId: account.id,
      purpose: step.purpose,
      passwordAt: step.now,
      passwordId: verified.value.id,
      digest: digestToken(token),
      factors: [],
      confirmingSince: null,
      expiresAt: new Date(step.now.getTime() + CEREMONY_MINUTES * 60_000),
      ...(isAsked ? confirming(tx, ["password"]) : {}),
    });
    if (isAsked) await askToConfirm(tx, runtime, { ...step, account, ceremonyId: id, factors: ["password"] });
    const next = account.frozen ? "frozen" : isAsked ? "confirm-device" : "second-factor";
    return ok({ next, account, ceremonyToken: secret(token) });
  });
}

export const frozen = (account: Account) =>
  signInRefusals.frozen(
    account.frozen
      ? { detail: `It was frozen on ${account.frozen.at.toISOString().slice(0, 16).replace("T", " at ")} UTC.` }
      : {},
  );

/**
 * The running ceremony of a browser, with its account; null where there is none, it took too long, or the password it
 * began with has been replaced since.
 */
export async function findCeremony(
  runtime: Runtime,
  token: string | undefined,
  now: Date,
): Promise<{ readonly ceremony: Ceremony; readonly account: Account } | null> {
  const found = await findRunning(runtime, token, now);
  return found && !found.account.frozen ? found : null;
}

/** As `findCeremony`, for the account that is frozen: what its honest page, the unlocking and the appeal start from. */
export async function findFrozenCeremony(
  runtime: Runtime,
  token: string | undefined,
  now: Date,
): Promise<{ readonly ceremony: Ceremony; readonly account: Account; readonly freeze: Freeze } | null> {
  const found = await findRunning(runtime, token, now);
  const freeze = found?.ceremony.purpose === "subscriber" ? found.account.frozen : null;
  return found && freeze ? { ...found, freeze } : null;
}

async function findRunning(
  runtime: Runtime,
  token: string | undefined,
  now: Date,
): Promise<{ readonly ceremony: Ceremony; readonly account: Account } | null> {
  const ceremony = token ? await findCeremonyByDigest(runtime.db, digestToken(token), now) : null;
  const account = ceremony && (await findAccount(runtime.db, ceremony.accountId));
  if (!ceremony || !account) return null;
  const password = await findPasswordFacts(runtime.db, account.id);
  return password?.id === ceremony.passwordId ? { ceremony, account } : null;
}

export interface SecondFactorStep {
  readonly ceremonyToken: string | undefined;
  readonly typed: string;
  readonly source: Source;
  /** The device cookie as it came, if one did. */
  readonly deviceToken?: string | undefined;
  readonly now: Date;
}

export interface SignedIn {
  readonly account: Account;
  readonly sessionToken: Secret<string>;
  /** For the cookie by which this browser is known again. */
  readonly deviceToken: Secret<string>;
}

export type TotpOutcome =
  | ({ readonly next: "signed-in" } & SignedIn)
  /** The browser is new to the account: the same ceremony goes on with its confirmation (confirm-device.ts). */
  | { readonly next: "confirm-device" };

/**
 * Second step with an authenticator app. Refuses wrong and used codes; one step signs in once. At the desk it is refused
 * to those who have a passkey: what a look-alike site could pass on opens nothing there (SP 800-63B-4 §2.3.2).
 */
export async function submitTotp(
  runtime: Runtime,
  step: SecondFactorStep,
  onSignedIn: OnSignedIn,
): Promise<Result<TotpOutcome>> {
  const running = await findCeremony(runtime, step.ceremonyToken, step.now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const { account, ceremony } = running;
  if (ceremony.purpose === "staff" && (await isPasskeyBound(runtime.db, account.id)))
    return refuse(signInRefusals["passkey-needed"]());
  if (ceremony.confirmingSince) return ok({ next: "confirm-device" }); // shown before, in the same ceremony
  const device = await findDevice(runtime.db, account.id, step.deviceToken, step.now);
  const lane = device ? "known" : "stranger";
  const match = await verifyTotp(runtime, account.id, step.typed, step.now, { lane });
  if (!match.ok) {
    await noteFailure(runtime, account, "totp", { ...step, isKnown: device !== null });
    return match;
  }
  const isAsked = await isToConfirm(runtime, account.id, { ...step, name: null, isKnown: device !== null });
  const factors: readonly Factor[] = ["password", "totp"];
  const outcome = await transact(runtime.db, { now: step.now }, async (tx): Promise<Result<TotpOutcome>> => {
    const spent = await spendTotp(tx, match.value);
    if (!spent.ok) return spent;
    if (isAsked) return holdBack(tx, runtime, running, factors, step.source);
    const done = await finish(tx, runtime, { account, ceremony, factors, step, onSignedIn });
    return done.ok ? ok({ next: "signed-in", ...done.value }) : done;
  });
  if (!outcome.ok) await noteFailure(runtime, account, "totp", step);
  return outcome;
}

/** The ceremony goes on, with nothing to come but the confirmation of the browser. */
async function holdBack(
  tx: Tx,
  runtime: Runtime,
  { account, ceremony }: { readonly account: Account; readonly ceremony: Ceremony },
  factors: readonly Factor[],
  source: Source,
): Promise<Result<TotpOutcome>> {
  const current = await requireThawed(tx, account);
  if (!current.ok) return current;
  if (ceremony.purpose === "staff" && (await hasLeaked(tx, account)))
    return refuse(signInRefusals["password-leaked"]()); // before the question, not after it
  if (!(await setCeremonyConfirming(tx, ceremony.id, confirming(tx, factors))))
    return refuse(signInRefusals["start-again"]());
  await askToConfirm(tx, runtime, { account, ceremonyId: ceremony.id, purpose: ceremony.purpose, factors, source });
  return ok({ next: "confirm-device" });
}

/** Second step with a recovery code, which is spent and replaced; the replacement is returned this once. */
export async function submitRecoveryCode(
  runtime: Runtime,
  step: SecondFactorStep,
  onSignedIn: OnSignedIn,
): Promise<Result<SignedIn & { readonly replacement: Secret<string>; readonly unused: number }>> {
  const running = await findCeremony(runtime, step.ceremonyToken, step.now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const { account, ceremony } = running;
  const device = await findDevice(runtime.db, account.id, step.deviceToken, step.now);
  const set = await countCodeAttempt(runtime, account.id, step.now, device ? "known" : "stranger");
  if (!set.ok) return set;
  const outcome = await transact(runtime.db, { now: step.now }, async (tx) => {
    const redeemed = await redeemCode(tx, runtime, set.value, step.typed);
    if (!redeemed.ok) return redeemed;
    const signedIn = await finish(tx, runtime, {
      account,
      ceremony,
      factors: ["password", "recovery-code"],
      step,
      onSignedIn,
    });
    await tellCodeUsed(tx, runtime, account, step.source, redeemed.value.unused);
    return signedIn.ok ? ok({ ...signedIn.value, ...redeemed.value }) : signedIn;
  });
  if (!outcome.ok) await noteFailure(runtime, account, "recovery-code", { ...step, isKnown: device !== null });
  return outcome;
}

/** A saved code was used and one issued in its place: told to every address (SP 800-63B-4 §4.2.1.1, §4.6). */
async function tellCodeUsed(tx: Tx, runtime: Runtime, account: Account, source: Source, left: number): Promise<void> {
  for (const { address, verifiedAt } of await listAddresses(tx, account.id)) {
    if (!verifiedAt) continue;
    const params = { username: account.username, when: tx.now, source: source.ip, left };
    await queueMail(tx, runtime, { to: address, message: "recovery-code-used", params, accountId: account.id });
  }
}

interface Finish {
  readonly account: Account;
  readonly ceremony: Ceremony;
  /** What was shown, and what the session will rest on. */
  readonly factors: readonly Factor[];
  readonly step: Omit<SecondFactorStep, "typed">;
  readonly onSignedIn: OnSignedIn;
  /** What a new browser was confirmed with, where that was no factor. */
  readonly confirmedBy?: "mail";
}

export async function finish(
  tx: Tx,
  runtime: Runtime,
  { account, ceremony, factors, step, onSignedIn, confirmedBy }: Finish,
): Promise<Result<SignedIn>> {
  const current = await requireThawed(tx, account);
  if (!current.ok) return current;
  if (!(await setCeremonyEnded(tx, ceremony.id))) return refuse(signInRefusals["start-again"]());
  // The desk has no page for it: who works there chooses the new password on the ordinary pages.
  if (ceremony.purpose === "staff" && (await hasLeaked(tx, account)))
    return refuse(signInRefusals["password-leaked"]());
  const tokens = await signIn(tx, runtime, account, factors, { ...step, purpose: ceremony.purpose, confirmedBy });
  if (factors.length > 1) await onSignedIn(tx, account); // a password alone may only finish setting up
  return ok({ account, ...tokens });
}

/** Refuses a frozen account, which stays as it is until the end: a lock waits, and then ends the session begun here. */
export async function requireThawed(tx: Tx, account: Account): Promise<Result<Account>> {
  const current = await lockAccount(tx, account.id);
  return current && !current.frozen ? ok(current) : refuse(frozen(current ?? account));
}

const hasLeaked = async (tx: Tx, account: Account): Promise<boolean> =>
  ((await findPasswordFacts(tx, account.id))?.leakedAt ?? null) !== null;

export async function signIn(
  tx: Tx,
  runtime: Runtime,
  account: Account,
  factors: readonly Factor[],
  step: {
    readonly purpose: Purpose;
    readonly source: Source;
    readonly deviceToken?: string | undefined;
    readonly confirmedBy?: "mail" | undefined;
  },
): Promise<Pick<SignedIn, "sessionToken" | "deviceToken">> {
  const device = await noteDevice(tx, runtime, account, step);
  const session = await startSession(tx, runtime.random, {
    accountId: account.id,
    kind: step.purpose,
    factors,
    source: step.source,
    deviceId: device.id,
    owesNewPassword: factors.includes("password") && (await hasLeaked(tx, account)),
  });
  await touchAccount(tx, account.id);
  await revokeResetLinks(tx, account.id, "signed in");
  audit(tx, runtime.random, {
    act: "sign-in/succeeded",
    actor: { kind: step.purpose, id: account.id },
    accountId: account.id,
    facts: {
      purpose: step.purpose,
      factors,
      session: session.id,
      knownDevice: device.isKnown,
      ...(step.confirmedBy ? { confirmedBy: step.confirmedBy } : {}),
    },
    personal: { ...step.source },
  });
  return { sessionToken: session.token, deviceToken: device.token };
}
