import { type Job as QueuedJob, type JobResult, PgBoss } from "pg-boss";
import type { Log, LogFields } from "../log.ts";
import type { Runtime } from "../runtime.ts";
import type { AnyJob } from "./job.ts";
import { JOB_SCHEMA, queueOptions } from "./queue.ts";

const STOP_TIMEOUT_MS = 15_000;

/** What a failure may leave in the log: which class of error and where, but no message, which may quote data. */
function failureFields(thrown: unknown): LogFields {
  if (!(thrown instanceof Error)) return { error: typeof thrown };
  const code = (thrown as { code?: unknown }).code; // pg's SQLSTATE, Node's system error
  const frames = (thrown.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return { error: typeof code === "string" ? `${thrown.name} ${code}` : thrown.name, stack: frames.join("\n") };
}

function makeBoss(connectionString: string, log: Log | null, options: { readonly isWorking: boolean }): PgBoss {
  const boss = new PgBoss({
    connectionString,
    schema: JOB_SCHEMA,
    application_name: "locksmith jobs",
    max: options.isWorking ? 4 : 1,
    useListenNotify: options.isWorking,
    schedule: options.isWorking,
    supervise: options.isWorking,
    registerInstance: options.isWorking,
    openTelemetry: { enabled: false },
  });
  boss.on("error", (error) => log?.error("job queue error", failureFields(error)));
  boss.on("warning", (warning) => log?.warn("job queue warning", { detail: warning.message }));
  return boss;
}

async function makeQueues(boss: PgBoss, jobs: readonly AnyJob[]): Promise<void> {
  for (const job of jobs) {
    await boss.createQueue(job.name, queueOptions(job)); // nothing happens where it exists
    await boss.updateQueue(job.name, queueOptions(job));
  }
}

/**
 * Installs or updates pg-boss's schema and makes the queues. Call at start, after the migrations and before serving,
 * so that the first act can enqueue. Safe when two processes do it at once.
 */
export async function prepareJobs(connectionString: string, jobs: readonly AnyJob[]): Promise<void> {
  const boss = makeBoss(connectionString, null, { isWorking: false });
  try {
    await boss.start();
    await makeQueues(boss, jobs);
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** Runs one fetched batch, one job after the other; each stands or falls by itself. */
async function runBatch(runtime: Runtime, job: AnyJob, batch: readonly QueuedJob<unknown>[]): Promise<JobResult[]> {
  const results: JobResult[] = [];
  for (const { id, data } of batch) {
    try {
      await job.runUntyped(runtime, data);
      results.push({ id, status: "completed" });
    } catch (thrown) {
      runtime.log.error("job failed", { job: job.name, ...failureFields(thrown) });
      results.push({ id, status: "failed", output: { error: thrown instanceof Error ? thrown.name : typeof thrown } });
    }
  }
  return results;
}

async function schedule(boss: PgBoss, jobs: readonly AnyJob[]): Promise<void> {
  const sweeps = new Map(jobs.flatMap((job) => (job.every === undefined ? [] : [[job.name, job.every]])));
  for (const { name } of await boss.getSchedules()) {
    if (!sweeps.has(name)) await boss.unschedule(name); // left by an earlier version
  }
  for (const [name, every] of sweeps) await boss.schedule(name, every, {}, { tz: "UTC", missed: "once" });
}

export interface JobRunner {
  /** Lets running jobs finish, at most 15 s, then ends workers and connections. */
  stop(): Promise<void>;
}

/**
 * Starts workers and sweeps for these jobs. Any number of processes may do so on one database. A job that throws is
 * logged by name and repeated as the job says; nothing thrown there reaches the caller.
 * @param options.pollSeconds how soon a delayed job is seen after it falls due; jobs without delay are notified at once
 */
export async function startJobs(
  runtime: Runtime,
  connectionString: string,
  jobs: readonly AnyJob[],
  options: { readonly pollSeconds?: number } = {},
): Promise<JobRunner> {
  const pollSeconds = options.pollSeconds ?? 5;
  const boss = makeBoss(connectionString, runtime.log, { isWorking: true });
  try {
    await boss.start();
    await makeQueues(boss, jobs);
    await schedule(boss, jobs);
    for (const job of jobs) {
      // With pg-boss's defaults a backlog drains at about ten jobs a second.
      const drain = { batchSize: 10, burstWhenBatchFull: true, perJobResults: true } as const;
      await boss.work(
        job.name,
        { ...drain, notifyPollingIntervalSeconds: pollSeconds, pollingIntervalSeconds: Math.min(2, pollSeconds) },
        (batch: QueuedJob<unknown>[]) => runBatch(runtime, job, batch),
      );
    }
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  return { stop: () => boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS }) };
}
