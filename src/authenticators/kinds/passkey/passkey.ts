import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import { listAddresses } from "../../../accounts/index.ts";
import { audit } from "../../../audit/index.ts";
import type { Reader } from "../../../kernel/db/database.ts";
import { transact, type Tx } from "../../../kernel/db/transact.ts";
import type { Source } from "../../../kernel/http/index.ts";
import { type AccountId, type AuthenticatorId, newId } from "../../../kernel/ids.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { queueMail } from "../../../notifications/index.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import { findAuthenticator, insertAuthenticator, lockAuthenticators, noteSuccess, revokeOne } from "../../store.ts";
import type { Passkey } from "../../types.ts";
import { type AssertionAnswer, readAssertion, readRegistration } from "./answer.ts";
import { type ChallengeScope, issueChallenge, takeChallenge } from "./challenge.ts";
import { keyOfNobody, MOST_PASSKEYS } from "./decoys.ts";
import { creationOptions, type Listed, mayHavePasskeys, requestOptions, type UserVerification } from "./options.ts";
import { suggestedName } from "./providers.ts";
import {
  advanceCounter,
  findByCredential,
  findHandle,
  insertHandle,
  insertPasskey,
  listPasskeys,
  setCopySuspected,
} from "./store.ts";
import { type Assertion, type MadePasskey, verifyAssertion, verifyRegistration } from "./verify.ts";

/** WebAuthn L3 §14.6.1 recommends 64 random bytes, without personal data. */
const HANDLE_BYTES = 64;

export const isPasskeyBound = async (reader: Reader, accountId: AccountId): Promise<boolean> =>
  (await findAuthenticator(reader, accountId, "passkey")) !== null;

/** What the account is called on its authenticators; made when it is first needed. */
async function handleOf(runtime: Runtime, accountId: AccountId, now: Date): Promise<string> {
  const known = await findHandle(runtime.db, accountId);
  if (known) return known;
  await transact(runtime.db, { now, bookkeeping: "a user handle for passkeys" }, async (tx) => {
    await insertHandle(tx, accountId, runtime.random.bytes(HANDLE_BYTES));
    return ok();
  });
  const made = await findHandle(runtime.db, accountId); // another request may have been first
  if (!made) throw new Error("The user handle is gone.");
  return made;
}

/** What a browser needs to make a passkey for this account. Refuses where browsers make none, and a ninth. */
export async function beginPasskey(
  runtime: Runtime,
  account: { readonly id: AccountId; readonly username: string },
  scope: ChallengeScope,
  now: Date,
): Promise<Result<PublicKeyCredentialCreationOptionsJSON>> {
  if (!mayHavePasskeys(runtime.publicUrl)) return refuse(authenticatorRefusals["passkeys-nameless"]());
  // A restoration ends the passkeys there are, and the device that holds one of them may make a new one.
  const present = scope.use === "restore" ? [] : await listPasskeys(runtime.db, account.id);
  if (present.length >= MOST_PASSKEYS) return refuse(authenticatorRefusals["passkey-most"]());
  const user = { handle: await handleOf(runtime, account.id, now), username: account.username };
  const challenge = await issueChallenge(runtime, scope, now);
  return ok(creationOptions(runtime, user, challenge, present));
}

/** Checks what the browser made. The challenge is spent with it, whatever comes of it. Nothing is bound yet. */
export async function checkNewPasskey(
  runtime: Runtime,
  scope: ChallengeScope,
  answerText: string,
  now: Date,
): Promise<Result<MadePasskey>> {
  const answer = readRegistration(answerText);
  if (!answer.ok) return answer;
  const taken = await takeChallenge(runtime, scope, answer.value.challenge, now);
  return taken.ok ? verifyRegistration(runtime, answer.value) : taken;
}

/** Binds a passkey that was checked. Refuses one that is bound, here or anywhere, and a ninth. The caller audits and tells. */
export async function bindPasskey(
  tx: Tx,
  runtime: Runtime,
  accountId: AccountId,
  made: MadePasskey,
  name: string | undefined,
): Promise<Result<{ readonly id: AuthenticatorId; readonly name: string }>> {
  const present = (await lockAuthenticators(tx, accountId)).filter((one) => one.kind === "passkey");
  if (present.length >= MOST_PASSKEYS) return refuse(authenticatorRefusals["passkey-most"]());
  const id = newId("aut", tx.now, runtime.random);
  const called =
    name ||
    freeName(
      suggestedName(made.aaguid),
      present.map((one) => one.name),
    );
  await insertAuthenticator(tx, {
    id,
    accountId,
    kind: "passkey",
    name: called,
    state: "active",
    detail: {},
    sealed: null,
  });
  const isNew = await insertPasskey(tx, { id, accountId, made });
  return isNew ? ok({ id, name: called }) : refuse(authenticatorRefusals["passkey-known"]());
}

/** “Passkey”, then “Passkey 2”: names one can tell apart. */
function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number += 1) name = `${wanted} ${number}`;
  return name;
}

/** What a browser needs to show a passkey. Without `allow` it offers every one it has for us. */
export async function requestPasskey(
  runtime: Runtime,
  scope: ChallengeScope,
  ask: {
    readonly allow: readonly Listed[];
    readonly userVerification: UserVerification;
    readonly detail?: Readonly<Record<string, unknown>>;
  },
  now: Date,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const challenge = await issueChallenge(runtime, scope, now, ask.detail);
  return requestOptions(runtime, challenge, ask.allow, ask.userVerification);
}

/** A passkey that was shown with a right signature; its counter is not compared yet. */
export interface ShownPasskey {
  readonly passkey: Passkey;
  readonly assertion: Assertion;
}

/** Whose passkey is expected, from what the challenge remembers; `undefined` where nobody was named. */
export type Expected = (detail: Readonly<Record<string, unknown>>) => AccountId | null | undefined;

/**
 * Checks an answer: the challenge is spent first, then the signature is verified. Where nobody was named, the
 * authenticator must name the account itself (user handle, WebAuthn L3 §7.2 step 6). Refuses everything with one
 * sentence, and after the same work; but for a passkey that was removed: its own key has just proven that it is at hand.
 */
export async function checkPasskey(
  runtime: Runtime,
  scope: ChallengeScope,
  answerText: string,
  expected: Expected,
  now: Date,
): Promise<Result<ShownPasskey>> {
  const answer = readAssertion(answerText);
  if (!answer.ok) return answer;
  const taken = await takeChallenge(runtime, scope, answer.value.challenge, now);
  if (!taken.ok) return taken;
  const found = await findByCredential(runtime.db, answer.value.id);
  const handle = await findHandle(runtime.db, found?.accountId ?? null);
  const isExpected = found !== null && belongs(found, handle, answer.value, expected(taken.value.detail));
  const key = isExpected ? found.publicKey : keyOfNobody(runtime.keys, answer.value.id);
  const verified = await verifyAssertion(runtime, answer.value, key);
  if (!verified.ok) return verified;
  if (!isExpected || verified.value.isBackupEligible !== found.isBackupEligible)
    return refuse(authenticatorRefusals["passkey-refused"]());
  if (found.state !== "active") return refuse(authenticatorRefusals["passkey-removed"]());
  return ok({ passkey: found, assertion: verified.value });
}

function belongs(
  passkey: Passkey,
  handle: string | null,
  answer: AssertionAnswer,
  accountId: AccountId | null | undefined,
): boolean {
  if (accountId !== undefined && passkey.accountId !== accountId) return false;
  const shown = answer.response.userHandle ?? null;
  return shown === null ? accountId !== undefined : shown === handle;
}

/**
 * Whether a passkey is two factors by itself: it asked for a PIN, a fingerprint or a face now, and it did when it was made
 * or beside a password since. Refuses one that is one factor only, each of the two with its own sentence.
 */
export function isTwoFactors({ passkey, assertion }: ShownPasskey): Result<undefined> {
  if (!assertion.isUserVerified) return refuse(authenticatorRefusals["passkey-unverified"]());
  return passkey.isUserVerifying ? ok() : refuse(authenticatorRefusals["passkey-pin-new"]());
}

/** Whether a refusal says that a passkey is one factor only, so that the password must come with it. */
export const isPasswordMissing = (result: Result<unknown>): boolean =>
  !result.ok &&
  (result.refusal.code === authenticatorRefusals["passkey-unverified"]().code ||
    result.refusal.code === authenticatorRefusals["passkey-pin-new"]().code);

/**
 * Takes a shown passkey as used, alone or beside a password. Refuses one that was removed meanwhile, and one whose counter
 * did not go up (WebAuthn L3 §7.2 step 22): then there may be a copy, and the caller must `reportCopy` after the roll-back.
 */
export async function acceptPasskey(
  tx: Tx,
  shown: ShownPasskey,
  how: "alone" | "beside a password",
): Promise<Result<undefined>> {
  // First, because it holds the row: a removal under way is waited for.
  if (!(await noteSuccess(tx, shown.passkey.id))) return refuse(authenticatorRefusals["passkey-removed"]());
  if (!(await advanceCounter(tx, shown.passkey.id, shown.assertion, how === "beside a password")))
    return refuse(authenticatorRefusals["passkey-copied"]());
  return ok();
}

/** Whether a refusal says that a passkey may have been copied. */
export const isCopySuspected = (result: Result<unknown>): boolean =>
  !result.ok && result.refusal.code === authenticatorRefusals["passkey-copied"]().code;

/** Tells the owner that a passkey of theirs may have been copied, and leaves it on the account's history. */
export async function reportCopy(runtime: Runtime, shown: ShownPasskey, source: Source, now: Date): Promise<void> {
  const { id, accountId, name } = shown.passkey;
  await transact(runtime.db, { now }, async (tx) => {
    await setCopySuspected(tx, id);
    audit(tx, runtime.random, {
      act: "authenticators/passkey-copy-suspected",
      actor: { kind: "anyone" },
      accountId,
      facts: { authenticator: id, count: shown.assertion.signCount },
      personal: { ...source },
    });
    for (const address of await listAddresses(tx, accountId)) {
      if (!address.verifiedAt) continue;
      const params = { name, when: now, source: source.ip };
      await queueMail(tx, runtime, { to: address.address, message: "passkey-copied", params, accountId });
    }
    return ok();
  });
}

/** Removes a passkey. Refuses one that is not the account's, and the last second factor. The caller audits and tells. */
export async function removePasskey(
  tx: Tx,
  accountId: AccountId,
  id: AuthenticatorId,
): Promise<Result<{ readonly name: string }>> {
  const present = await lockAuthenticators(tx, accountId);
  const passkey = present.find((one) => one.id === id && one.kind === "passkey");
  if (!passkey) return refuse(authenticatorRefusals["not-bound"]());
  const isLast = !present.some(
    (one) => one.id !== id && one.state === "active" && (one.kind === "passkey" || one.kind === "totp"),
  );
  if (isLast) return refuse(authenticatorRefusals["last-second-factor"]());
  await revokeOne(tx, { accountId, id, kind: "passkey" }, "removed by its owner");
  return ok({ name: passkey.name });
}

/** What browsers are told so that they stop offering passkeys that were removed (WebAuthn L3 §5.1.10, Signal API). */
export interface PasskeySignal {
  readonly userHandle: string;
  readonly credentialIds: readonly string[];
}

/** Every passkey the account accepts; null where it never had one. */
export async function passkeySignal(reader: Reader, accountId: AccountId): Promise<PasskeySignal | null> {
  const userHandle = await findHandle(reader, accountId);
  if (!userHandle) return null;
  const passkeys = await listPasskeys(reader, accountId);
  return { userHandle, credentialIds: passkeys.map((one) => one.credentialId) };
}
