import assert from "node:assert/strict";
import { insertStaffRole } from "../../src/accounts/index.ts";
import { audit } from "../../src/audit/index.ts";
import { currentChallenge, registerSigningKey } from "../../src/evidence/index.ts";
import { challengeText, NAMESPACE } from "../../src/evidence/kinds/ssh-signature/challenge-text.ts";
import type { CaseId } from "../../src/kernel/ids.ts";
import { ok } from "../../src/kernel/result.ts";
import {
  type Bearer,
  type CaseState,
  confirmContact,
  evidenceContext,
  findCase,
  openFromStuckScreen,
  proveInCase,
  type RecoveryCase,
  type Reviewer,
  startChallenge,
  sweepClocks,
  type Verdict,
} from "../../src/recovery/index.ts";
import { act, must } from "../world/registry.ts";
import { makeSecurityKey, signWithSecurityKey } from "../world/security-key.ts";
import { type Place, inMail, SOURCE, type Subscriber } from "./ground.ts";

/* Recovery cases brought to where a race begins, by the same acts that pages call. */

const DAY = 24 * 3600_000;
const PASSED_DAYS = 40;
const nowOf = (ground: Place): Date => ground.runtime.clock.now();

/**
 * Somebody with a project that is downloaded a lot, so that the desk decides about a case. Let days pass, or nothing
 * that is bound counts yet.
 */
export async function maintainer(ground: Place, username: string, downloads = 200_000): Promise<Subscriber> {
  const made = await ground.subscriber(username);
  const { id } = made.account;
  const { pool } = ground.runtime.db;
  await pool.query(
    `insert into projects (id, name, name_normalized, name_folded, created_at, created_by)
     values ($1, $1, $1, $1, $2, $3)`,
    [`project-${username}`, nowOf(ground), id],
  );
  await pool.query("insert into project_roles values ($1, $2, 'owner', $3)", [
    `project-${username}`,
    id,
    nowOf(ground),
  ]);
  const day = new Date(nowOf(ground).getTime() + PASSED_DAYS * DAY).toISOString().slice(0, 10);
  await pool.query("insert into file_downloads values ($1, $2, $3)", [`project-${username}`, day, downloads]);
  return made;
}

export async function reviewer(ground: Place, username: string): Promise<Reviewer> {
  const { account } = await ground.subscriber(username);
  await act(ground.runtime, async (tx) => {
    await insertStaffRole(tx, account.id, "reviewer", null);
    audit(tx, ground.runtime.random, { act: "test/appointed", actor: { kind: "operator" }, accountId: account.id });
    return ok();
  });
  return { accountId: account.id };
}

/** Long enough for what was bound to count, for idle cases to expire, and for every wait to end. */
export const passDays = (ground: Place): void => ground.runtime.clock.advance(PASSED_DAYS * DAY);

/** What the stuck screen sends, for the same person as often as wanted. */
export const opening = (ground: Place, who: Subscriber) => ({
  account: who.account,
  passwordAt: nowOf(ground),
  cause: "second-factor" as const,
  contact: who.address,
  story: "",
  source: SOURCE,
  now: nowOf(ground),
});

/** The eight digits of the newest mail that opened a case. */
export const contactCode = async (ground: Place, address: string): Promise<string> =>
  (await inMail(ground, address, "case-opened-claimant", /^ +(\d{4}[ -]?\d{4})$/m)).replace(/\D/g, "");

/** A case from the stuck screen whose mailbox is confirmed: password and mailbox are shown. */
export const confirmedCase = async (ground: Place, who: Subscriber): Promise<RecoveryCase> =>
  (await heldCase(ground, who)).confirmed;

/** The same, with what the claimant's browser holds. */
async function heldCase(
  ground: Place,
  who: Subscriber,
): Promise<{ readonly confirmed: RecoveryCase; readonly bearer: Bearer }> {
  const opened = must(await openFromStuckScreen(ground.runtime, opening(ground, who)));
  const confirmed = must(
    await confirmContact(ground.runtime, opened.recoveryCase.id, await contactCode(ground, who.address), nowOf(ground)),
  );
  return { confirmed, bearer: { browser: "claimant", caseCookie: opened.pageToken.reveal() } };
}

/** A case that one person at the desk may approve. */
export async function caseInReview(ground: Place, who: Subscriber): Promise<RecoveryCase> {
  const confirmed = await confirmedCase(ground, who);
  assert.equal(confirmed.state, "review");
  return confirmed;
}

/** A case that two people at the desk must approve: of somebody who is at the desk too, and signed with a hardware key. */
export async function caseForTwo(
  ground: Place,
  username: string,
): Promise<RecoveryCase & { readonly username: string }> {
  const who = await maintainer(ground, username);
  const { runtime } = ground;
  const { id: accountId } = who.account;
  await act(runtime, async (tx) => {
    await insertStaffRole(tx, accountId, "auditor", null);
    audit(tx, runtime.random, { act: "test/appointed", actor: { kind: "operator" }, accountId });
    return ok();
  });
  const key = makeSecurityKey(`${username}@key`);
  const actor = { kind: "subscriber", id: accountId } as const;
  must(await registerSigningKey(runtime, { accountId, line: key.publicLine, actor, now: nowOf(ground) }));
  passDays(ground);
  const confirmed = await confirmedCase(ground, who);
  must(await startChallenge(runtime, confirmed.id, "ssh-signature", nowOf(ground)));
  const context = evidenceContext(runtime, confirmed, who.account, nowOf(ground));
  const challenge = await currentChallenge(runtime.db, runtime, context, "ssh-signature");
  assert(challenge);
  const signature = signWithSecurityKey(key, NAMESPACE, challengeText(context, challenge));
  const proven = must(
    await proveInCase(runtime, confirmed.id, "ssh-signature", { signature }, { source: SOURCE, now: nowOf(ground) }),
  );
  assert.equal(proven.approvalsNeeded, 2);
  return { ...proven, username };
}

/** A case whose wait is over and whose right to restore has been mailed. Gives the right's token. */
export async function readyCase(
  ground: Place,
  who: Subscriber,
): Promise<{ readonly id: CaseId; readonly token: string; readonly bearer: Bearer }> {
  const { confirmed, bearer } = await heldCase(ground, who);
  assert.equal(confirmed.state, "waiting", "there is nothing to steal: no wait");
  for (let times = 0; times < 2; times += 1) await sweepClocks(ground.runtime, nowOf(ground));
  assert.equal(await stateOf(ground, confirmed.id), "ready");
  const token = await inMail(ground, who.address, "case-ready", /\/restore\/([\w-]+)/);
  return { id: confirmed.id, token, bearer };
}

export const stateOf = async (ground: Place, id: CaseId): Promise<CaseState | undefined> =>
  (await findCase(ground.runtime.db, id))?.state;

export const verdict = (username: string, seenState: CaseState = "review"): Verdict => ({
  reason: "Mailbox and password agree; the account was quiet.",
  typedUsername: username,
  seenState,
  confirm: async () => ok(), // the authenticator of a decision has tests of its own
});

/** The link by which somebody who was told can object. */
export const objectionToken = (ground: Place, who: Subscriber): Promise<string> =>
  inMail(ground, who.address, "case-notice-opened", /\/objection\/([\w-]+)/);
