import type { QueueOptions } from "pg-boss";
import type { AnyJob } from "./job.ts";

/** The schema pg-boss keeps its tables in. */
export const JOB_SCHEMA = "pgboss";

/**
 * Settings of a job's queue, in seconds. `notify` wakes a worker the moment a job is committed; the heartbeat returns
 * the job of a killed worker to the queue without waiting for its expiry.
 */
export const queueOptions = (
  job: Pick<AnyJob, "retryLimit" | "retryBackoff">,
): QueueOptions & { readonly notify: boolean } => ({
  notify: true,
  retryLimit: job.retryLimit,
  retryDelay: 1,
  retryBackoff: job.retryBackoff,
  ...(job.retryBackoff ? { retryDelayMax: 300 } : {}),
  heartbeatSeconds: 30,
  expireInSeconds: 900,
  // A wake-up that could not be delivered for a day has been overtaken by the sweep.
  retentionSeconds: 24 * 3600,
  deleteAfterSeconds: 3600,
});
