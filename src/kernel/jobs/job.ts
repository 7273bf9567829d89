import type { z } from "zod";
import type { Runtime } from "../runtime.ts";

/*
 * Jobs are wake-ups. The rows of a slice carry the state and the time something is due; a job only makes somebody look.
 * So every job may run twice, late, or not at all: it is idempotent, and one with `every` also finds what a lost
 * wake-up missed. Due times are compared with the runtime's clock, never with the queue's.
 */

/** What is needed to put a job in its queue. */
export interface JobKind<Data extends object> {
  /** `<slice>-<verb>`: letters, digits, hyphens. */
  readonly name: string;
  readonly schema: z.ZodType<Data>;
  /** How often a run that threw is repeated. */
  readonly retryLimit: number;
  /** Whether the pause between repeats doubles, from 1 s to 5 min. */
  readonly retryBackoff: boolean;
}

/** A kind of job together with what it does. */
export interface Job<Data extends object> extends JobKind<Data> {
  run(runtime: Runtime, data: Data): Promise<void>;
  /** Cron expression in UTC, minutes at the finest. A sweep is run with `{}` as data. */
  readonly every?: string;
}

/** A job of any kind of data, as the runner sees it. Made only by `defineJob`, which checks data before running. */
export interface AnyJob {
  readonly name: string;
  readonly retryLimit: number;
  readonly retryBackoff: boolean;
  readonly every?: string;
  /** Checks untyped data against the schema and runs. Throws when the data does not fit. */
  runUntyped(runtime: Runtime, data: unknown): Promise<void>;
}

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Describes a kind of job. Throws on a name that is none. */
export function defineJobKind<Data extends object>(kind: JobKind<Data>): JobKind<Data> {
  if (!NAME.test(kind.name)) throw new Error(`Job name ${kind.name} is not made of lower-case words and hyphens.`);
  return kind;
}

/** Defines a job. Throws on a bad name, and on a sweep whose schema does not take `{}`. */
export function defineJob<Data extends object>(job: Job<Data>): Job<Data> & AnyJob {
  defineJobKind(job);
  if (job.every !== undefined && !job.schema.safeParse({}).success) {
    throw new Error(`Job ${job.name} is a sweep, but its schema does not take {}.`);
  }
  return { ...job, runUntyped: async (runtime, data) => job.run(runtime, job.schema.parse(data)) };
}

/**
 * Runs every sweep once, in the order given, with the runtime's own clock: what is due by that clock gets done.
 * For tests that move the clock by hand; nothing of pg-boss takes part.
 */
export async function runDue(runtime: Runtime, jobs: readonly AnyJob[]): Promise<void> {
  for (const job of jobs) {
    if (job.every !== undefined) await job.runUntyped(runtime, {});
  }
}
