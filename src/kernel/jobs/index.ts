export { enqueue } from "./enqueue.ts";
export { type AnyJob, defineJob, defineJobKind, type Job, type JobKind, runDue } from "./job.ts";
export { type JobRunner, prepareJobs, startJobs } from "./start.ts";
