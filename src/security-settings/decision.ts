import type { PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/server";
import {
  acceptPasskey,
  authenticatorRefusals,
  type ChallengeScope,
  checkPasskey,
  isCopySuspected,
  isPasskeyBound,
  listPasskeys,
  reportCopy,
  requestPasskey,
  spendTotp,
  verifyTotp,
} from "../authenticators/index.ts";
import type { Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import type { AccountId, SessionId } from "../kernel/ids.ts";
import { refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import { settingsRefusals } from "./refusals.ts";

/*
 * An authenticator with each decision at the desk: a session that was stolen, or left open, decides nothing. Whoever has a
 * passkey shows it; the code of an app is taken from those who have none.
 */

/** Somebody at the desk who is about to decide. */
export interface Decider {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly source: Source;
  readonly now: Date;
  /** Which decision about which case; what is shown for one is nothing for another. */
  readonly about: string;
}

/** Uses up what was shown, inside the transaction of the decision. Refuses what was used meanwhile. */
export type Confirmation = (tx: Tx) => Promise<Result<undefined>>;

const scopeOf = ({ sessionId, about }: Decider): ChallengeScope => ({
  use: "decide",
  subject: `${sessionId} ${about}`,
});

/** What the browser needs to show a passkey for one decision. Refuses somebody who has none. */
export async function startDecision(
  runtime: Runtime,
  decider: Decider,
): Promise<Result<PublicKeyCredentialRequestOptionsJSON>> {
  const present = await listPasskeys(runtime.db, decider.accountId);
  if (present.length === 0) return refuse(authenticatorRefusals["not-bound"]());
  const ask = { allow: present, userVerification: "preferred" } as const;
  return { ok: true, value: await requestPasskey(runtime, scopeOf(decider), ask, decider.now) };
}

/**
 * Decides with an authenticator: what is shown is counted and checked first, and used up in the transaction of the decision.
 * Refuses a code where there is a passkey, and everything that is not right.
 */
export async function withAuthenticator<T>(
  runtime: Runtime,
  decider: Decider,
  shown: { readonly answer?: string | undefined; readonly code?: string | undefined },
  decide: (confirm: Confirmation) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { accountId, now, source } = decider;
  if (await isPasskeyBound(runtime.db, accountId)) {
    if (!shown.answer) return refuse(settingsRefusals["passkey-to-decide"]());
    const checked = await checkPasskey(runtime, scopeOf(decider), shown.answer, () => accountId, now);
    if (!checked.ok) return checked;
    const done = await decide((tx) => acceptPasskey(tx, checked.value, "alone"));
    if (isCopySuspected(done)) await reportCopy(runtime, checked.value, source, now);
    return done;
  }
  if (!shown.code) return refuse(settingsRefusals["code-to-decide"]());
  const match = await verifyTotp(runtime, accountId, shown.code, now, { lane: "known" });
  return match.ok ? decide((tx) => spendTotp(tx, match.value)) : match;
}
