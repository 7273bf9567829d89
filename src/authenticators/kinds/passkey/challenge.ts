import { transact, type Tx } from "../../../kernel/db/transact.ts";
import { digestToken, forgetExpired, issueToken, type OneTimeSecret, spend } from "../../../kernel/one-time.ts";
import { ok, refuse, type Result } from "../../../kernel/result.ts";
import type { Runtime } from "../../../kernel/runtime.ts";
import { authenticatorRefusals } from "../../refusals.ts";
import { CEREMONY_MS } from "./options.ts";

/** What a challenge is for. One made for one use is unknown to every other. */
const USES = ["register", "sign-in", "second-factor", "confirm", "restore", "unlock", "decide"] as const;
export type PasskeyUse = (typeof USES)[number];

/** A challenge and whom it was given to: a browser, a sign-in under way (also one that a freeze has stopped), a session, a restoration right, a decision. */
export interface ChallengeScope {
  readonly use: PasskeyUse;
  readonly subject: string;
}

const purposeOf = (use: PasskeyUse): string => `passkey-${use}`;

/** Issues a challenge of 256 random bits (SP 800-63B-4 §3.1.6.2 asks for 64) that works once, for five minutes. */
export async function issueChallenge(
  runtime: Runtime,
  scope: ChallengeScope,
  now: Date,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const expiresAt = new Date(now.getTime() + CEREMONY_MS);
  const issued = await transact(runtime.db, { now, bookkeeping: "a challenge for a passkey" }, async (tx) =>
    ok(
      await issueToken(tx, runtime.random, {
        purpose: purposeOf(scope.use),
        subject: scope.subject,
        detail,
        expiresAt,
      }),
    ),
  );
  if (!issued.ok) throw new Error("A challenge was refused.");
  return issued.value.token.reveal();
}

/**
 * Spends the challenge that an answer names, committed before anything of the answer is checked: an answer has one try.
 * Refuses one that is not ours, was made for something or somebody else, was used, or is too old, all alike.
 */
export async function takeChallenge(
  runtime: Runtime,
  scope: ChallengeScope,
  challenge: string,
  now: Date,
): Promise<Result<OneTimeSecret>> {
  const spent = await transact(
    runtime.db,
    { now, bookkeeping: "a passkey's try, counted before it is checked" },
    (tx) => spend(tx, { purpose: purposeOf(scope.use), subject: scope.subject, digests: [digestToken(challenge)] }),
  );
  return spent.ok ? spent : refuse(authenticatorRefusals["passkey-expired"]());
}

/** Forgets challenges a day after their end. */
export async function forgetChallenges(tx: Tx): Promise<void> {
  const dayAgo = new Date(tx.now.getTime() - 24 * 3600 * 1000);
  for (const use of USES) await forgetExpired(tx, purposeOf(use), dayAgo);
}
