import { z } from "zod";
import type { Tx } from "../kernel/db/transact.ts";
import { defineJobKind, enqueue } from "../kernel/jobs/index.ts";
import type { Decision } from "./policy/index.ts";

/** Wakes the sweep over everything that time brings about. Carries nothing: the rows say what is due. */
export const clockJob = defineJobKind({
  name: "recovery-clocks",
  schema: z.object({}),
  retryLimit: 3,
  retryBackoff: true,
});

/** When, in a waiting time, everybody is told once more. */
export function noticeMoments(start: Date, end: Date): { readonly midway: Date; readonly beforeRelease: Date } {
  const length = end.getTime() - start.getTime();
  return { midway: new Date(start.getTime() + length / 2), beforeRelease: new Date(end.getTime() - length / 10) };
}

/** Wakes the sweep at each moment of a waiting time. */
async function wakeAt(tx: Tx, start: Date, end: Date): Promise<void> {
  const { midway, beforeRelease } = noticeMoments(start, end);
  for (const moment of [midway, beforeRelease, end]) await enqueue(tx, clockJob, {}, { startAfter: moment });
}

/** The waiting time of a decision, from now, as columns of the case. Nobody at the desk can make it shorter. */
export async function startWait(tx: Tx, decision: Decision) {
  const end = new Date(tx.now.getTime() + decision.waitMs);
  await wakeAt(tx, tx.now, end);
  return { wait_started_at: tx.now, wait_ends_at: end, midway_told_at: null, release_told_at: null };
}

/** The earlier end that a stronger decision brings, counted from the wait's beginning; null where it brings none. */
export async function shortenWait(tx: Tx, start: Date, end: Date, decision: Decision): Promise<Date | null> {
  const earlier = new Date(start.getTime() + decision.waitMs);
  if (earlier >= end) return null;
  await wakeAt(tx, start, earlier);
  return earlier;
}
