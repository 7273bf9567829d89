import { audit } from "../audit/index.ts";
import type { CaseId } from "../kernel/ids.ts";
import { ok, type Result } from "../kernel/result.ts";
import { queueMail } from "../notifications/index.ts";
import { advance } from "./advance.ts";
import { issueCaseLink } from "./case-page.ts";
import { onCase } from "./claimant-acts.ts";
import type { RecoveryRuntime } from "./context.ts";
import { tellEverybody } from "./notices.ts";
import { remindClaimant } from "./remind.ts";
import { issueRestorationRight } from "./restoration.ts";
import { listExpired, listNoticesDue, listToRemind, listWaitsOver, updateCase } from "./store/cases.ts";
import { noticeMoments } from "./wait.ts";

const AT_ONCE = 100;
const CLOCK = { kind: "clock" } as const;

/** What the clock did in one sweep. */
export interface ClockWork {
  readonly told: number;
  readonly released: number;
  readonly reminded: number;
  readonly expired: number;
}

/**
 * Everything that time alone brings about: notices midway and before release, the end of waits, reminders, expiry. Each case in a
 * transaction of its own that looks again before it acts, so that any number of sweeps may run at once.
 */
export async function sweepClocks(runtime: RecoveryRuntime, now: Date): Promise<ClockWork> {
  const told = await forEachDue(
    () => listNoticesDue(runtime.db, now, AT_ONCE),
    (id) => tellWaiting(runtime, id, now),
  );
  const released = await forEachDue(
    () => listWaitsOver(runtime.db, now, AT_ONCE),
    (id) => endWait(runtime, id, now),
  );
  const reminded = await forEachDue(
    () => listToRemind(runtime.db, now, AT_ONCE),
    (id) => remindClaimant(runtime, id, now),
  );
  const expired = await forEachDue(
    () => listExpired(runtime.db, now, AT_ONCE),
    (id) => expire(runtime, id, now),
  );
  return { told, released, reminded, expired };
}

async function forEachDue(
  list: () => Promise<readonly CaseId[]>,
  act: (id: CaseId) => Promise<Result<unknown>>,
): Promise<number> {
  let done = 0;
  for (;;) {
    const due = await list();
    const before = done;
    for (const id of due) if ((await act(id)).ok) done += 1;
    if (due.length < AT_ONCE || done === before) return done;
  }
}

function tellWaiting(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<undefined>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase) => {
    if (recoveryCase.state !== "waiting" || !recoveryCase.waitStartedAt || !recoveryCase.waitEndsAt) return ok();
    const { midway, beforeRelease } = noticeMoments(recoveryCase.waitStartedAt, recoveryCase.waitEndsAt);
    const isMidwayDue = !recoveryCase.midwayToldAt && midway <= now;
    const isReleaseDue = !recoveryCase.releaseToldAt && beforeRelease <= now;
    if (!isMidwayDue && !isReleaseDue) return ok();
    // After an outage both may be due: one mail then says what is true now.
    const moment = isReleaseDue ? "before-release" : "midway";
    const told = await tellEverybody(tx, runtime, recoveryCase, moment);
    await updateCase(tx, caseId, {
      midway_told_at: recoveryCase.midwayToldAt ?? now,
      ...(isReleaseDue ? { release_told_at: now } : {}),
    });
    audit(tx, runtime.random, {
      act: "recovery/everybody-told",
      actor: CLOCK,
      accountId: recoveryCase.accountId,
      caseId,
      facts: { moment, told },
    });
    return ok();
  });
}

/**
 * waiting → ready. The owner is told before the release, always: where that notice is still outstanding when the wait
 * ends, it goes out now and the release waits for the next sweep.
 */
function endWait(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<undefined>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<undefined>> => {
    const isOver =
      recoveryCase.state === "waiting" && recoveryCase.waitEndsAt !== null && recoveryCase.waitEndsAt <= now;
    if (!isOver || !recoveryCase.releaseToldAt) return ok();
    const right = await issueRestorationRight(tx, runtime, recoveryCase);
    const moved = await advance(tx, runtime, recoveryCase, {
      event: "wait-over",
      as: "clock",
      actor: CLOCK,
      patch: { expires_at: right.expiresAt },
    });
    if (!moved.ok) return moved;
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-ready",
      params: { caseNumber: recoveryCase.number, restoreUrl: right.url, expiresAt: right.expiresAt },
      caseId,
    });
    return ok();
  });
}

/** Nobody moved for too long: the case closes with a link that takes it up again. */
function expire(runtime: RecoveryRuntime, caseId: CaseId, now: Date): Promise<Result<undefined>> {
  return onCase(runtime, caseId, now, async (tx, recoveryCase): Promise<Result<undefined>> => {
    if (recoveryCase.expiresAt > now) return ok();
    const patch = { ended_because: "nothing happened for a while" };
    const moved = await advance(tx, runtime, recoveryCase, { event: "expire", as: "clock", actor: CLOCK, patch });
    if (!moved.ok) return ok(); // it moved on meanwhile
    await queueMail(tx, runtime, {
      to: recoveryCase.contactAddress,
      message: "case-expired",
      params: { caseNumber: recoveryCase.number, casePageUrl: await issueCaseLink(tx, runtime, caseId) },
      caseId,
    });
    return ok();
  });
}
