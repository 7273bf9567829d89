import { type Account, listAddresses } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import {
  authenticatorRefusals,
  beginTotp,
  checkCode,
  countCodeAttempt,
  finishTotp,
  hasSecondFactor,
  makeCodes,
  noteSuccess,
  updateDetail,
  verifyTotp,
} from "../authenticators/index.ts";
import { transact, type Tx } from "../kernel/db/transact.ts";
import type { Source } from "../kernel/http/index.ts";
import { ok, refuse, type Result } from "../kernel/result.ts";
import type { Runtime } from "../kernel/runtime.ts";
import type { Secret } from "../kernel/secret.ts";
import { type MessageName, type MessageParams, queueMail } from "../notifications/index.ts";
import { reauthenticate, type Session } from "../sessions/index.ts";

/** A signed-in subscriber doing something to their own account. */
export interface Self {
  readonly account: Account;
  readonly session: Session;
  readonly source: Source;
  readonly now: Date;
}

export const selfActor = (self: Self) => ({ kind: "subscriber", id: self.account.id }) as const;

/** Tells every confirmed address of the account; a change nobody hears of is a thief's (SP 800-63B-4 §4.6). */
export async function tellOwner<N extends MessageName>(
  tx: Tx,
  runtime: Runtime,
  self: Self,
  message: N,
  params: MessageParams<N>,
): Promise<void> {
  for (const address of await listAddresses(tx, self.account.id)) {
    if (address.verifiedAt)
      await queueMail(tx, runtime, { to: address.address, message, params, accountId: self.account.id });
  }
}

/** Makes a secret for an authenticator app, to be finished with one code. A running attempt is taken up again. */
export async function startTotpEnrolment(runtime: Runtime, self: Self): Promise<Result<undefined>> {
  return transact(runtime.db, { now: self.now }, async (tx) => {
    const id = await beginTotp(tx, runtime, self.account.id);
    audit(tx, runtime.random, {
      act: "authenticators/totp-begun",
      actor: selfActor(self),
      accountId: self.account.id,
      facts: { authenticator: id },
    });
    return ok();
  });
}

export interface FinishedTotp {
  /** Replaces the session's cookie: its privileges have changed. */
  readonly sessionToken: Secret<string>;
}

/** Finishes with one right code. From then on the session has two factors. Refuses wrong and used codes. */
export async function finishTotpEnrolment(runtime: Runtime, self: Self, typed: string): Promise<Result<FinishedTotp>> {
  const match = await verifyTotp(runtime, self.account.id, typed, self.now, { state: "pending" });
  if (!match.ok) return match;
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<FinishedTotp>> => {
    const finished = await finishTotp(tx, match.value);
    if (!finished.ok) return finished;
    const { factors } = self.session;
    const shown = factors.length < 2 ? (["password", "totp"] as const) : factors;
    const sessionToken = await reauthenticate(tx, runtime.random, self.session.id, shown);
    audit(tx, runtime.random, {
      act: "authenticators/totp-bound",
      actor: selfActor(self),
      accountId: self.account.id,
      facts: { authenticator: match.value.authenticator.id },
      personal: { ...self.source },
    });
    await tellOwner(tx, runtime, self, "second-factor-bound", {
      username: self.account.username,
      what: "an authenticator app",
      when: self.now,
      source: self.source.ip,
    });
    return ok({ sessionToken });
  });
}

/**
 * Makes ten new recovery codes; older ones stop working. Refuses without a second factor: one factor must not yield
 * another (SP 800-63B-4 §3.1.2.1, codes are delivered at AAL2).
 */
export async function makeRecoveryCodes(runtime: Runtime, self: Self): Promise<Result<Secret<readonly string[]>>> {
  if (!(await hasSecondFactor(runtime.db, self.account.id))) return refuse(authenticatorRefusals["not-bound"]());
  return transact(runtime.db, { now: self.now }, async (tx): Promise<Result<Secret<readonly string[]>>> => {
    const codes = await makeCodes(tx, runtime, self.account);
    audit(tx, runtime.random, {
      act: "authenticators/recovery-codes-made",
      actor: selfActor(self),
      accountId: self.account.id,
      facts: { count: codes.reveal().length },
      personal: { ...self.source },
    });
    const params = { username: self.account.username, when: self.now, count: codes.reveal().length };
    await tellOwner(tx, runtime, self, "recovery-codes-made", params);
    return ok(codes);
  });
}

/** The owner types one code back, to be sure that they have them. It is not used up. */
export async function typeCodeBack(runtime: Runtime, self: Self, typed: string): Promise<Result<undefined>> {
  const set = await countCodeAttempt(runtime, self.account.id, self.now, "known");
  if (!set.ok) return set;
  const checked = await checkCode(runtime, set.value, typed);
  if (!checked.ok) return checked;
  return transact(runtime.db, { now: self.now }, async (tx) => {
    await noteSuccess(tx, set.value.id);
    await updateDetail(tx, set.value.id, { ...set.value.detail, checkedAt: self.now.toISOString() });
    audit(tx, runtime.random, {
      act: "authenticators/recovery-codes-checked",
      actor: selfActor(self),
      accountId: self.account.id,
    });
    return ok();
  });
}
