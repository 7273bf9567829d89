import { z } from "zod";
import { eraseOldObservations } from "../evidence/index.ts";
import { type AnyJob, defineJob } from "../kernel/jobs/index.ts";
import { makeDeliverMailJob } from "../notifications/index.ts";
import { clockJob, sweepClocks } from "../recovery/index.ts";
import { sweepCounters } from "../throttle/index.ts";
import type { App } from "./start.ts";

const sweepThrottle = defineJob({
  name: "throttle-sweep",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "17 * * * *",
  run: (runtime) => sweepCounters(runtime.db, runtime.clock.now()),
});

/** Runs what time brings about in recovery cases, at each moment that was set and, for lost wake-ups, every minute. */
const recoveryClocks = (app: App) =>
  defineJob({
    ...clockJob,
    every: "* * * * *",
    run: async (runtime) => {
      await sweepClocks({ ...runtime, policy: app.policy }, runtime.clock.now());
    },
  });

/** Erases what was observed of claimants once it has been kept as long as its kind of evidence allows. */
const eraseObservations = defineJob({
  name: "evidence-erase",
  schema: z.object({}),
  retryLimit: 1,
  retryBackoff: false,
  every: "41 3 * * *",
  run: async (runtime) => {
    await eraseOldObservations(runtime, runtime.clock.now());
  },
});

/** Every kind of job this installation does. */
export const jobs = (app: App): readonly AnyJob[] => [makeDeliverMailJob(app.mail), recoveryClocks(app), sweepThrottle, eraseObservations];
