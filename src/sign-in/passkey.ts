import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import { findAccount, findAccountByName, foldUsername, listStaffRoles } from "../accounts/index.ts";
import {
  acceptPasskey,
  authenticatorRefusals,
  type ChallengeScope,
  checkPasskey,
  idsForName,
  isCopySuspected,
  isTwoFactors,
  listPasskeys,
  reportCopy,
  requestPasskey,
} from "../authenticators/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { type AccountId, isId } from "../kernel/ids.ts";
import { digestToken } from "../kernel/one-time.ts";
import { refuse, ok, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { findCeremony, finish, type OnSignedIn, requireThawed, type SignedIn, signIn } from "./ceremony.ts";
import { noteFailure } from "./failure.ts";
import { signInRefusals } from "./refusals.ts";
import type { Purpose } from "./store.ts";

/** The page that explains a freeze, and with which its owner may end it, comes after the password. */
const AFTER_A_FREEZE =
  "Sign in with your username and password: the page behind it says why and until when, and what you can do.";

/** A browser that asks for a passkey before anything is known of who sits at it. */
export interface PasskeyPlace {
  /** The cookie every browser has here: a challenge is worth nothing in another one. */
  readonly browser: string;
  readonly purpose: Purpose;
  readonly now: Date;
}

const scopeOf = ({ purpose, browser }: PasskeyPlace): ChallengeScope => ({
  use: "sign-in",
  subject: `${purpose}:${digestToken(browser).toString("base64url")}`,
});

/**
 * What a browser needs to sign in with a passkey alone. Without a name, or with a mail address, it may show any passkey:
 * ids shown for an address would tell whose it is. For a username there is always a list of one length, whether the
 * account exists, has passkeys, or neither (WebAuthn L3 §14.6.2, ASVS 5.0 6.3.8).
 */
export async function beginPasskeySignIn(
  runtime: Runtime,
  place: PasskeyPlace,
  typed: string | undefined,
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const name = typed?.includes("@") ? undefined : typed;
  const account = name ? await findAccountByName(runtime.db, name) : null;
  const present = name ? await listPasskeys(runtime.db, account?.id ?? null) : [];
  const real = present.map((one) => one.credentialId);
  const ids = name ? idsForName(runtime.keys, foldUsername(name), real) : [];
  const ask = {
    allow: ids.map((credentialId) => ({ credentialId })), // nothing more: it would tell the real ones
    userVerification: "required",
    detail: name ? { named: account?.id ?? "nobody" } : {},
  } as const;
  return requestPasskey(runtime, scopeOf(place), ask, place.now);
}

/** Whom the challenge was made for: an account, nobody that exists, or whoever the authenticator names. */
function namedIn(detail: Readonly<Record<string, unknown>>): AccountId | null | undefined {
  const { named } = detail;
  if (named === undefined) return undefined;
  return typeof named === "string" && isId("acc", named) ? (named as AccountId) : null; // checked just now
}

/**
 * Signs in with a passkey alone: possession, and the PIN, fingerprint or face that the authenticator has checked. Refuses
 * one that is one factor only, one that may have been copied, and at the desk everybody without a role. A freeze is told only to somebody whose passkey was right.
 */
export async function submitPasskey(
  runtime: Runtime,
  place: PasskeyPlace & {
    readonly answer: string;
    readonly source: Source;
    readonly deviceToken?: string | undefined;
  },
  onSignedIn: OnSignedIn,
): Promise<Result<SignedIn>> {
  const shown = await checkPasskey(runtime, scopeOf(place), place.answer, namedIn, place.now);
  if (!shown.ok) {
    await noteFailure(runtime, null, "passkey", place);
    return shown;
  }
  const account = await findAccount(runtime.db, shown.value.passkey.accountId);
  const isExpected =
    account && (place.purpose === "subscriber" || (await listStaffRoles(runtime.db, account.id)).length > 0);
  if (!isExpected) {
    await noteFailure(runtime, account, "passkey", place);
    return refuse(authenticatorRefusals["passkey-refused"]());
  }
  const enough = isTwoFactors(shown.value);
  if (!enough.ok) {
    await noteFailure(runtime, account, "passkey", place);
    return enough;
  }
  const outcome = await transact(runtime.db, { now: place.now }, async (tx): Promise<Result<SignedIn>> => {
    const accepted = await acceptPasskey(tx, shown.value, "alone");
    if (!accepted.ok) return accepted;
    const current = await requireThawed(tx, account);
    if (!current.ok) return refuse({ ...current.refusal, detail: AFTER_A_FREEZE });
    const tokens = await signIn(tx, runtime, account, ["passkey", "user-verification"], place);
    await onSignedIn(tx, account);
    return ok({ account, ...tokens });
  });
  if (!outcome.ok) await noteFailure(runtime, account, "passkey", place);
  if (isCopySuspected(outcome)) await reportCopy(runtime, shown.value, place.source, place.now);
  return outcome;
}

/** What a browser needs to show a passkey after the password was right. Refuses where the sign-in took too long. */
export async function beginPasskeyStep(
  runtime: Runtime,
  ceremonyToken: string | undefined,
  now: Date,
): Promise<Result<PublicKeyCredentialRequestOptionsJSON>> {
  const running = await findCeremony(runtime, ceremonyToken, now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const present = await listPasskeys(runtime.db, running.account.id);
  if (present.length === 0) return refuse(authenticatorRefusals["not-bound"]());
  const scope = { use: "second-factor", subject: running.ceremony.id } as const;
  return ok(await requestPasskey(runtime, scope, { allow: present, userVerification: "preferred" }, now));
}

/** Second step with a passkey; that it is at hand is enough here. Refuses another account's, and a copied one. */
export async function submitPasskeyStep(
  runtime: Runtime,
  step: {
    readonly ceremonyToken: string | undefined;
    readonly answer: string;
    readonly source: Source;
    readonly deviceToken?: string | undefined;
    readonly now: Date;
  },
  onSignedIn: OnSignedIn,
): Promise<Result<SignedIn>> {
  const running = await findCeremony(runtime, step.ceremonyToken, step.now);
  if (!running) return refuse(signInRefusals["start-again"]());
  const { account, ceremony } = running;
  const scope = { use: "second-factor", subject: ceremony.id } as const;
  const shown = await checkPasskey(runtime, scope, step.answer, () => account.id, step.now);
  if (!shown.ok) {
    await noteFailure(runtime, account, "passkey", step);
    return shown;
  }
  const outcome = await transact(runtime.db, { now: step.now }, async (tx): Promise<Result<SignedIn>> => {
    const accepted = await acceptPasskey(tx, shown.value, "beside a password");
    if (!accepted.ok) return accepted;
    return finish(tx, runtime, { account, ceremony, factors: ["password", "passkey"], step, onSignedIn });
  });
  if (!outcome.ok) await noteFailure(runtime, account, "passkey", step);
  if (isCopySuspected(outcome)) await reportCopy(runtime, shown.value, step.source, step.now);
  return outcome;
}
