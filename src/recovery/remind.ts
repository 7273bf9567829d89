import { listAddresses, listStaff } from "../accounts/index.ts";
import { audit } from "../audit/index.ts";
import { transact } from "../kernel/db/transact.ts";
import type { CaseId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import { queueMail } from "../notifications/index.ts";
import { issueCaseLink } from "./case-page.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { DESK_HOURS, DESK_STATES, overdueBefore, remindersDue } from "./overdue.ts";
import { durationInWords, explainDecision } from "./policy/index.ts";
import { updateCase } from "./store/cases.ts";
import { countWaiting } from "./store/queue.ts";
import type { RecoveryCase } from "./types.ts";

/*
 * Nobody is left waiting without a word: claimants before their case closes, and the desk once a day of what waits for it.
 */

const CLOCK = { kind: "clock" } as const;

const WAITS_FOR = { collecting: "proof", "information-requested": "answer", ready: "restoration" } as const;

const isReminded = (state: RecoveryCase["state"]): state is keyof typeof WAITS_FOR => state in WAITS_FOR;

/** Reminds a claimant whose case closes soon, at most twice for each closing date. Nothing happens where it moved on. */
export function remindClaimant(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<undefined>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    const { state, stateSince, expiresAt, reminders } = recoveryCase;
    const due = remindersDue(stateSince, expiresAt, now);
    if (!isReminded(state) || !recoveryCase.contactConfirmedAt || reminders >= due) return ok();
    await updateCase(tx, caseId, { reminders: due });
    const helps =
      state === "collecting" && recoveryCase.decision
        ? explainDecision(runtime.policy, recoveryCase.decision, "claimant").sentences
        : [];
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-reminder",
      params: {
        caseNumber: recoveryCase.number,
        waitsFor: WAITS_FOR[state],
        helps,
        closesAt: expiresAt,
        casePageUrl: await issueCaseLink(tx, runtime, caseId),
      },
      caseId,
    });
    audit(tx, runtime.random, {
      act: "recovery/claimant-reminded",
      actor: CLOCK,
      accountId: recoveryCase.accountId,
      caseId,
      facts: { state, reminders: due },
    });
    return ok();
  });
}

const LABEL = { frozen: "Incidents", review: "Waiting for us" } as const;

/**
 * Tells everybody who decides at the desk, in one mail, how much waits for them. Nobody is written to where nothing waits.
 * @returns how many mails were written
 */
export async function tellDesk(runtime: RecoveryRuntime, now: Date): Promise<number> {
  const kinds = ["frozen", "review"] as const;
  const counts = await Promise.all(
    kinds.map(async (kind) => ({
      kind,
      ...(await countWaiting(runtime.db, DESK_STATES[kind], overdueBefore(kind, now))),
    })),
  );
  const lines = counts.flatMap(({ kind, waiting, overdue, oldest }) => {
    if (waiting === 0 || oldest === null) return [];
    const age = durationInWords(roughly(now.getTime() - oldest.getTime()));
    const late = overdue > 0 ? `; ${overdue} for longer than ${DESK_HOURS[kind]} hours` : "";
    return [[LABEL[kind], `${waiting}, the oldest for ${age}${late}`] as const];
  });
  if (lines.length === 0) return 0;
  const overdue = counts.reduce((sum, one) => sum + one.overdue, 0);
  let told = 0;
  await transact(runtime.db, { now }, async (tx) => {
    for (const person of await listStaff(tx)) {
      if (!person.roles.some((role) => role === "reviewer" || role === "administrator")) continue;
      const primary = (await listAddresses(tx, person.id)).find((one) => one.isPrimary && one.verifiedAt);
      if (!primary) continue;
      const deskUrl = new URL("/console", runtime.publicUrl).href;
      const params = { lines, overdue, deskUrl };
      await queueMail(tx, runtime, { to: primary.address, message: "desk-digest", params, accountId: person.id });
      told += 1;
    }
    audit(tx, runtime.random, { act: "recovery/desk-told", actor: CLOCK, facts: { told, overdue } });
    return ok();
  });
  return told;
}

const HOUR_MS = 3600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whole days from two days on, whole hours before. */
const roughly = (milliseconds: number): number => {
  const unit = milliseconds >= 2 * DAY_MS ? DAY_MS : HOUR_MS;
  return Math.max(unit, Math.floor(milliseconds / unit) * unit);
};
