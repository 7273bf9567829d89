import { Secret as OtpSecret, TOTP, URI } from "otpauth";
import type { Reader } from "../../../kernel/db/database.ts";
import type { SealedColumn } from "../../../kernel/db/sealed.ts";
import type { Tx } from "../../../kernel/db/transact.ts";
import { type AccountId, type AuthenticatorId, newId } from "../../../kernel/ids.ts";
import { spendStep } from "../../../kernel/one-time.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { type Secret, secret } from "../../../kernel/secret.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import {
  activate,
  countAuthenticatorAttempt,
  findAuthenticator,
  insertAuthenticator,
  type Lane,
  noteSuccess,
  revokeAuthenticators,
} from "../../store.ts";
import type { Authenticator } from "../../types.ts";
import { DRIFT_STEPS, driftSentence, rememberStep, wasRecognised } from "./drift.ts";

/** RFC 4226 §4 R6 recommends 160 bits. */
const SECRET_BYTES = 20;
const PERIOD_SECONDS = 30;
const DIGITS = 6;
const PURPOSE = "totp-step";

/** What the setup page shows: the text for typing and the URI behind the QR code. */
export interface TotpEnrolment {
  readonly authenticatorId: AuthenticatorId;
  /** Base 32 in groups of four. */
  readonly text: Secret<string>;
  /** otpauth:// with issuer in label and parameter; SHA-1, 6 digits, 30 s, which every app reads alike. */
  readonly uri: Secret<string>;
}

const generator = (key: Buffer, label: { issuer: string; account: string }) =>
  new TOTP({
    issuer: label.issuer,
    label: label.account,
    secret: new OtpSecret({ buffer: new Uint8Array(key).buffer }),
    algorithm: "SHA1",
    digits: DIGITS,
    period: PERIOD_SECONDS,
  });

const sealContext = (id: string): string => `totp/${id}`;

/** What is sealed here, for a rotation of keys. */
export const sealedAuthenticatorColumns: readonly SealedColumn[] = [
  {
    table: "authenticators",
    column: "sealed",
    kind: "bytes",
    purpose: "totp-secret",
    boundTo: "id",
    context: sealContext,
  },
];

/** The six digits typed, without the spaces that apps show; null where it is anything else. */
export const readTotpCode = (typed: string): string | null => {
  const digits = typed.normalize("NFKC").replace(/[\s-]/g, "");
  return /^\d{6}$/.test(digits) ? digits : null;
};

/** RFC 6238 §4.2: T = floor(Unix time / 30). */
export const stepAt = (now: Date): bigint => BigInt(Math.floor(now.getTime() / 1000 / PERIOD_SECONDS));

/**
 * The step a code is right for: the present one or the one before (RFC 6238 §5.2 recommends one step for delay);
 * null where it is right for neither. Both are computed and compared in constant time.
 */
export function matchStep(key: Buffer, code: string, now: Date): bigint | null {
  const delta = generator(key, { issuer: "", account: "" }).validate({
    token: code,
    timestamp: now.getTime(),
    window: 1,
  });
  return delta === 0 || delta === -1 ? stepAt(now) + BigInt(delta) : null;
}

/** How many steps from now a code belongs, within five minutes either way; null for none. Explains, never accepts. */
export function stepsAway(key: Buffer, code: string, now: Date): number | null {
  return generator(key, { issuer: "", account: "" }).validate({
    token: code,
    timestamp: now.getTime(),
    window: DRIFT_STEPS,
  });
}

/** Makes a pending secret, replacing a pending one that was never finished. The caller audits. */
export async function beginTotp(tx: Tx, runtime: Runtime, accountId: AccountId): Promise<AuthenticatorId> {
  const pending = await findAuthenticator(tx, accountId, "totp", ["pending"]);
  if (pending) return pending.id;
  const id = newId("aut", tx.now, runtime.random);
  const sealed = runtime.keys.seal("totp-secret", runtime.random.bytes(SECRET_BYTES), sealContext(id), runtime.random);
  await insertAuthenticator(tx, {
    id,
    accountId,
    kind: "totp",
    name: "Authenticator app",
    state: "pending",
    detail: {},
    sealed,
  });
  return id;
}

const openKey = (runtime: Runtime, authenticator: Authenticator): Buffer => {
  if (!authenticator.sealed) throw new Error("A TOTP authenticator has no secret.");
  return runtime.keys.open("totp-secret", authenticator.sealed, sealContext(authenticator.id));
};

/** The pending secret for its setup page; it is never shown again once the authenticator is active. */
export async function showEnrolment(
  runtime: Runtime,
  accountId: AccountId,
  username: string,
): Promise<TotpEnrolment | null> {
  const pending = await findAuthenticator(runtime.db, accountId, "totp", ["pending"]);
  if (!pending) return null;
  return { authenticatorId: pending.id, ...enrolmentOf(openKey(runtime, pending), runtime.indexName, username) };
}

/** A key as its setup page shows it. */
export type EnrolmentText = Pick<TotpEnrolment, "text" | "uri">;

/** Shows a key that is not stored yet: the one a restoration is about to bind. */
export function enrolmentOf(key: Buffer, issuer: string, account: string): EnrolmentText {
  const totp = generator(key, { issuer, account });
  return { text: secret(totp.secret.base32.replace(/(.{4})(?=.)/g, "$1 ")), uri: secret(URI.stringify(totp)) };
}

/** Whether a code belongs to a key that is about to be bound. Refuses wrong codes; the caller counts attempts. */
export function matchKey(key: Buffer, typed: string, now: Date): Result<bigint> {
  const code = readTotpCode(typed);
  const step = code === null ? null : matchStep(key, code, now);
  if (step !== null) return ok(step);
  const delta = code === null ? null : stepsAway(key, code, now);
  const detail = delta === null ? "Please enter the six digits your app shows now." : driftSentence(delta);
  return refuse(authenticatorRefusals.wrong({ detail }));
}

/** Binds a key whose code was just shown to be right; the step is spent with it. Older TOTP authenticators end. */
export async function bindTotpKey(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  key: Buffer,
  step: bigint,
): Promise<void> {
  await revokeAuthenticators(tx, accountId, ["totp"], "replaced");
  const id = newId("aut", tx.now, runtime.random);
  const sealed = runtime.keys.seal("totp-secret", key, sealContext(id), runtime.random);
  await insertAuthenticator(tx, {
    id,
    accountId,
    kind: "totp",
    name: "Authenticator app",
    state: "active",
    detail: {},
    sealed,
  });
  await spendStep(tx, PURPOSE, id, step);
}

/** A code that is right for an authenticator, not yet spent. */
export interface TotpMatch {
  readonly authenticator: Authenticator;
  readonly step: bigint;
}

/**
 * Checks a code against the account's authenticator in a state. The attempt is counted and committed first. A code of
 * another time within five minutes is refused with how far the clock is off, so the caller has seen to it that the
 * password was right, or that the authenticator is just being set up.
 */
export async function verifyTotp(
  runtime: Runtime,
  accountId: AccountId,
  typed: string,
  now: Date,
  { state = "active", lane }: { readonly state?: "active" | "pending"; readonly lane?: Lane } = {},
): Promise<Result<TotpMatch>> {
  const authenticator = await findAuthenticator(runtime.db, accountId, "totp", [state]);
  if (!authenticator) {
    const disabled = await findAuthenticator(runtime.db, accountId, "totp", ["disabled"]);
    return refuse(disabled ? authenticatorRefusals.disabled() : authenticatorRefusals["not-bound"]());
  }
  const code = readTotpCode(typed);
  if (!code) return refuse(authenticatorRefusals.wrong({ detail: "The code has six digits." }));
  const counted = await countAuthenticatorAttempt(runtime.db, authenticator, now, lane);
  if (!counted.ok) return counted;
  const key = openKey(runtime, authenticator);
  const step = matchStep(key, code, now);
  if (step !== null && wasRecognised(authenticator, step)) return refuse(authenticatorRefusals["code-used"]());
  if (step !== null) return ok({ authenticator, step });
  const delta = stepsAway(key, code, now);
  if (delta === null) return refuse(authenticatorRefusals.wrong());
  if (delta > 0) await rememberStep(runtime.db, authenticator, stepAt(now) + BigInt(delta), stepAt(now));
  return refuse(authenticatorRefusals.wrong({ detail: driftSentence(delta) }));
}

/** Spends the step: once, and none before it afterwards. Refuses a code that was used. */
export async function spendTotp(tx: Tx, match: TotpMatch): Promise<Result<undefined>> {
  const spent = await spendStep(tx, PURPOSE, match.authenticator.id, match.step);
  if (!spent.ok) return refuse(authenticatorRefusals["code-used"]());
  await noteSuccess(tx, match.authenticator.id);
  return ok();
}

/** Makes the pending authenticator the account's only TOTP one. Refuses when it is not pending any more. */
export async function finishTotp(tx: Tx, match: TotpMatch): Promise<Result<undefined>> {
  const spent = await spendTotp(tx, match);
  if (!spent.ok) return spent;
  const { id, accountId } = match.authenticator;
  await revokeAuthenticators(tx, accountId, ["totp"], "replaced", id);
  return (await activate(tx, id)) ? ok() : refuse(authenticatorRefusals["already-bound"]());
}

export const isTotpBound = async (reader: Reader, accountId: AccountId): Promise<boolean> =>
  (await findAuthenticator(reader, accountId, "totp", ["active", "disabled"])) !== null;
