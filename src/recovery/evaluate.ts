import { type Account, findAccount, hasStanding, listAddresses, listStaffRoles } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { listFindings, offeredKinds, toPolicyFinding } from "../evidence/index.ts";
import type { Reader } from "../kernel/db/database.ts";
import type { Tx } from "../kernel/db/transact.ts";
import { ok, type Result } from "../kernel/result.ts";
import { impactOf, listCoOwners, reachOf } from "../registry/index.ts";
import { listLiveSessions } from "../sessions/index.ts";
import { advance } from "./advance.ts";
import type { RecoveryRuntime } from "./context.ts";
import { EVIDENCE_STATES } from "./lifecycle.ts";
import { type Decision, decideByParts } from "./policy/index.ts";
import { strictModeOf } from "./strict.ts";
import { findCase, updateCase } from "./store/cases.ts";
import type { RecoveryCase } from "./types.ts";
import { shortenWait, startWait } from "./wait.ts";

/** Gathers the facts and lets the policy decide. Reads only; the deciding itself is pure (policy/). */
export async function decideNow(
  reader: Reader,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
  account: Account,
  now: Date,
): Promise<Decision> {
  const { policy } = runtime;
  const findings = await listFindings(reader, recoveryCase.id);
  const impact = await impactOf(reader, account.id, now);
  const roles = await listStaffRoles(reader, account.id);
  const wasReversed = await isFrozenByReversal(reader, account);
  // Whoever speaks for the claimant is no channel of which silence would mean anything.
  const speakers = new Set(findings.filter(({ verdict }) => verdict === "supports").map(({ root }) => root));
  const weighed = findings.map(toPolicyFinding);
  const isLimited = weighed.some(({ limitedTo }) => limitedTo !== undefined);
  return decideByParts(policy, {
    impact: { ...impact, isStaff: roles.length > 0 },
    things: isLimited ? await reachOf(reader, account.id, now) : [],
    findings: weighed,
    weighingFacts: { now, caseOpenedAt: recoveryCase.openedAt },
    silence: {
      now: recoveryCase.openedAt,
      lastSeenAt: account.lastActiveAt,
      independentChannels: await countIndependentChannels(reader, recoveryCase, account, speakers, now),
    },
    isFrozen: account.frozen !== null && !wasReversed,
    wasReversed,
    isTakeoverAlleged: recoveryCase.state === "incident",
    isStrict: (await strictModeOf(reader, account.id, now)) !== null,
    offered: offeredKinds,
  });
}

/** Whether the account is frozen because a recovery was taken back: then only a new one opens it. */
async function isFrozenByReversal(reader: Reader, { frozen }: Account): Promise<boolean> {
  const first = frozen?.because === "staff" && frozen.caseId ? await findCase(reader, frozen.caseId) : null;
  return first?.state === "reversed";
}

/** Channels that carry the alarm to somebody who is not the claimant: mailboxes elsewhere, co-owners, live sessions. */
async function countIndependentChannels(
  reader: Reader,
  recoveryCase: RecoveryCase,
  account: Account,
  speakers: ReadonlySet<string>,
  now: Date,
): Promise<number> {
  const contactDomain = recoveryCase.contactAddress.split("@")[1] ?? "";
  const addresses = await listAddresses(reader, account.id);
  const mailboxes = addresses.filter((one) => hasStanding(one) && one.domain !== contactDomain).length;
  const coOwners = (await listCoOwners(reader, account.id)).filter(
    ({ accountId }) => !speakers.has(`person:${accountId}`),
  ).length;
  const sessions = (await listLiveSessions(reader, account.id, now)).length;
  return mailboxes + coOwners + sessions;
}

const mayStillMove = (recoveryCase: RecoveryCase): boolean =>
  (EVIDENCE_STATES as readonly string[]).includes(recoveryCase.state);

/**
 * Weighs the case anew after anything was proven, keeps the decision with its policy version, and moves on by itself
 * where the policy allows it: to the waiting time where no person is needed, to the desk where one is. Nothing moves
 * before the contact address is confirmed.
 */
export async function evaluate(
  tx: Tx,
  runtime: RecoveryRuntime,
  recoveryCase: RecoveryCase,
): Promise<Result<RecoveryCase>> {
  const account = recoveryCase.accountId && (await findAccount(tx, recoveryCase.accountId));
  if (!account || !mayStillMove(recoveryCase)) return ok(recoveryCase);
  const decision = await decideNow(tx, runtime, recoveryCase, account, tx.now);
  const patch = { decision, policy_version: runtime.policy.version, approvals_needed: decision.approvalsNeeded };
  await updateCase(tx, recoveryCase.id, patch);
  const weighed: RecoveryCase = { ...recoveryCase, decision, approvalsNeeded: decision.approvalsNeeded };
  const facts = { tier: decision.tier, route: decision.route, policy: runtime.policy.version };
  const clock = { kind: "clock" } as const;
  if (!recoveryCase.contactConfirmedAt) return ok(weighed);
  if (recoveryCase.state === "waiting") return evaluateWaiting(tx, runtime, recoveryCase, weighed, decision);
  if (decision.route === "machine" && recoveryCase.state !== "second-review") {
    return advance(tx, runtime, weighed, {
      event: "grant",
      as: "machine",
      actor: clock,
      patch: await startWait(tx, decision),
      facts,
    });
  }
  // Whoever writes about a freeze writes to people; other cases of a frozen account go on collecting proofs.
  const isAppeal = decision.route === "incident" && ["frozen", "compromised"].includes(recoveryCase.cause);
  const needsPeople = decision.route === "one-reviewer" || decision.route === "two-reviewers" || isAppeal;
  if (needsPeople && recoveryCase.state === "collecting") {
    return advance(tx, runtime, weighed, { event: "submit", as: "machine", actor: clock, facts });
  }
  return ok(weighed);
}

/**
 * A proof during the waiting time. More evidence may bring the policy's shorter wait, counted from the wait's beginning;
 * evidence against takes back what the machine granted. What people approved stays with them.
 */
async function evaluateWaiting(
  tx: Tx,
  runtime: RecoveryRuntime,
  before: RecoveryCase,
  weighed: RecoveryCase,
  decision: Decision,
): Promise<Result<RecoveryCase>> {
  const clock = { kind: "clock" } as const;
  const wasGrantedByMachine = before.decision?.route === "machine";
  if (wasGrantedByMachine && decision.route !== "machine") {
    const patch = { wait_started_at: null, wait_ends_at: null };
    return advance(tx, runtime, weighed, {
      event: "reconsider",
      as: "machine",
      actor: clock,
      patch,
      facts: { route: decision.route },
    });
  }
  if (!wasGrantedByMachine || !before.waitStartedAt || !before.waitEndsAt) return ok(weighed);
  const ends = await shortenWait(tx, before.waitStartedAt, before.waitEndsAt, decision);
  if (!ends) return ok(weighed);
  await updateCase(tx, before.id, { wait_ends_at: ends });
  audit(tx, runtime.random, {
    act: "recovery/wait-shortened",
    actor: clock,
    accountId: before.accountId,
    caseId: before.id,
    facts: { from: before.waitEndsAt.toISOString(), to: ends.toISOString(), policy: runtime.policy.version },
  });
  return ok({ ...weighed, waitEndsAt: ends });
}
