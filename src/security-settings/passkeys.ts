import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/server";
import { listStaffRoles } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  acceptPasskey,
  authenticatorRefusals,
  beginPasskey,
  bindPasskey,
  type ChallengeScope,
  checkNewPasskey,
  checkPasskey,
  isCopySuspected,
  isTwoFactors,
  listPasskeys,
  notePasswordSuccess,
  removePasskey,
  renameOne,
  reportCopy,
  requestPasskey,
  verifyPassword,
} from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { AuthenticatorId } from "../kernel/ids.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { endAllSessions, type Factor, reauthenticate } from "../sessions/index.ts";
import { type Self, selfActor, tellOwner } from "./enrol.ts";

/*
 * Passkeys of one's own account. The routes have made sure that authenticators were shown in the last ten minutes, or
 * that the account has no second factor yet.
 */

const registering = (self: Self): ChallengeScope => ({ use: "register", subject: self.session.id });
const confirming = (self: Self): ChallengeScope => ({ use: "confirm", subject: self.session.id });

/** What the browser needs to make a passkey. Refuses where browsers make none, and a ninth. */
export const startPasskey = (runtime: Runtime, self: Self): Promise<Result<PublicKeyCredentialCreationOptionsJSON>> =>
  beginPasskey(runtime, self.account, registering(self), self.now);

/**
 * Binds the passkey that the browser made. Where it is the second factor that was still missing, the session has two from
 * then on, and a new secret, which is returned. Refuses answers that are not right, and a passkey that is bound already.
 */
export async function addPasskey(
  runtime: Runtime,
  self: Self,
  made: { readonly answer: string; readonly name: string | undefined },
): Promise<Result<{ readonly sessionToken: Secret<string> | null }>> {
  const checked = await checkNewPasskey(runtime, registering(self), made.answer, self.now);
  if (!checked.ok) return checked;
  const accountId = self.account.id;
  type Added = Result<{ readonly sessionToken: Secret<string> | null }>;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Added> => {
    const bound = await bindPasskey(tx, runtime, accountId, checked.value, made.name);
    if (!bound.ok) return bound;
    const isSetup = self.session.factors.length < 2;
    const factors: readonly Factor[] = ["password", "passkey"];
    const sessionToken = isSetup ? await reauthenticate(tx, runtime.random, self.session.id, factors) : null;
    audit(tx, runtime.random, {
      act: "authenticators/passkey-bound",
      actor: selfActor(self),
      accountId,
      facts: {
        authenticator: bound.value.id,
        aaguid: checked.value.aaguid,
        isBackupEligible: checked.value.isBackupEligible,
        isBackedUp: checked.value.isBackedUp,
        isUserVerified: checked.value.isUserVerified,
      },
      personal: { ...self.source, name: bound.value.name },
    });
    await endPhishableDeskSessions(tx, runtime, self);
    await tellOwner(tx, runtime, self, "second-factor-bound", {
      username: self.account.username,
      what: `a passkey named “${bound.value.name}”`,
      when: self.now,
      source: self.source.ip,
    });
    return ok({ sessionToken });
  });
}

/** From the first passkey on, the desk is entered with one; what was opened with less ends. */
async function endPhishableDeskSessions(tx: Tx, runtime: Runtime, self: Self): Promise<void> {
  const accountId = self.account.id;
  const isFirst = (await listPasskeys(tx, accountId)).length === 1;
  if (!isFirst || (await listStaffRoles(tx, accountId)).length === 0) return;
  await endAllSessions(tx, runtime.random, {
    accountId,
    because: "the desk asks for the passkey from now on",
    actor: selfActor(self),
    kind: "staff",
  });
}

/** Gives a passkey another name. Refuses one that is not the account's. */
export async function renamePasskey(
  runtime: Runtime,
  self: Self,
  id: AuthenticatorId,
  name: string,
): Promise<Result<undefined>> {
  const accountId = self.account.id;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<undefined>> => {
    const before = (await listPasskeys(tx, accountId)).find((one) => one.id === id);
    const isDone = before !== undefined && (await renameOne(tx, { accountId, id, kind: "passkey" }, name));
    if (!isDone) return refuse(authenticatorRefusals["not-bound"]());
    audit(tx, runtime.random, {
      act: "authenticators/passkey-renamed",
      actor: selfActor(self),
      accountId,
      facts: { authenticator: id },
      personal: { ...self.source, before: before.name, after: name },
    });
    await tellOwner(tx, runtime, self, "passkey-renamed", {
      username: self.account.username,
      before: before.name,
      after: name,
      when: self.now,
      source: self.source.ip,
    });
    return ok();
  });
}

/** Ends a passkey. Refuses one that is not the account's, and the last second factor. */
export const endPasskey = (runtime: Runtime, self: Self, id: AuthenticatorId): Promise<Result<undefined>> =>
  transact(runtime.db, { now: self.now }, (tx) => dropPasskey(tx, runtime, self, id));

/** As `endPasskey`, in the caller's transaction. */
export async function dropPasskey(
  tx: Tx,
  runtime: Runtime,
  self: Self,
  id: AuthenticatorId,
): Promise<Result<undefined>> {
  const accountId = self.account.id;
  const removed = await removePasskey(tx, accountId, id);
  if (!removed.ok) return removed;
  audit(tx, runtime.random, {
    act: "authenticators/passkey-removed",
    actor: selfActor(self),
    accountId,
    facts: { authenticator: id },
    personal: { ...self.source, name: removed.value.name },
  });
  await tellOwner(tx, runtime, self, "passkey-removed", {
    username: self.account.username,
    name: removed.value.name,
    when: self.now,
    source: self.source.ip,
  });
  return ok();
}

/** What the browser needs to show a passkey again before a sensitive change. */
export async function startPasskeyConfirmation(
  runtime: Runtime,
  self: Self,
): Promise<Result<PublicKeyCredentialRequestOptionsJSON>> {
  const present = await listPasskeys(runtime.db, self.account.id);
  if (present.length === 0) return refuse(authenticatorRefusals["not-bound"]());
  const ask = { allow: present, userVerification: "preferred" } as const;
  return ok(await requestPasskey(runtime, confirming(self), ask, self.now));
}

/**
 * Shows a passkey again before a sensitive change (ASVS 5.0 7.5.1). One that is two factors by itself is enough; with any
 * other the password must come. The session's secret is replaced.
 */
export async function confirmWithPasskey(
  runtime: Runtime,
  self: Self,
  shown: { readonly answer: string; readonly password: Secret<string> | null },
): Promise<Result<Secret<string>>> {
  const accountId = self.account.id;
  const checked = await checkPasskey(runtime, confirming(self), shown.answer, () => accountId, self.now);
  if (!checked.ok) return checked;
  const enough = isTwoFactors(checked.value);
  if (!enough.ok && !shown.password) return enough;
  const password =
    enough.ok || !shown.password ? null : await verifyPassword(runtime, accountId, shown.password, self.now, "known");
  if (password && !password.ok) return password;
  const outcome = await transact(runtime.db, { now: self.now }, async (tx): Promise<Result<Secret<string>>> => {
    const accepted = await acceptPasskey(tx, checked.value, password ? "beside a password" : "alone");
    if (!accepted.ok) return accepted;
    if (password) await notePasswordSuccess(tx, password.value, null);
    const factors: readonly Factor[] = password ? ["password", "passkey"] : ["passkey", "user-verification"];
    const token = await reauthenticate(tx, runtime.random, self.session.id, factors);
    audit(tx, runtime.random, {
      act: "sessions/authenticators-shown",
      actor: selfActor(self),
      accountId,
      facts: { session: self.session.id, factors },
      personal: { ...self.source },
    });
    return ok(token);
  });
  if (isCopySuspected(outcome)) await reportCopy(runtime, checked.value, self.source, self.now);
  return outcome;
}
